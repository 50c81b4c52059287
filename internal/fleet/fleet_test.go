package fleet

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/runtime/conformance"
	"github.com/tailor-nas/tailor/internal/runtime/link"
	"github.com/tailor-nas/tailor/internal/runtime/remote"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/profiles/device"
	"github.com/tailor-nas/tailor/supernet"
)

// dialer is that of an address, with the agent that was built.
func dialer(t *testing.T, address string, keep bool) link.Dialer {
	t.Helper()
	d, err := Open(address, Options{Agent: agentFile(t), Keep: keep, Runtime: "native"})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// opened is tailor's engine on a device. What is said of lost connections goes to a list.
func opened(t *testing.T, d link.Dialer, owner string) (*remote.Runtime, *[]string, error) {
	t.Helper()
	var said []string
	r, err := remote.Open(t.Context(), remote.Config{Runtime: "native", Device: d, Owner: owner,
		Warn: func(text string) { said = append(said, text) }})
	if err == nil {
		t.Cleanup(func() { _ = r.Close() })
	}
	return r, &said, err
}

// network is a small one, with an input and what tailor's engine makes of it here.
func network(t *testing.T) (*supernet.Subnet, []float32, []float32) {
	t.Helper()
	space, err := supernet.LoadSpace("mbv3-tiny")
	if err != nil {
		t.Fatal(err)
	}
	net, err := supernet.NewSubnet(space.Blocks(space.Min()), 1e-5, 1)
	if err != nil {
		t.Fatal(err)
	}
	input := make([]float32, net.Blocks[0].In.Len())
	for i := range input {
		input[i] = float32(i%7) - 3
	}
	s, err := profiles.Native{}.Load(t.Context(), net)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	return net, input, compute(t, s, input)
}

func compute(t *testing.T, s profiles.Session, input []float32) []float32 {
	t.Helper()
	if err := errors.Join(s.SetInput(input), s.Run()); err != nil {
		t.Fatal(err)
	}
	return output(t, s)
}

func output(t *testing.T, s profiles.Session) []float32 {
	t.Helper()
	out, err := s.Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestSSH: what is at the other end of a connection is this machine, computes as it does, and has
// nothing left on it afterwards.
func TestSSH(t *testing.T) {
	s := newServer(t)
	r, said, err := opened(t, dialer(t, s.address(), false), "tests")
	if err != nil {
		t.Fatal(err)
	}
	here, err := device.Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	id := profiles.IdentityOf(r.Device(), r)
	if id != profiles.IdentityOf(here, profiles.Native{}) {
		t.Errorf("there is %+v, expected this machine, %s", id, here.ID)
	}
	net, input, want := network(t)
	one, err := r.Load(t.Context(), net)
	if err != nil {
		t.Fatal(err)
	}
	if got := compute(t, one, input); !slices.Equal(got, want) {
		t.Errorf("it computes %v, expected %v", got, want)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if left := s.left(); len(left) > 0 || len(*said) > 0 {
		t.Errorf("%v is left behind, and %q was said", left, *said)
	}
}

// TestConformance: tailor's engine elsewhere is a runtime like any other.
func TestConformance(t *testing.T) {
	s := newServer(t)
	conformance.Run(t, func(threads, batch int) (profiles.Runtime, error) {
		r, err := remote.Open(t.Context(), remote.Config{Runtime: "native", Threads: threads,
			Batch: batch, Device: dialer(t, s.address(), true)})
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

// TestHostKeys: a device that is not known, and one whose key has changed, are refused, and the
// error says what to do.
func TestHostKeys(t *testing.T) {
	s := newServer(t)
	other, _ := newKey(t)
	d := dialer(t, s.address(), false)
	s.know(nil)
	_, err := d.Dial(t.Context())
	if !errors.Is(err, ErrUnknownHost) || !strings.Contains(err.Error(), "ssh-keyscan -p") {
		t.Errorf("unknown: %v", err)
	}
	s.know(other)
	_, err = d.Dial(t.Context())
	if !errors.Is(err, ErrChangedHost) || !strings.Contains(err.Error(), "ssh-keygen -R \"[127") {
		t.Errorf("changed: %v", err)
	}
	if err := os.Remove(filepath.Join(os.Getenv("HOME"), ".ssh", "known_hosts")); err != nil {
		t.Fatal(err)
	}
	if _, err = d.Dial(t.Context()); !errors.Is(err, ErrUnknownHost) {
		t.Errorf("without a file: %v", err)
	}
	if len(s.commands) > 0 {
		t.Errorf("it was asked for %q", s.commands)
	}
}

// TestCredentials: without the right key nothing runs.
func TestCredentials(t *testing.T) {
	s := newServer(t)
	d := dialer(t, s.address(), false)
	_, file := newKey(t)
	key := filepath.Join(os.Getenv("HOME"), ".ssh", "id_ed25519")
	write(t, key, file)
	if _, err := d.Dial(t.Context()); err == nil ||
		!strings.Contains(err.Error(), "unable to authenticate") {
		t.Errorf("another key: %v", err)
	}
	write(t, key, []byte("no key"))
	if _, err := d.Dial(t.Context()); !errors.Is(err, ErrNoKeys) ||
		!strings.Contains(err.Error(), key) {
		t.Errorf("no key: %v", err)
	}
	if len(s.commands) > 0 {
		t.Errorf("it was asked for %q", s.commands)
	}
}

// TestSilent: nobody waits for a server that lets one in and answers no more.
func TestSilent(t *testing.T) {
	for _, at := range []string{"session", "uname", "cat >", "--remove"} {
		s := newServer(t)
		d := dialer(t, s.address(), false)
		ctx, cancel := context.WithCancelCause(t.Context())
		tired := errors.New("nobody waits")
		s.silent = func(what string) bool {
			if !strings.Contains(what, at) {
				return false
			}
			cancel(tired)
			return true
		}
		if _, err := d.Dial(ctx); !errors.Is(err, tired) {
			t.Errorf("without an answer to %s: %v", at, err)
		}
		cancel(nil)
	}
}

// TestKept: an agent that is kept is put there once, and again if it is another file.
func TestKept(t *testing.T) {
	s := newServer(t)
	for i, want := range []int{1, 1, 2} {
		r, _, err := opened(t, dialer(t, s.address(), true), "tests")
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		left := s.left()
		if len(left) != 1 || !strings.HasPrefix(left[0], "/.cache/tailor/agent-") ||
			s.uploads() != want {
			t.Fatalf("round %d: %v there after %d uploads, expected %d", i, left, s.uploads(),
				want)
		}
		if i == 1 {
			path := filepath.Join(s.home, left[0])
			if err := os.Chmod(path, 0o700); err != nil {
				t.Fatal(err)
			}
			write(t, path, []byte("#!/bin/sh\nexit 1\n"))
		}
	}
}

// TestLost: when the connection is lost or the agent is killed, the work goes on where it was with
// another agent, and says so.
func TestLost(t *testing.T) {
	s := newServer(t)
	r, said, err := opened(t, dialer(t, s.address(), true), "tests")
	if err != nil {
		t.Fatal(err)
	}
	net, input, want := network(t)
	one, err := r.Load(t.Context(), net)
	if err != nil {
		t.Fatal(err)
	}
	if got := compute(t, one, input); !slices.Equal(got, want) {
		t.Fatalf("it computes %v, expected %v", got, want)
	}
	s.drop()
	if got := output(t, one); !slices.Equal(got, want) {
		t.Errorf("after the connection was lost it gives %v, expected %v", got, want)
	}
	s.kill()
	plan := []profiles.Sample{{Session: one, Runs: 3}, {Session: one, Runs: 1, Settle: true}}
	took, err := r.Sample(t.Context(), plan)
	if err != nil || len(took) != 2 {
		t.Errorf("after the agent was killed it took %v (%v)", took, err)
	}
	s.drop()
	if _, err := r.Observe(t.Context()); err != nil {
		t.Error(err)
	}
	if len(*said) != 3 || !strings.Contains((*said)[0], "was lost") {
		t.Errorf("it said %q", *said)
	}
	if err := one.Close(); err != nil {
		t.Error(err)
	}
}

// TestLostForGood: a device that cannot be reached again is an error, not a wait without end.
func TestLostForGood(t *testing.T) {
	s := newServer(t)
	r, _, err := opened(t, dialer(t, s.address(), true), "tests")
	if err != nil {
		t.Fatal(err)
	}
	s.know(nil) // it is refused from now on
	s.drop()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Observe(ctx); err == nil {
		t.Error("it is reached without being known")
	}
}

// TestBusy: one measures on a device; others are told who.
func TestBusy(t *testing.T) {
	s := newServer(t)
	first, _, err := opened(t, dialer(t, s.address(), true), "the first,\nin person")
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = opened(t, dialer(t, s.address(), true), "the second")
	if !errors.Is(err, remote.ErrBusy) || !strings.Contains(err.Error(), "the first, in person") {
		t.Errorf("%v, expected who measures", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := opened(t, dialer(t, s.address(), true), "the second"); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// TestCut: a part of an agent is not taken for one.
func TestCut(t *testing.T) {
	s := newServer(t)
	client, err := connect(t.Context(), host{"somebody", s.listener.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	a, err := readProgram(agentFile(t))
	if err != nil {
		t.Fatal(err)
	}
	line := uploadCommand(placeOf(a, true), len(a.data))
	if _, err := command(t.Context(), client, line, a.data[:1000]); err == nil {
		t.Error("a part is taken")
	}
	if left := s.left(); len(left) > 0 {
		t.Errorf("%v is left behind", left)
	}
}

// TestExec: a command whose input and output reach an agent is a device.
func TestExec(t *testing.T) {
	t.Setenv("TAILOR_AGENT_LOCK", t.TempDir())
	d, err := Open("exec:cd / && exec '"+agentFile(t)+"'", Options{Runtime: "native"})
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := opened(t, d, "tests")
	if err != nil {
		t.Fatal(err)
	}
	if r.Device().ID == "" {
		t.Error("it says nothing of its device")
	}
	none, err := Open("exec:no-such-program --at-all", Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = opened(t, none, "tests")
	if !errors.Is(err, remote.ErrCrashed) || !strings.Contains(err.Error(), "not found") {
		t.Errorf("%v, expected what the shell says", err)
	}
}
