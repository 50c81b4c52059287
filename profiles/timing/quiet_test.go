package timing_test

import (
	"context"
	"errors"
	"runtime/debug"
	"testing"
	"time"

	"github.com/tailor-nas/tailor/profiles/timing"
)

// setting reads the collector's settings without changing them.
func setting() (percent int, limit int64) {
	percent = debug.SetGCPercent(100)
	debug.SetGCPercent(percent)
	return percent, debug.SetMemoryLimit(-1)
}

// However a measurement ends, the collector is as it was before.
func TestMeasureRestoresCollector(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(123))
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(1 << 40))
	ends := map[string]func(m *machine, cancel func()) error{
		"done":     func(*machine, func()) error { return nil },
		"failed":   func(*machine, func()) error { return errors.New("failed") },
		"cancel":   func(_ *machine, cancel func()) error { cancel(); return nil },
		"panicked": func(*machine, func()) error { panic("in Run") },
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			m := newMachine(1, quietMachine)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			during := 0
			subject := timing.Subject{Name: name, Run: func() error {
				m.work(time.Millisecond)
				during, _ = setting()
				return end(m, cancel)
			}}
			func() {
				defer func() { _ = recover() }()
				_, _, _ = timing.Measure(ctx, m.subject("ref", refTime), []timing.Subject{subject},
					given(timing.Settings{Clock: m, MaxRounds: 2, Budget: time.Second}))
			}()
			if during != -1 {
				t.Errorf("the collector was at %d while measuring, want off", during)
			}
			if percent, limit := setting(); percent != 123 || limit != 1<<40 {
				t.Errorf("collector left at %d, %d", percent, limit)
			}
		})
	}
}

// What a subject builds in its first run and keeps is no reason for the collector to come in.
func TestMeasureMakesRoom(t *testing.T) {
	m := newMachine(1, quietMachine)
	var keep []byte
	var last int64 // limit while it ran
	subject := timing.Subject{Name: "builds", Run: func() error {
		if keep == nil {
			keep = make([]byte, 1<<30) // of which no page is touched
		}
		m.work(time.Millisecond)
		_, last = setting()
		return nil
	}}
	m.measure(t, []timing.Subject{subject}, given(timing.Settings{MinRounds: 10, MaxRounds: 10}))
	if last < int64(len(keep)) {
		t.Errorf("the limit is %d bytes, with %d in use", last, len(keep))
	}
}

// A subject that allocates does not make memory grow without bound.
func TestMeasureCollectsBetweenRounds(t *testing.T) {
	m := newMachine(1, quietMachine)
	var before, after debug.GCStats
	debug.ReadGCStats(&before)
	var keep []byte
	subject := timing.Subject{Name: "allocates", Run: func() error {
		keep = make([]byte, 1<<20)
		m.work(time.Millisecond)
		return nil
	}}
	m.measure(t, []timing.Subject{subject}, given(timing.Settings{MinRounds: 100, MaxRounds: 100}))
	debug.ReadGCStats(&after)
	if n := after.NumGC - before.NumGC; n < 5 {
		t.Errorf("%d collections while %d MiB were allocated a hundred times", n, len(keep)>>20)
	}
}
