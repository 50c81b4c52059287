package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// TestStopwatch: the time left is of the whole work, whatever was printed meanwhile, and other work
// begins anew.
func TestStopwatch(t *testing.T) {
	var s stopwatch
	start := time.Unix(1000, 0)
	for _, at := range []struct {
		second int
		done   float64
		left   time.Duration
	}{
		{0, 0, 0}, {150, 25, 450 * time.Second}, {300, 50, 300 * time.Second}, {600, 100, 0},
		{700, 10, 0}, {730, 40, 60 * time.Second}, // resumed at a tenth
	} {
		now := start.Add(time.Duration(at.second) * time.Second)
		s.at(now, at.done)
		if got := s.left(now, 100); got != at.left {
			t.Errorf("after %d s, %v %% done: %v left, want %v", at.second, at.done, got, at.left)
		}
	}
}

// TestBar shows the time left of the whole training, after a line between too.
func TestBar(t *testing.T) {
	var screen bytes.Buffer
	g := Globals{terminal: true, stderr: &screen}
	g.progressLeft("train epoch 1", 1, 4, 450*time.Second)
	g.say("epoch 1: validation top-1 50 %%")
	screen.Reset()
	g.progressLeft("train epoch 2", 1.1, 4, 440*time.Second)
	if got := screen.String(); !strings.Contains(got, "train epoch 2, 7m20s left") ||
		strings.Contains(got, "[0s:") {
		t.Errorf("the bar is %q", got)
	}
	g.clearProgress()
}

func TestAbout(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"0.0s": 0, "9.4s": 9400 * time.Millisecond, "10s": 9600 * time.Millisecond,
		"45s": 45 * time.Second, "8m20s": 500 * time.Second,
		"3h05m": 3*time.Hour + 5*time.Minute, "3d2h": 74 * time.Hour, "1m00s": 60 * time.Second,
	} {
		if got := about(d); got != want {
			t.Errorf("%v is written %s, want %s", d, got, want)
		}
	}
}

// TestAdvice for plans that are too much for a machine of 16 GB.
func TestAdvice(t *testing.T) {
	small := &trainer.Plan{Seconds: 3600, MemoryBytes: 1e9, Batch: 128, Epochs: 20,
		TrainImages: 1300, StepsPerEpoch: 10}
	if got := advise(small, 16e9); got != nil {
		t.Errorf("advice without need: %q", got)
	}
	few := &trainer.Plan{Batch: 128, Epochs: 20, TrainImages: 162, StepsPerEpoch: 1}
	if got := advise(few, 16e9); len(got) != 1 || !strings.Contains(got[0],
		"leaves out 34 of the 162") {
		t.Errorf("advice %q where an epoch leaves out a fifth of the images", got)
	}
	large := &trainer.Plan{Seconds: 10 * 86400, MemoryBytes: 40e9, Batch: 128, Epochs: 180}
	got := strings.Join(advise(large, 16e9), "\n")
	for _, want := range []string{"40.00 GB of memory, and the machine has 16.00 GB",
		"--batch (now 128)", "10d0h", "--epochs (now 180)"} {
		if !strings.Contains(got, want) {
			t.Errorf("the advice does not say %q: %s", want, got)
		}
	}
	if got := advise(large, 0); len(got) != 1 {
		t.Errorf("advice %q about memory that is not known", got)
	}
}

// TestFits: a space whose weights alone are too many is refused with what to do.
func TestFits(t *testing.T) {
	s, err := supernet.LoadSpace("mbv3-cifar") // 6.40 M weights
	if err != nil {
		t.Fatal(err)
	}
	if err := fits(s, 100e6); err != nil {
		t.Error(err)
	}
	if err := fits(s, 0); err != nil {
		t.Error(err)
	}
	if err := fits(s, 50e6); err == nil || !strings.Contains(err.Error(),
		"6.40 M weights of space mbv3-cifar need 76.76 MB") {
		t.Errorf("error %v", err)
	}
}

func TestLatencyText(t *testing.T) {
	for want, ms := range map[string]float64{
		"-": 0, "0.12 us": 0.00012, "17.6 us": 0.01757, "999 us": 0.9992, "1.00 ms": 0.9996,
		"1.59 ms": 1.594, "10.0 ms": 9.996, "62.1 ms": 62.14, "312 ms": 312.4,
		"9999 ms": 9999, "10.0 s": 10000, "3600 s": 3600000,
	} {
		if got := latency(ms); got != want {
			t.Errorf("%v ms is written %s, want %s", ms, got, want)
		}
	}
}
