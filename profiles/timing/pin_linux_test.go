package timing_test

import (
	"errors"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tailor-nas/tailor/profiles/timing"
)

func affinity(t *testing.T) unix.CPUSet {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		t.Fatal(err)
	}
	return set
}

func TestMeasurePins(t *testing.T) {
	runtime.LockOSThread() // so that before and after ask about the same thread
	defer runtime.UnlockOSThread()
	before := affinity(t)
	for _, end := range []error{nil, errors.New("failed")} {
		m := newMachine(1, quietMachine)
		var during int
		subject := timing.Subject{Name: "a", Run: func() error {
			m.work(time.Millisecond)
			set := affinity(t)
			during = set.Count()
			return end
		}}
		_, _, err := timing.Measure(t.Context(), m.subject("ref", refTime),
			[]timing.Subject{subject},
			given(timing.Settings{Clock: m, Pin: true, MaxRounds: 2}))
		if !errors.Is(err, end) {
			t.Fatal(err)
		}
		if during != 1 {
			t.Errorf("%d processors while measuring, want 1", during)
		}
		if after := affinity(t); after != before {
			t.Errorf("affinity left at %v, was %v", after, before)
		}
	}
}
