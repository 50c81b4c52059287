package main

import (
	"context"
	"testing"

	"github.com/tailor-nas/tailor/internal/nn"
)

// The blocked product is that of three loops; small whole numbers leave no rounding.
func TestProduct(t *testing.T) {
	pool := nn.NewPool(2)
	defer pool.Close()
	// less than a block, more than one row block, more than one depth block
	for _, n := range []int{5, 100, 300} {
		p := newProduct(n)
		p.run(pool)
		for i := range n {
			for j := range n {
				var want float32
				for k := range n {
					want += p.a[i*n+k] * p.b[k*n+j]
				}
				if got := p.c[i*n+j]; got != want {
					t.Fatalf("%d^3: c[%d,%d] is %g, want %g", n, i, j, got, want)
				}
			}
		}
	}
}

func TestSpeeds(t *testing.T) {
	loader, err := loaderSpeed(context.Background(), 2, 1e-3)
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]float64{
		"copy": copySpeed(3, 1000, 1e-3), "product": newProduct(64).speed(2, 1e-3),
		"loader": loader,
	} {
		if !(v > 0) {
			t.Errorf("%s: %g", name, v)
		}
	}
}

func TestLoaderSpeedStops(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := loaderSpeed(ctx, 1, 10); err == nil {
		t.Error("a cancelled measurement is no error")
	}
}

func TestBestCallsOften(t *testing.T) {
	calls := 0
	if s := best(0, func() { calls++ }); calls != 4 || s < 0 {
		t.Errorf("%d calls, shortest %g s, want 4 calls", calls, s)
	}
}
