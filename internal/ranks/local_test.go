package ranks

import (
	"errors"
	"sync"
	"testing"
)

// each runs f on every rank of a group at once.
func each(size int, f func(l *Local)) {
	var wg sync.WaitGroup
	for _, l := range NewLocal(size) {
		wg.Go(func() { f(l) })
	}
	wg.Wait()
}

func TestLocal(t *testing.T) {
	for _, size := range []int{1, 2, 3, 5} {
		each(size, func(l *Local) {
			if err := Check(l); err != nil {
				t.Errorf("rank %d of %d: %v", l.Rank(), size, err)
			}
		})
	}
}

// TestLocalLost: calls that do not agree, and ranks that leave, end the group.
func TestLocalLost(t *testing.T) {
	broken := errors.New("broken")
	for name, f := range map[string]func(l *Local){
		"another call": func(l *Local) {
			if l.Rank() == 1 {
				l.StartExchange(make([]byte, 3), []int{0, 1, 2, 3}, make([]byte, 3),
					[]int{0, 1, 2, 3})()
			}
		},
		"other cuts": func(l *Local) {
			if l.Rank() == 1 {
				l.Gather(make([]byte, 4), []int{0, 1, 2, 4})
			}
		},
		"other sizes": func(l *Local) {
			n := 1 + l.Rank()
			l.StartExchange(make([]byte, 3*n), []int{0, n, 2 * n, 3 * n}, make([]byte, 6),
				[]int{0, 2, 4, 6})()
		},
		"left": func(l *Local) {
			if l.Rank() == 1 {
				l.Leave(broken)
			}
		},
	} {
		each(3, func(l *Local) {
			f(l)
			all := make([]byte, 3)
			l.Gather(all, []int{0, 1, 2, 3})
			l.Gather(all, []int{0, 1, 2, 3})
			if err := l.Err(); !errors.Is(err, ErrLost) ||
				errors.Is(err, broken) != (name == "left") {
				t.Errorf("%s: rank %d says %v", name, l.Rank(), err)
			}
		})
	}
}

// TestMeter counts what a rank sends.
func TestMeter(t *testing.T) {
	each(4, func(l *Local) {
		m := NewMeter(l)
		m.Gather(make([]byte, 10), []int{0, 1, 3, 6, 10})
		m.StartGather(make([]byte, 10), []int{0, 1, 3, 6, 10})()
		m.StartExchange(make([]byte, 10), []int{0, 1, 3, 6, 10}, make([]byte, 4*(1+l.Rank())),
			[]int{0, 1 + l.Rank(), 2 + 2*l.Rank(), 3 + 3*l.Rank(), 4 + 4*l.Rank()})()
		got, own := m.Counts(), int64(1+l.Rank())
		want := Counts{Gathers: 1, GatherBytes: 3 * own, Late: 2, LateBytes: 3*own + 10 - own}
		got.GatherTime, got.LateTime = 0, 0
		if got != want {
			t.Errorf("rank %d: %+v, expected %+v", l.Rank(), got, want)
		}
	})
}

// TestCheckFinds that a group which loses bytes is found.
func TestCheckFinds(t *testing.T) {
	if err := Check(forgetful{}); err == nil {
		t.Error("a group that brings nothing passes")
	}
}

// forgetful is rank 1 of 2, and never hears of rank 0.
type forgetful struct{}

func (forgetful) Rank() int                                                 { return 1 }
func (forgetful) Size() int                                                 { return 2 }
func (forgetful) Gather([]byte, []int)                                      {}
func (forgetful) StartGather([]byte, []int) func()                          { return func() {} }
func (forgetful) Err() error                                                { return nil }
func (forgetful) StartExchange(_ []byte, _ []int, _ []byte, _ []int) func() { return func() {} }
