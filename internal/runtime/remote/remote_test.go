package remote

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tailor-nas/tailor/internal/runtime/conformance"
	"github.com/tailor-nas/tailor/internal/runtime/protocol"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/supernet"
)

// TestConformance: an agent that computes with tailor's engine is a runtime like any other.
func TestConformance(t *testing.T) {
	conformance.Run(t, func(threads, batch int) (profiles.Runtime, error) {
		r, err := open(t.Context(), Config{Runtime: "fake", Threads: threads, Batch: batch,
			Device: faulty("none")}, plain())
		if err == nil {
			t.Cleanup(func() {
				if err := r.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		return r, err
	})
}

// small is a network.
func small(t *testing.T) *supernet.Subnet {
	t.Helper()
	blocks, err := supernet.Published("lenet-300-100")
	if err != nil {
		t.Fatal(err)
	}
	net, err := supernet.NewSubnet(blocks, 1e-5, 1)
	if err != nil {
		t.Fatal(err)
	}
	return net
}

// loaded is a session with an input, in an agent with a fault.
func loaded(t *testing.T, fault string) (*Runtime, profiles.Session) {
	t.Helper()
	r, err := open(t.Context(), Config{Runtime: "fake", Device: faulty(fault)}, plain())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	net := small(t)
	s, err := r.Load(t.Context(), net)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetInput(make([]float32, net.Blocks[0].In.Len())); err != nil {
		t.Fatal(err)
	}
	return r, s
}

// TestLost: an agent that does not answer as it should is ended, and said to be.
func TestLost(t *testing.T) {
	for fault, want := range map[string]error{
		"crash": ErrCrashed, "garbage": protocol.ErrFormat, "other answer": protocol.ErrFormat,
		"hang": ErrLate,
	} {
		t.Run(fault, func(t *testing.T) {
			r, s := loaded(t, fault)
			if fault == "hang" {
				r.agent.deadline = 100 * time.Millisecond
			}
			err := s.Run()
			var lost *AgentError
			if !errors.Is(err, want) || !errors.As(err, &lost) || lost.Op != protocol.Run {
				t.Fatalf("%v, expected %v of an agent that was asked to run", err, want)
			}
			if fault == "crash" && (lost.Stderr != "something broke" ||
				!strings.Contains(err.Error(), "exit status 7")) {
				t.Errorf("%v, expected what the agent wrote and its status", err)
			}
			if _, again := r.Load(t.Context(), small(t)); again != err {
				t.Errorf("afterwards: %v, expected the same error", again)
			}
			if err := s.Close(); !errors.Is(err, want) {
				t.Errorf("close: %v", err)
			}
			if err := r.Close(); !errors.Is(err, want) {
				t.Errorf("close of the runtime: %v", err)
			}
		})
	}
}

// TestSurvives: an error and a panic in the agent are answers, and the agent goes on.
func TestSurvives(t *testing.T) {
	for fault, want := range map[string]string{"error": "out of memory", "panic": "a fault"} {
		_, s := loaded(t, fault)
		for range 2 {
			if err := s.Run(); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, expected %q", err, want)
			}
		}
		if _, err := s.Output(); !errors.Is(err, profiles.ErrOrder) {
			t.Errorf("output after a run that failed: %v", err)
		}
	}
}

// TestInterrupted: when the context ends, so does waiting.
func TestInterrupted(t *testing.T) {
	r, _ := loaded(t, "none")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Load(ctx, small(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, expected Canceled", err)
	}
}

// TestInterruptedRun: when the context that a session was loaded with ends, so does the agent,
// which is busy.
func TestInterruptedRun(t *testing.T) {
	d := faulty("hang")
	r, err := open(t.Context(), Config{Runtime: "fake", Device: d}, plain())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s, err := r.Load(ctx, small(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetInput(make([]float32, small(t).Blocks[0].In.Len())); err != nil {
		t.Fatal(err)
	}
	ran := make(chan error)
	go func() { ran <- s.Run() }()
	for r.agent.mu.TryLock() { // until it waits for the answer
		r.agent.mu.Unlock()
		runtime.Gosched()
	}
	cancel()
	if err := <-ran; !errors.Is(err, context.Canceled) {
		t.Errorf("%v, expected Canceled", err)
	}
	_ = s.Close() // fails if the agent was killed
	_ = r.Close()
	if d.left() {
		t.Error("the agent is left behind")
	}
}

// TestNoAgent: what is no agent is said to be none, by its name, and is not waited for.
func TestNoAgent(t *testing.T) {
	for fault, want := range map[string]error{"mute": ErrLate, "echo": protocol.ErrFormat,
		"noise": protocol.ErrFormat} {
		d, deadline := faulty(fault), helloDeadline
		if fault == "mute" {
			deadline = 100 * time.Millisecond
		}
		_, _, err := lookAt(t.Context(), d, deadline)
		if !errors.Is(err, want) || !strings.Contains(err.Error(), d.Name) {
			t.Errorf("%s: %v, expected %v of %s", fault, err, want, d.Name)
		}
		if want == protocol.ErrFormat && !strings.Contains(err.Error(), "does not speak") {
			t.Errorf("%s: %v", fault, err)
		}
		if d.left() {
			t.Errorf("%s is left behind", fault)
		}
	}
}

// TestOpen: what cannot be used is refused with the reason.
func TestOpen(t *testing.T) {
	for _, c := range []struct {
		fault string
		Config
		is   error
		says string
	}{
		{"missing", Config{Runtime: "fake"}, ErrMissing, "nowhere: install it"},
		{"format", Config{Runtime: "fake"}, nil, `format "other"`},
		{"none", Config{Runtime: "none"}, ErrMissing, `no runtime "none"`},
		{"none", Config{Runtime: "fake", Threads: 1 << 20}, profiles.ErrSettings, "threads"},
		{"none", Config{Runtime: "fake", Batch: -1}, profiles.ErrSettings, "batches of -1"},
	} {
		c.Config.Device = faulty(c.fault)
		_, err := open(t.Context(), c.Config, plain())
		if err == nil || c.is != nil && !errors.Is(err, c.is) ||
			!strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v, expected %q", c.Config, err, c.says)
		}
	}
}

// TestInfo: what the agent says of the runtime is part of what times hold for.
func TestInfo(t *testing.T) {
	r, err := open(t.Context(), Config{Runtime: "fake", Library: "/l", Threads: 2,
		Device: faulty("none")}, plain())
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Info().ID(); got != `fake/"1./l" threads=2 options.fault=none` {
		t.Errorf("ID %s", got)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if err := r.Close(); err == nil {
		t.Error("it is closed twice")
	}
}

func TestFindAgent(t *testing.T) {
	t.Setenv(agentVariable, "")
	t.Setenv("PATH", t.TempDir())
	if path, err := findAgent(); !errors.Is(err, ErrNoAgent) {
		t.Errorf("%q (%v), expected ErrNoAgent", path, err)
	}
	if runtime.GOOS != "windows" {
		dir := t.TempDir()
		want := filepath.Join(dir, "tailor-agent")
		if err := os.WriteFile(want, nil, 0o755); err != nil {
			t.Fatal(err)
		}
		t.Setenv("PATH", dir)
		if path, err := findAgent(); path != want || err != nil {
			t.Errorf("%q (%v), expected %q", path, err, want)
		}
	}
	t.Setenv(agentVariable, "/somewhere")
	if path, err := findAgent(); path != "/somewhere" || err != nil {
		t.Errorf("%q (%v), expected what the variable says", path, err)
	}
}

// TestFormats: maps are turned to the order of a format and back.
func TestFormats(t *testing.T) {
	s := supernet.Shape{H: 1, W: 2, C: 3}
	x := []float32{0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15} // two images
	f := format{channelsFirst: true}
	got := f.give(s, x)
	if want := []float32{0, 3, 1, 4, 2, 5, 10, 13, 11, 14, 12, 15}; !slices.Equal(got, want) {
		t.Errorf("%v, expected %v", got, want)
	}
	if back := f.take(s, got); !slices.Equal(back, x) {
		t.Errorf("%v back, expected %v", back, x)
	}
	if shape := f.shape(2, s); !slices.Equal(shape, []int{2, 3, 1, 2}) {
		t.Errorf("shape %v", shape)
	}
}

// TestSettingsOf: settings are found again from an ID, and those of another version are not.
func TestSettingsOf(t *testing.T) {
	one := profiles.RuntimeInfo{Name: "litert", Version: "2.3.0", Threads: 1,
		Options: map[string]string{"delegate": "xnnpack"}}
	for _, want := range []struct{ threads, batch int }{{1, 0}, {7, 0}, {1, 2}, {12, 96}} {
		info := one
		info.Threads, info.Batch = want.threads, want.batch
		got, ok := settingsOf(one, info.ID())
		if !ok || got.Threads != want.threads || got.Batch != want.batch {
			t.Errorf("%+v (%v), expected %+v", got, ok, want)
		}
	}
	older := one
	older.Version = "2.2.0"
	if got, ok := settingsOf(one, older.ID()); ok {
		t.Errorf("%+v for another version", got)
	}
	if !Known(one.ID()) || Known(profiles.Native{}.Info().ID()) {
		t.Error("it is not told which runtimes are in agents")
	}
}
