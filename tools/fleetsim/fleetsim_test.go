package main

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// phones are devices for which everything but measuring takes next to nothing.
func phones() (profiling, queue) {
	return profiling{Networks: 20, Seconds: 3, Messages: 4, LinkMbit: 1e9},
		queue{MessagesPerSecond: 1e9, LinkMbit: 1e9}
}

// TestProfilingAlone: without a queue to wait for, devices work all the time, for as long as their
// networks take.
func TestProfilingAlone(t *testing.T) {
	p, q := phones()
	r := profile(p, q, 50, 1)
	if r.jobs != 1000 || r.messages != 4000 || r.seconds < 60 || r.seconds > 61.01 {
		t.Errorf("%+v", r)
	}
	if r.working < 0.98 || r.working > 1 {
		t.Errorf("devices work for %g of the time", r.working)
	}
}

// TestProfilingBound: what the queue can do in a second bounds the fleet, as its link does.
func TestProfilingBound(t *testing.T) {
	p, q := phones()
	q.MessagesPerSecond = 100 // 25 jobs a second
	if r := profile(p, q, 1000, 1); r.seconds < 20000/25 || r.queue < 0.99 {
		t.Errorf("messages: %+v", r)
	}
	p, q = phones()
	p.FileBytes, q.LinkMbit = 1e6, 80 // 10 files a second
	if r := profile(p, q, 1000, 1); r.seconds < 2000 || r.link < 0.99 || r.bytes != 20000*1e6 {
		t.Errorf("bytes: %+v", r)
	}
}

// TestProfilingLost: lost jobs are done again, and all get done.
func TestProfilingLost(t *testing.T) {
	p, q := phones()
	p.Lost, p.AwayS, p.TakeoverS = 0.5, 10, 30
	r := profile(p, q, 200, 1)
	if again := float64(r.messages)/4 - 4000; math.Abs(again-4000) > 400 {
		t.Errorf("%g jobs were done again, want about as many as there are, 4000", again)
	}
	if r.seconds < 20*(3+30) { // one loss a job on average, of 30 s and half the work
		t.Errorf("%+v", r)
	}
}

// TestTraining: without spread and exchanges that cost anything, so many machines are so many times
// as fast, up to the parts of a batch; what each does for itself stays.
func TestTraining(t *testing.T) {
	in := training{Parts: 8, Seconds: 1, Exchanges: 10}
	free := link{Mbit: 1e12}
	for n, want := range map[int]float64{1: 1, 2: 2, 3: 8. / 3, 8: 8, 64: 8} {
		if r := train(in, free, n, 1); math.Abs(r.speedup-want) > 1e-6 {
			t.Errorf("%d machines are %g times as fast, want %g", n, r.speedup, want)
		}
	}
	in.Alone = 0.1
	if r := train(in, free, 8, 1); math.Abs(r.speedup-1/(0.1+0.9/8)) > 1e-6 { // Amdahl
		t.Errorf("%+v", r)
	}
}

// TestTrainingExchanges: bytes and latencies by hand, and waiting for the slowest by the known mean
// of the larger of two.
func TestTrainingExchanges(t *testing.T) {
	in := training{Parts: 8, Seconds: 1, Exchanges: 10, PartBytes: 1e6}
	r := train(in, link{Mbit: 8, LatencyS: 0.01}, 4, 1)
	// 6 of 8 MB come from others at 1 MB a second; 10 exchanges of two rounds of 10 ms
	if want := 0.25 + 6 + 0.2; math.Abs(r.step-want) > 1e-9 || r.bytes != 6e6 {
		t.Errorf("%+v, want %g s", r, want)
	}
	in.WeightBytes, in.Hidden = 2e6, 0.5
	r = train(in, link{Mbit: 8, LatencyS: 0.01}, 4, 1)
	// 2 * (8/4 + 1) * 3/4 MB more, less half of the 0.25 s
	if want := 0.25 + 6 + 0.2 + 4.5 - 0.125; math.Abs(r.step-want) > 1e-9 || r.bytes != 10.5e6 {
		t.Errorf("%+v, want %g s", r, want)
	}
	in = training{Parts: 2, Seconds: 2, Exchanges: 500, Spread: 0.1}
	r = train(in, link{Mbit: 1e12}, 2, 1)
	// the mean of the larger of two normals is 1/sqrt(pi) of their deviation above the mean
	if want := 0.1 / math.Sqrt(math.Pi); math.Abs(r.waiting-want) > 0.1*want {
		t.Errorf("waiting is %g, want %g", r.waiting, want)
	}
}

// TestRun: a file gives tables, the same each time; what is not said rightly is refused.
func TestRun(t *testing.T) {
	const good = `tailor: fleetsim/1
profiling: {devices: [10], networks: 5, seconds: 1, messages: 4, link_mbit: 20, lost: 0.1}
queue: {messages_per_second: 1000, link_mbit: 100}
training:
  {machines: [1, 2], parts: 8, seconds: 1, exchanges: 10, spread: 0.1,
   links: [{name: fast, mbit: 1000}]}
`
	path := filepath.Join(t.TempDir(), "in.yaml")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(good)
	var first, second bytes.Buffer
	for _, w := range []*bytes.Buffer{&first, &second} {
		if err := run(w, path, 1); err != nil {
			t.Fatal(err)
		}
	}
	if first.String() != second.String() || !strings.Contains(first.String(), "| 2 | fast |") {
		t.Errorf("%s and then\n%s", first.String(), second.String())
	}
	for _, change := range [][2]string{{"fleetsim/1", "fleetsim/2"}, {"seconds: 1", "seconts: 1"},
		{"[10]", "[0]"}, {"lost: 0.1", "lost: 1"}, {"mbit: 1000}", "mbit: 0}"}} {
		write(strings.Replace(good, change[0], change[1], 1))
		if err := run(&bytes.Buffer{}, path, 1); err == nil {
			t.Errorf("%s: taken", change[1])
		}
	}
}
