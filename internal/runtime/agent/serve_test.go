package agent

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/runtime/protocol"
)

// doubler is a runtime whose models give twice what they take.
type doubler struct{}

func (doubler) Name() string { return "doubler" }

func (doubler) Open(path string) protocol.Runtime {
	return protocol.Runtime{Name: "doubler", Version: "1", Library: path}
}

func (doubler) Load(_ protocol.Model, file []byte) (Model, error) {
	if string(file) != "double" {
		return nil, fmt.Errorf("%q is no model", file)
	}
	return &double{}, nil
}

type double struct{ in []float32 }

func (d *double) SetInput(values []float32) error {
	d.in = slices.Clone(values)
	return nil
}

func (d *double) Run() error { return nil }

func (d *double) Output(values []float32) error {
	for i := range values {
		values[i] = 2 * d.in[i]
	}
	return nil
}

func (d *double) Close() error { return nil }

// request is one with what follows it.
type request struct {
	protocol.Request
	data []byte
}

// answers are what is said to requests, and what follows.
func answers(t *testing.T, requests ...request) (all []protocol.Answer, data [][]byte) {
	t.Helper()
	var in, out bytes.Buffer
	c := protocol.NewConn(&in, &in)
	for i, r := range requests {
		r.ID = int64(i + 1)
		if err := c.WriteRequest(r.Request, r.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := Serve(&in, &out, protocol.Agent{}, []Engine{doubler{}}); err != nil {
		t.Fatal(err)
	}
	c = protocol.NewConn(&out, io.Discard)
	for {
		a, follows, err := c.ReadAnswer()
		if errors.Is(err, io.EOF) {
			return all, data
		}
		if err != nil {
			t.Fatal(err)
		}
		if a.ID != int64(len(all)+1) {
			t.Errorf("answer %d has the ID %d", len(all)+1, a.ID)
		}
		all, data = append(all, a), append(data, follows)
	}
}

func ask(op string, session int64, data []byte) request {
	return request{protocol.Request{Op: op, Session: session}, data}
}

var hello = request{Request: protocol.Request{Op: protocol.Hello, Version: protocol.Version,
	Libraries: map[string]string{"doubler": "/l"}}}

// load asks for a model of two values.
func load(file string) request {
	sum := sha256.Sum256([]byte(file))
	return request{protocol.Request{Op: protocol.Load, Model: &protocol.Model{Runtime: "doubler",
		SHA256: hex.EncodeToString(sum[:]), Threads: 2, Input: []int{1, 2}, Output: []int{2}}},
		[]byte(file)}
}

// TestServe walks through a session.
func TestServe(t *testing.T) {
	timed := ask(protocol.Time, 1, nil)
	timed.Runs = 3
	got, data := answers(t, hello, load("double"), ask(protocol.Input, 1, protocol.Bytes(
		[]float32{3, 4})), ask(protocol.Run, 1, nil), timed, ask(protocol.Output, 1, nil),
		ask(protocol.Close, 1, nil), ask(protocol.Run, 1, nil), ask(protocol.Bye, 0, nil),
		ask(protocol.Run, 1, nil))
	if len(got) != 9 {
		t.Fatalf("%d answers, expected none after that to bye", len(got))
	}
	for i, a := range got {
		if (a.Error != nil) != (i == 7) {
			t.Errorf("answer %d: %v", i+1, a.Error)
		}
	}
	if r := got[0].Agent.Runtimes[0]; r.Library != "/l" || got[1].Session != 1 ||
		got[4].TookNS <= 0 || got[7].Error.Kind != protocol.Closed {
		t.Errorf("answers %+v", got)
	}
	if want := protocol.Bytes([]float32{6, 8}); !bytes.Equal(data[5], want) {
		t.Errorf("output % x, expected % x", data[5], want)
	}
}

// TestRefused: wrong requests are answered with what is wrong, and the agent goes on.
func TestRefused(t *testing.T) {
	other, late, damaged := hello, load("double"), load("double")
	other.Version = 99
	damaged.data = []byte("dauble")
	late.Model = &protocol.Model{Runtime: "none", SHA256: late.Model.SHA256, Threads: 1,
		Input: []int{1}, Output: []int{1}}
	shape, threads := load("double"), load("double")
	shape.Model.Input, threads.Model.Threads = []int{0}, 0
	many := ask(protocol.Time, 1, nil)
	many.Runs = maxRuns + 1
	all := []struct {
		request
		kind, text string
	}{
		{load("double"), protocol.Refused, "comes before hello"},
		{other, protocol.Refused, "version 99"},
		{hello, "", ""},
		{ask(protocol.Load, 0, nil), protocol.Refused, "without a model"},
		{late, protocol.Refused, `no runtime "none"`},
		{damaged, protocol.Refused, "SHA-256"},
		{shape, protocol.Refused, "expected shapes"},
		{threads, protocol.Refused, "0 threads"},
		{load("other"), protocol.Failed, `"other" is no model`},
		{load("double"), "", ""},
		{ask(protocol.Run, 1, nil), protocol.Order, "without input"},
		{ask(protocol.Output, 1, nil), protocol.Order, "without a run"},
		{ask(protocol.Input, 1, make([]byte, 7)), protocol.BadData, "7 bytes, expected 8"},
		{ask(protocol.Input, 1, make([]byte, 8)), "", ""},
		{many, protocol.Refused, "runs"},
		{ask("dance", 1, nil), protocol.Refused, `no request "dance"`},
		{ask(protocol.Run, 9, nil), protocol.Closed, "no session 9"},
		{ask(protocol.Run, 1, nil), "", ""},
	}
	var requests []request
	for _, one := range all {
		requests = append(requests, one.request)
	}
	got, _ := answers(t, requests...)
	for i, want := range all {
		switch e := got[i].Error; {
		case want.kind == "" && e != nil:
			t.Errorf("request %d: %v", i, e)
		case want.kind != "" && (e == nil || e.Kind != want.kind ||
			!strings.Contains(e.Text, want.text)):
			t.Errorf("request %d: %+v, expected %s, %q", i, e, want.kind, want.text)
		}
	}
}

// FuzzServe: whatever comes, the agent ends when it does, and all that it says is of the protocol.
func FuzzServe(f *testing.F) {
	begin := `{"id":1,"op":"hello","version":1}` + "\n"
	for _, seed := range []string{
		"", "hello\n", begin + `{"op":"bye"}` + "\n",
		begin + `{"op":"load","model":{"runtime":"doubler","threads":1,"input":[1]},"bytes":6}` +
			"\ndouble", begin + `{"op":"time","session":-1,"runs":-5}` + "\n",
		begin + `{"op":"load","bytes":99999999999}` + "\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if bytes.Contains(text, []byte("deadline")) {
			t.Skip("it ends the process, as it is to")
		}
		var out bytes.Buffer
		err := Serve(bytes.NewReader(text), &out, protocol.Agent{}, []Engine{doubler{}})
		c := protocol.NewConn(&out, io.Discard)
		for {
			_, _, broken := c.ReadAnswer()
			if errors.Is(broken, io.EOF) {
				return
			}
			if broken != nil {
				t.Fatalf("%v, after %v", broken, err)
			}
		}
	})
}
