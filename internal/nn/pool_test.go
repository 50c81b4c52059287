package nn_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tailor-nas/tailor/internal/bug"
	"github.com/tailor-nas/tailor/internal/nn"
)

func TestPoolRunsEachTaskOnce(t *testing.T) {
	for workers := range 9 {
		t.Run(fmt.Sprint(workers, " workers"), func(t *testing.T) {
			pool := nn.NewPool(workers)
			defer pool.Close()
			if want := max(workers, 1); pool.Workers() != want {
				t.Errorf("%d workers, want %d", pool.Workers(), want)
			}
			for _, n := range []int{0, 1, 2, 3, 7, 8, 64, 1000} {
				for range 20 { // the same goroutines again
					calls := make([]atomic.Int32, n)
					pool.Run(n, func(_, i int) { calls[i].Add(1) })
					for i := range calls {
						if c := calls[i].Load(); c != 1 {
							t.Fatalf("task %d of %d ran %d times", i, n, c)
						}
					}
				}
			}
		})
	}
}

// TestPoolIsDoneWhenRunReturns: what tasks wrote is there without any other synchronisation; the
// race detector agrees.
func TestPoolIsDoneWhenRunReturns(t *testing.T) {
	pool := nn.NewPool(4)
	defer pool.Close()
	squares := make([]int, 100)
	for round := range 50 {
		pool.Run(len(squares), func(_, i int) { squares[i] = i*i + round })
		for i, v := range squares {
			if v != i*i+round {
				t.Fatalf("round %d: task %d had not finished", round, i)
			}
		}
	}
}

func TestPoolsAreIndependent(t *testing.T) {
	a, b := nn.NewPool(3), nn.NewPool(3)
	defer a.Close()
	defer b.Close()
	var total atomic.Int64
	a.Run(4, func(_, i int) { // b has a caller at a time: one task of a
		if i == 0 {
			b.Run(10, func(_, j int) { total.Add(int64(j)) })
		}
		total.Add(100)
	})
	if total.Load() != 445 {
		t.Errorf("sum over tasks is %d, want 445", total.Load())
	}
}

// TestPoolHandsOnPanics: a panic in another goroutine reaches the caller of Run.
func TestPoolHandsOnPanics(t *testing.T) {
	pool := nn.NewPool(2)
	defer pool.Close()
	elsewhere := make(chan bool)
	err := bug.Catch(func() error {
		pool.Run(2, func(worker, _ int) {
			if worker == 1 {
				close(elsewhere)
				panic("elsewhere")
			}
			<-elsewhere // so that the other one takes a task
		})
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "elsewhere") {
		t.Errorf("%v, want the panic of the other goroutine", err)
	}
}
