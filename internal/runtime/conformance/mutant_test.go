package conformance_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/runtime/conformance"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/supernet"
)

// mutantVariable names the mutant that TestMutant runs the suite on.
const mutantVariable = "TAILOR_TEST_MUTANT"

// mutants are sessions with one fault each.
var mutants = map[string]func(s *mutant){
	"wrong":         func(s *mutant) { s.output = func(out []float32) { out[len(out)-1] += 1 } },
	"shares output": func(s *mutant) { s.sharesOutput = true },
	"keeps input":   func(s *mutant) { s.keepsInput = true },
	"any length":    func(s *mutant) { s.anyLength = true },
	"any order":     func(s *mutant) { s.anyOrder = true },
	"closes once":   func(s *mutant) { s.closesOnce = true },
}

type mutant struct {
	profiles.Session
	output     func([]float32) // what is done to it
	anyLength  bool
	anyOrder   bool
	closesOnce bool
	keepsInput bool

	sharesOutput bool

	input, shared []float32
	closed        bool
}

func (m *mutant) SetInput(batch []float32) error {
	err := m.Session.SetInput(batch)
	if err == nil {
		m.input = batch
	}
	if m.anyLength && errors.Is(err, profiles.ErrInput) {
		return nil
	}
	return err
}

func (m *mutant) Run() error {
	if m.keepsInput && m.input != nil {
		if err := m.Session.SetInput(m.input); err != nil {
			return err
		}
	}
	err := m.Session.Run()
	if m.anyOrder && errors.Is(err, profiles.ErrOrder) {
		return nil
	}
	return err
}

func (m *mutant) Output() ([]float32, error) {
	out, err := m.Session.Output()
	if err != nil {
		return nil, err
	}
	if m.output != nil {
		m.output(out)
	}
	if m.sharesOutput && m.shared != nil {
		return m.shared, nil
	}
	m.shared = out
	return out, nil
}

func (m *mutant) Close() error {
	if m.closesOnce && m.closed {
		return profiles.ErrClosed
	}
	m.closed = true
	return m.Session.Close()
}

type mutantRuntime struct {
	profiles.Native
	change func(*mutant)
}

func (r mutantRuntime) Load(ctx context.Context, net *supernet.Subnet) (profiles.Session, error) {
	s, err := r.Native.Load(ctx, net)
	if err != nil {
		return nil, err
	}
	m := &mutant{Session: s}
	r.change(m)
	return m, nil
}

// TestMutant is for TestCatches: the suite on a runtime with a fault.
func TestMutant(t *testing.T) {
	change := mutants[os.Getenv(mutantVariable)]
	if change == nil {
		t.Skip("run by TestCatches")
	}
	conformance.Run(t, func(threads, batch int) (profiles.Runtime, error) {
		return mutantRuntime{profiles.Native{Threads: threads, Batch: batch}, change}, nil
	})
}

// TestCatches: the suite fails on each fault, in a process of its own since it fails the test.
func TestCatches(t *testing.T) {
	for name := range mutants {
		cmd := exec.Command(os.Args[0], "-test.run=^TestMutant$", "-test.failfast")
		cmd.Env = append(os.Environ(), mutantVariable+"="+name)
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || !strings.Contains(string(out), "--- FAIL: TestMutant") {
			t.Errorf("%s: the suite found nothing (%v): %s", name, err, out)
		}
	}
}
