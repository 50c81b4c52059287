package profiles

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/tailor-nas/tailor/profiles/device"
)

// machine is one of two processors whose others have a share of them each second.
type machine struct {
	shares []float64
	at     int
	now    device.Observation
}

func (m *machine) look() (device.Observation, error) { return m.now, nil }

// sleep lets time pass, of which the other programs have their share.
func (m *machine) sleep(_ context.Context, d time.Duration) error {
	m.now.TotalSeconds += 2 * d.Seconds()
	m.now.BusySeconds += 2 * d.Seconds() * m.shares[min(m.at, len(m.shares)-1)]
	m.at++
	return nil
}

// TestWaitQuiet: three quiet seconds one after the other are waited for, and no longer than is
// allowed.
func TestWaitQuiet(t *testing.T) {
	for _, c := range []struct {
		name   string
		shares []float64
		quiet  bool
		waited int
	}{
		{"at once", []float64{0}, true, 3},
		{"after others", []float64{1, 0.5, 0.02}, true, 5},
		{"one look is not enough", []float64{0, 0, 0.8, 0, 0, 0}, true, 6},
		{"never", []float64{0.5}, false, 10},
	} {
		m := &machine{shares: c.shares,
			now: device.Observation{BusySeconds: 7, TotalSeconds: 100}}
		told := 0
		q := Quiet{AtMost: 10 * time.Second, Progress: func(waited time.Duration, busy float64) {
			told++
		}}
		quiet, busy, err := waitQuiet(t.Context(), q, 2, m.look, m.sleep)
		if err != nil || quiet != c.quiet || m.at != c.waited || quiet == (busy > quietShare) {
			t.Errorf("%s: quiet %v after %d s, others %.2f, error %v; want %v after %d s", c.name,
				quiet, m.at, busy, err, c.quiet, c.waited)
		}
		if told < c.waited-1 {
			t.Errorf("%s: told %d times in %d s", c.name, told, c.waited)
		}
	}
}

// TestWaitQuietByLoad: where processor time is not counted the load tells, and where nothing does
// nobody waits.
func TestWaitQuietByLoad(t *testing.T) {
	wait := func(o device.Observation) (bool, error) {
		quiet, _, err := waitQuiet(t.Context(), Quiet{AtMost: 5 * time.Second}, 4,
			func() (device.Observation, error) { return o, nil },
			func(context.Context, time.Duration) error { return nil })
		return quiet, err
	}
	for load, want := range map[float64]bool{0.1: true, 2: false} {
		if quiet, err := wait(device.Observation{Load: load}); err != nil || quiet != want {
			t.Errorf("load %g: quiet %v, %v", load, quiet, err)
		}
	}
	unknown := device.Observation{Missing: map[string]string{"load_average_1min": "no such file"}}
	if _, err := wait(unknown); !errors.Is(err, ErrUnknownLoad) {
		t.Errorf("an unknown load: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := WaitQuiet(ctx, Native{Threads: 1}, Quiet{AtMost: time.Hour}); !errors.Is(err,
		context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}
