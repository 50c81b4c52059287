package conformance

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/supernet"
)

// Open makes the runtime that is tested, with so many threads and images that run together.
type Open func(threads, batch int) (profiles.Runtime, error)

// tolerance is how far outputs may be from those of tailor's engine, as a share of the largest.
const tolerance = 1e-4

// Run tests a runtime.
func Run(t *testing.T, open Open) {
	nets := networks(t)
	for _, threads := range []int{1, 2} {
		for _, batch := range []int{1, 3} {
			t.Run(fmt.Sprintf("%d threads, batch %d", threads, batch), func(t *testing.T) {
				rt := opened(t, open, threads, batch)
				checkInfo(t, rt, threads, batch)
				for _, n := range nets {
					t.Run(n.name, func(t *testing.T) { checkOutputs(t, rt, n.net, batch) })
				}
				net := subnet(t, whole(t)["smallest"])
				t.Run("input", func(t *testing.T) { checkInput(t, rt, net, batch) })
				t.Run("order", func(t *testing.T) { checkOrder(t, rt, net, batch) })
				t.Run("close", func(t *testing.T) { checkClose(t, rt, net, batch) })
				t.Run("time", func(t *testing.T) { checkTime(t, rt, net, batch) })
				t.Run("at once", func(t *testing.T) { checkAtOnce(t, rt, net, batch) })
			})
		}
	}
}

func opened(t *testing.T, open Open, threads, batch int) profiles.Runtime {
	t.Helper()
	rt, err := open(threads, batch)
	if err != nil {
		t.Fatal(err)
	}
	return rt
}

func load(t *testing.T, rt profiles.Runtime, net *supernet.Subnet) profiles.Session {
	t.Helper()
	s, err := rt.Load(t.Context(), net)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// checkInfo: a runtime says what it was asked for, and the same each time.
func checkInfo(t *testing.T, rt profiles.Runtime, threads, batch int) {
	t.Helper()
	info := rt.Info()
	if info.Name == "" || info.Version == "" || info.ID() != rt.Info().ID() {
		t.Errorf("the runtime calls itself %+v, then %+v", info, rt.Info())
	}
	if info.Threads != threads || max(info.Batch, 1) != batch || info.Batch == 1 {
		t.Errorf("%d threads and batch %d, asked for %d and %d",
			info.Threads, info.Batch, threads, batch)
	}
}

// compute gives the output on an input.
func compute(t *testing.T, s profiles.Session, input []float32) []float32 {
	t.Helper()
	if err := s.SetInput(input); err != nil {
		t.Fatal(err)
	}
	if err := s.Run(); err != nil {
		t.Fatal(err)
	}
	out, err := s.Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// checkOutputs: they are those of tailor's engine, and the same each time.
func checkOutputs(t *testing.T, rt profiles.Runtime, net *supernet.Subnet, batch int) {
	s := load(t, rt, net)
	first, second := images(net, batch, 1), images(net, batch, 2)
	got := compute(t, s, first)
	same(t, got, expected(net, first))
	same(t, compute(t, s, second), expected(net, second))
	if again := compute(t, s, first); !slices.Equal(again, got) {
		t.Error("the same input gives another output the second time")
	}
	for range 3 {
		if err := s.Run(); err != nil {
			t.Fatal(err)
		}
	}
	if again, err := s.Output(); err != nil || !slices.Equal(again, got) {
		t.Errorf("more runs give another output (%v)", err)
	}
}

// same compares outputs.
func same(t *testing.T, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d values, want %d", len(got), len(want))
	}
	var largest float64
	for _, v := range want {
		largest = max(largest, math.Abs(float64(v)))
	}
	if largest == 0 {
		t.Fatal("the network gives zeros, which shows nothing")
	}
	for i := range got {
		if off := math.Abs(float64(got[i]) - float64(want[i])); !(off <= tolerance*largest) {
			t.Fatalf("value %d of %d is %g, want %g", i, len(want), got[i], want[i])
		}
	}
}

// checkInput: other lengths are refused and change nothing, and slices stay their owners'.
func checkInput(t *testing.T, rt profiles.Runtime, net *supernet.Subnet, batch int) {
	s := load(t, rt, net)
	input := images(net, batch, 1)
	want := expected(net, input)
	compute(t, s, input)
	for _, wrong := range [][]float32{
		nil, {}, input[1:], append(slices.Clone(input), 0), slices.Concat(input, input),
	} {
		if err := s.SetInput(wrong); !errors.Is(err, profiles.ErrInput) {
			t.Errorf("%d values, expected %d: got %v, want ErrInput", len(wrong), len(input), err)
		}
	}
	if err := s.Run(); err != nil {
		t.Fatal(err)
	}
	out, err := s.Output()
	if err != nil {
		t.Fatal(err)
	}
	same(t, out, want)
	clear(out)
	mine := slices.Clone(input)
	if err := s.SetInput(mine); err != nil {
		t.Fatal(err)
	}
	clear(mine)
	if err := s.Run(); err != nil {
		t.Fatal(err)
	}
	if out, err = s.Output(); err != nil {
		t.Fatal(err)
	}
	same(t, out, want)
}

// checkOrder: there is no run without input, and no output without run.
func checkOrder(t *testing.T, rt profiles.Runtime, net *supernet.Subnet, batch int) {
	s := load(t, rt, net)
	output := func() error { _, err := s.Output(); return err }
	wrong := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, profiles.ErrOrder) {
			t.Errorf("%s: got %v, want ErrOrder", what, err)
		}
	}
	wrong("a run first", s.Run())
	wrong("output first", output())
	input := images(net, batch, 1)
	if err := s.SetInput(input); err != nil {
		t.Fatal(err)
	}
	wrong("output after input", output())
	same(t, compute(t, s, input), expected(net, input))
	if err := s.SetInput(input); err != nil {
		t.Fatal(err)
	}
	wrong("output of an earlier input", output())
}

// checkClose: a second time is harmless, and nothing else works.
func checkClose(t *testing.T, rt profiles.Runtime, net *supernet.Subnet, batch int) {
	s, other := load(t, rt, net), load(t, rt, net)
	input := images(net, batch, 1)
	compute(t, s, input)
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	_, err := s.Output()
	closed := map[string]error{"input": s.SetInput(input), "run": s.Run(), "output": err}
	if e, ok := rt.(profiles.Elsewhere); ok {
		_, closed["sample"] = e.Sample(t.Context(), []profiles.Sample{{Session: s, Runs: 1}})
	}
	for what, err := range closed {
		if !errors.Is(err, profiles.ErrClosed) {
			t.Errorf("%s of a closed session: got %v, want ErrClosed", what, err)
		}
	}
	same(t, compute(t, other, input), expected(net, input))
}

// checkTime: what is timed elsewhere computes as well, and its device is described.
func checkTime(t *testing.T, rt profiles.Runtime, net *supernet.Subnet, batch int) {
	e, ok := rt.(profiles.Elsewhere)
	if !ok {
		t.Skip("it is timed from outside")
	}
	if d := e.Device(); d.ID == "" {
		t.Errorf("its device is %+v", d)
	}
	if o, err := e.Observe(t.Context()); err != nil || o.At.IsZero() {
		t.Errorf("its system is %+v (%v)", o, err)
	}
	s, other := load(t, rt, net), load(t, rt, net)
	one := func(s profiles.Session, runs int) profiles.Sample {
		return profiles.Sample{Session: s, Runs: runs}
	}
	_, err := e.Sample(t.Context(), []profiles.Sample{one(s, 1)})
	if !errors.Is(err, profiles.ErrOrder) {
		t.Errorf("time without input: got %v, want ErrOrder", err)
	}
	input := images(net, batch, 1)
	for _, s := range []profiles.Session{s, other} {
		if err := s.SetInput(input); err != nil {
			t.Fatal(err)
		}
	}
	plan := []profiles.Sample{one(s, 1), one(other, 10), {Session: s, Runs: 3, Settle: true}}
	took, err := e.Sample(t.Context(), plan)
	if err != nil || len(took) != len(plan) || slices.Min(took) <= 0 {
		t.Errorf("the samples took %v (%v)", took, err)
	}
	for _, s := range []profiles.Session{s, other} {
		out, err := s.Output()
		if err != nil {
			t.Fatal(err)
		}
		same(t, out, expected(net, input))
	}
}

// checkAtOnce: sessions of one network do not disturb each other.
func checkAtOnce(t *testing.T, rt profiles.Runtime, net *supernet.Subnet, batch int) {
	for seed := range uint64(4) {
		s, input := load(t, rt, net), images(net, batch, seed)
		want := expected(net, input)
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			for range 20 {
				same(t, compute(t, s, input), want)
			}
		})
	}
}
