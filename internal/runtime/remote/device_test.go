package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/tailor-nas/tailor/internal/runtime/link"
	"github.com/tailor-nas/tailor/internal/runtime/protocol"
	"github.com/tailor-nas/tailor/profiles"
)

// onDevice is a runtime in an agent with a fault, which is treated as if it were elsewhere.
func onDevice(t *testing.T, d link.Dialer) (*Runtime, error) {
	t.Helper()
	t.Setenv("TAILOR_AGENT_LOCK", t.TempDir())
	r, err := open(t.Context(), Config{Runtime: "fake", Device: d, Owner: "tests"}, plain())
	if err == nil {
		t.Cleanup(func() { _ = r.Close() })
	}
	return r, err
}

// TestCrashesAgain: what ends every agent is not tried for ever.
func TestCrashesAgain(t *testing.T) {
	d := faulty("crash")
	r, err := onDevice(t, d)
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.Load(t.Context(), small(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetInput(make([]float32, small(t).Blocks[0].In.Len())); err != nil {
		t.Fatal(err)
	}
	if err := s.Run(); !errors.Is(err, ErrCrashed) || len(*d.started) != tries {
		t.Errorf("%v, after %d agents", err, len(*d.started))
	}
}

// TestMalformed: an agent that breaks the rules is not tried again.
func TestMalformed(t *testing.T) {
	d := faulty("garbage")
	r, err := onDevice(t, d)
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.Load(t.Context(), small(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetInput(make([]float32, small(t).Blocks[0].In.Len())); err != nil {
		t.Fatal(err)
	}
	err = s.Run()
	if !errors.Is(err, protocol.ErrFormat) || len(*d.started) != 1 ||
		strings.Contains(err.Error(), "\n") {
		t.Errorf("%v, after %d agents", err, len(*d.started))
	}
}

// TestGivesWay: an agent whose tailor has lost it gives the device to the next one.
func TestGivesWay(t *testing.T) {
	d := faulty("none")
	r, err := onDevice(t, d)
	if err != nil {
		t.Fatal(err)
	}
	forgotten := r.agent
	if err := r.startAgain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := forgotten.close(); !errors.Is(err, ErrCrashed) {
		t.Errorf("the agent that was lost ends with %v, expected by itself", err)
	}
}

// TestChanged: another device does not take the place of one that was lost.
func TestChanged(t *testing.T) {
	d := faulty("none")
	r, err := onDevice(t, d)
	if err != nil {
		t.Fatal(err)
	}
	r.device.ID = "elsewhere"
	if err := (*d.started)[0].Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Observe(t.Context()); !errors.Is(err, ErrChanged) {
		t.Errorf("%v, expected ErrChanged", err)
	}
}

// TestBring: files are put on the device, and the first is the library.
func TestBring(t *testing.T) {
	library, other := temporary(t, "lib.so", "library"), temporary(t, "other.so", "beside")
	d := faulty("none")
	t.Setenv("TAILOR_AGENT_LOCK", t.TempDir())
	r, err := open(t.Context(), Config{Runtime: "fake", Device: d, Owner: "tests",
		Bring: []string{library, other}}, plain())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if v := r.Info().Version; !strings.HasSuffix(v, "/lib.so") || v == "1."+library {
		t.Errorf("the library is %s, expected a path on the device", v)
	}
	_, err = open(t.Context(), Config{Runtime: "fake", Bring: []string{library}}, plain())
	if err == nil {
		t.Error("a library is brought to this machine")
	}
}

// scripted is a link to an agent that says what it was given, whatever it is asked.
type scripted struct{ io.Reader }

func (scripted) Write(p []byte) (int, error) { return len(p), nil }
func (scripted) Finish() error               { return nil }
func (scripted) Kill()                       {}
func (scripted) Wait() error                 { return nil }
func (scripted) Stderr() string              { return "" }

func (s scripted) Dial(context.Context) (link.Link, error) { return s, nil }
func (scripted) String() string                            { return "scripted" }

// greeting is what an agent says that has the fake runtime, up to a load.
const greeting = `{"id":1,"agent":{"version":2,"program":"x","device":{"id":"d"}}}
{"id":2}
{"id":3,"runtimes":[{"name":"fake","format":"plain","version":"1"}]}
{"id":4,"session":1}
{"id":5}
`

// TestOldAgent: an agent of another version is refused with what to do, whichever side notices.
func TestOldAgent(t *testing.T) {
	for _, answer := range []string{
		`{"id":1,"error":{"kind":"refused","text":"tailor speaks version 2 of the protocol and ` +
			`this tailor-agent 1: use those of one build"}}` + "\n",
		`{"id":1,"agent":{"version":1,"program":"x","os":"linux","arch":"amd64"}}` + "\n",
	} {
		_, err := open(t.Context(), Config{Runtime: "fake", Device: scripted{
			strings.NewReader(answer)}}, plain())
		if err == nil || !strings.Contains(err.Error(), "version") ||
			!strings.Contains(err.Error(), "build") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v, expected one line about versions", err)
		}
	}
}

// FuzzAgent: whatever an agent says, there is an end and an error at worst.
func FuzzAgent(f *testing.F) {
	f.Add([]byte(greeting + `{"id":6,"took_ns":[5]}` + "\n"))
	f.Add([]byte(greeting + `{"id":6,"took_ns":[-1,2]}` + "\n"))
	f.Add([]byte(greeting + `{"id":6,"bytes":8}` + "\nabc"))
	f.Add([]byte(`{"id":1,"agent":{"version":1}}` + "\n"))
	f.Add([]byte(greeting[:150]))
	f.Fuzz(func(t *testing.T, text []byte) {
		lines := scripted{bytes.NewReader(text)}
		r, err := open(t.Context(), Config{Runtime: "fake", Device: lines, Owner: "fuzz",
			Deadline: time.Minute}, plain())
		if err != nil {
			return
		}
		r.place.Owner = "" // the text is all there is
		defer r.Close()
		net := small(t)
		s, err := r.Load(t.Context(), net)
		if err != nil {
			return
		}
		if err := s.SetInput(make([]float32, net.Blocks[0].In.Len())); err != nil {
			return
		}
		took, err := r.Sample(t.Context(), []profiles.Sample{{Session: s, Runs: 2}})
		if err == nil && (len(took) != 1 || took[0] <= 0) {
			t.Errorf("it took %v", took)
		}
		if out, err := s.Output(); err == nil && len(out) != 10 {
			t.Errorf("%d outputs", len(out))
		}
		if o, err := r.Observe(t.Context()); err == nil {
			_ = fmt.Sprint(o.Until(o))
		}
	})
}
