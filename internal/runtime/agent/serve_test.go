package agent

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
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

var (
	hello = request{Request: protocol.Request{Op: protocol.Hello, Version: protocol.Version}}
	look  = request{Request: protocol.Request{Op: protocol.Look,
		Libraries: map[string]string{"doubler": "/l"}}}
)

// sample asks for so many runs of a session.
func sample(session int64, runs int) request {
	return request{Request: protocol.Request{Op: protocol.Sample,
		Plan: []protocol.Runs{{Session: session, Runs: runs, Settle: true}}}}
}

// load asks for a model of two values.
func load(file string) request {
	sum := sha256.Sum256([]byte(file))
	return request{protocol.Request{Op: protocol.Load, Model: &protocol.Model{Runtime: "doubler",
		SHA256: hex.EncodeToString(sum[:]), Threads: 2, Input: []int{1, 2}, Output: []int{2}}},
		[]byte(file)}
}

// put asks to keep a file.
func put(name, text string) request {
	sum := sha256.Sum256([]byte(text))
	return request{protocol.Request{Op: protocol.Put, File: &protocol.File{Name: name,
		SHA256: hex.EncodeToString(sum[:])}}, []byte(text)}
}

// TestPut: files lie beside each other until the agent ends.
func TestPut(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	t.Setenv("TMP", os.Getenv("TMPDIR"))
	got, _ := answers(t, hello, put("a", "1"), put("b", "2"), put("a", "3"))
	if a, b := got[1].Path, got[2].Path; filepath.Dir(a) != filepath.Dir(b) ||
		filepath.Base(a) != "a" || got[3].Path != a {
		t.Errorf("%s, %s and %s, expected files beside each other", a, b, got[3].Path)
	}
	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	if err != nil || len(left) > 0 {
		t.Errorf("%v is left behind (%v)", left, err)
	}
}

// TestServe walks through a session.
func TestServe(t *testing.T) {
	got, data := answers(t, hello, load("double"), ask(protocol.Input, 1, protocol.Bytes(
		[]float32{3, 4})), ask(protocol.Run, 1, nil), sample(1, 3), ask(protocol.Output, 1, nil),
		ask(protocol.Close, 1, nil), ask(protocol.Run, 1, nil), look,
		ask(protocol.Observe, 0, nil), ask(protocol.Bye, 0, nil), ask(protocol.Run, 1, nil))
	if len(got) != 11 {
		t.Fatalf("%d answers, expected none after that to bye", len(got))
	}
	for i, a := range got {
		if (a.Error != nil) != (i == 7) {
			t.Errorf("answer %d: %v", i+1, a.Error)
		}
	}
	if r := got[8].Runtimes[0]; r.Library != "/l" || got[1].Session != 1 ||
		len(got[4].TookNS) != 1 || got[4].TookNS[0] <= 0 ||
		got[7].Error.Kind != protocol.Closed || got[9].Observed.At.IsZero() {
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
	plan := ask(protocol.Sample, 0, nil)
	plan.Plan = make([]protocol.Runs, maxPlan+1)
	changed := put("x", "a")
	changed.data = []byte("b")
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
		{sample(1, maxRuns+1), protocol.Refused, "runs"},
		{sample(1, 0), protocol.Refused, "0 runs"},
		{sample(9, 1), protocol.Closed, "no session 9"},
		{plan, protocol.Refused, "a plan of"},
		{ask(protocol.Sample, 0, nil), protocol.Refused, "a plan of 0"},
		{ask(protocol.Lock, 0, nil), protocol.Refused, "without an owner"},
		{put("../x", "a"), protocol.Refused, "no folders"},
		{put("", "a"), protocol.Refused, "no folders"},
		{changed, protocol.Refused, "SHA-256"},
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
	begin := `{"id":1,"op":"hello","version":2}` + "\n"
	for _, seed := range []string{
		"", "hello\n", begin + `{"op":"bye"}` + "\n",
		begin + `{"op":"load","model":{"runtime":"doubler","threads":1,"input":[1]},"bytes":6}` +
			"\ndouble", begin + `{"op":"sample","plan":[{"session":-1,"runs":-5}]}` + "\n",
		begin + `{"op":"put","file":{"name":"../x"},"bytes":1}` + "\na",
		begin + `{"op":"load","bytes":99999999999}` + "\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, ends := range []string{"deadline", "idle", "lock"} {
			if bytes.Contains(bytes.ToLower(text), []byte(ends)) {
				t.Skip("it may end the process, as it is to")
			}
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
