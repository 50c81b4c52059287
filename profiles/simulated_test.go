package profiles_test

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/supernet"
)

// machine is a simulated computer with a clock of its own, which is at full speed for 40 ms, then
// 1.85 times as slow for 60.
type machine struct{ now time.Duration }

func (m *machine) Now() time.Time {
	return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Add(m.now)
}

func (m *machine) work(left time.Duration) {
	const fast, period = 40 * time.Millisecond, 100 * time.Millisecond
	for left > 0 {
		factor, until := 1.0, m.now.Truncate(period)+fast
		if m.now >= until {
			factor, until = 1.85, m.now.Truncate(period)+period
		}
		took := min(time.Duration(float64(left)*factor), until-m.now)
		m.now += max(took, 1)
		left -= max(time.Duration(float64(took)/factor), 1)
	}
}

// device is a runtime on a simulated machine: a block takes 20 µs and 1 ns for each of so many
// multiply-accumulates as are not with zeros. What it computes is right, and takes it no time.
type device struct {
	*machine
	loads  map[string]int // by the key of a single block
	nets   []*supernet.Subnet
	open   int
	broken string // the kind of block that does not load
	wrong  string // the kind of block, alone, that is computed wrong
	// burden, if above 0, is how many times as long whole networks take, but no blocks alone
	burden float64
}

func newDevice() *device { return &device{machine: &machine{}, loads: map[string]int{}} }

func (d *device) Info() profiles.RuntimeInfo {
	return profiles.RuntimeInfo{Name: "simulated", Version: "1", Threads: 2}
}

func (d *device) Load(ctx context.Context, net *supernet.Subnet) (profiles.Session, error) {
	first := net.Blocks[0]
	if len(net.Blocks) == 1 {
		d.loads[first.Key()]++
	}
	if string(first.Kind) == d.broken {
		return nil, errors.New("no such operation")
	}
	s, err := profiles.Native{}.Load(ctx, net)
	if err != nil {
		return nil, err
	}
	d.nets = append(d.nets, net)
	d.open++
	wrong := len(net.Blocks) == 1 && string(first.Kind) == d.wrong
	return &simulated{Session: s, device: d, took: timeOf(net.Blocks), wrong: wrong,
		network: len(net.Blocks) > 1}, nil
}

type simulated struct {
	profiles.Session
	device *device
	took   time.Duration
	wrong  bool
	// it is a whole network
	network bool
}

func (s *simulated) Run() error {
	took := s.took
	if s.network && s.device.burden > 0 {
		took = time.Duration(float64(took) * s.device.burden)
	}
	s.device.work(took)
	return nil
}

func (s *simulated) Output() ([]float32, error) {
	if err := s.Session.Run(); err != nil {
		return nil, err
	}
	out, err := s.Session.Output()
	if s.wrong && err == nil {
		out[len(out)/2] += 0.01 * (1 + float32(math.Abs(float64(out[len(out)/2]))))
	}
	return out, err
}

func (s *simulated) Close() error { s.device.open--; return s.Session.Close() }

func timeOf(blocks []supernet.Block) (sum time.Duration) {
	for _, b := range blocks {
		sum += 20*time.Microsecond + time.Duration(b.MACs()*int64(100-b.Zeros)/100)
	}
	return sum
}
