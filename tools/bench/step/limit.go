package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/klauspost/cpuid/v2"
	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/kernel"
	"github.com/tailor-nas/tailor/internal/nn"
)

// machineSpeed is what the machine does at best on a number of threads.
type machineSpeed struct {
	Copy   float64 `json:"copy_gb_s"`     // bytes read plus bytes written
	Gemm   float64 `json:"sgemm_gflop_s"` // gemmSize^3 by package kernel
	Loader float64 `json:"loader_img_s"`  // augmented 32x32 images, nothing else running
}

// gemmSize is the side of the square matrices that are multiplied.
const gemmSize = 2048

func measureMachine(ctx context.Context, threads int) (*machineSpeed, error) {
	const seconds = 1.5 // for each part
	// Arrays of four times the last cache leave little of them in it.
	bytes := min(max(256<<20, 4*cpuid.CPU.Cache.L3), 1<<30)
	m := &machineSpeed{Copy: copySpeed(threads, bytes/4, seconds),
		Gemm: newProduct(gemmSize).speed(threads, seconds)}
	var err error
	m.Loader, err = loaderSpeed(ctx, threads, seconds)
	return m, err
}

// best is the shortest time of f in seconds, of at least 4 calls and as many as fit.
func best(seconds float64, f func()) float64 {
	shortest := 0.0
	begin := time.Now()
	for i := 0; i < 4 || time.Since(begin).Seconds() < seconds; i++ {
		start := time.Now()
		f()
		if t := time.Since(start).Seconds(); i == 0 || t < shortest {
			shortest = t
		}
	}
	return shortest
}

// copySpeed copies n floats.
func copySpeed(threads, n int, seconds float64) float64 {
	from, to := make([]float32, n), make([]float32, n)
	for i := range from {
		from[i], to[i] = 1, 2 // what has never been written may be one shared page
	}
	t := best(seconds, func() {
		var all sync.WaitGroup
		for w := range threads {
			a, b := n*w/threads, n*(w+1)/threads
			all.Go(func() { copy(to[a:b], from[a:b]) })
		}
		all.Wait()
	})
	return 2 * 4 * float64(n) / t / 1e9
}

// product is a square matrix product, blocked so that a task's rows of A stay in a core's second
// cache and a panel of B in its first.
type product struct {
	n       int
	a, b, c []float32
	parts   []*kernel.Packed // rows of b
}

const rowBlock, depthBlock = 96, 256

func newProduct(n int) *product {
	p := &product{n: n, a: make([]float32, n*n), b: make([]float32, n*n), c: make([]float32, n*n)}
	for i := range p.a {
		p.a[i], p.b[i] = float32(i%7)-3, float32(i%5)-2
	}
	for range (n + depthBlock - 1) / depthBlock {
		p.parts = append(p.parts, &kernel.Packed{})
	}
	return p
}

// run computes c = a·b; packing b is part of it.
func (p *product) run(pool *nn.Pool) {
	n := p.n
	pool.Run(len(p.parts), func(_, i int) {
		k := i * depthBlock
		p.parts[i].Pack(min(depthBlock, n-k), n, p.b[k*n:], n)
	})
	pool.Run((n+rowBlock-1)/rowBlock, func(_, i int) {
		row := i * rowBlock
		for k, part := range p.parts {
			kernel.MulPacked(min(rowBlock, n-row), p.a[row*n+k*depthBlock:], n, part, p.c[row*n:],
				n, k > 0, nil)
		}
	})
}

func (p *product) speed(threads int, seconds float64) float64 {
	pool := nn.NewPool(threads)
	defer pool.Close()
	n := float64(p.n)
	return 2 * n * n * n / best(seconds, func() { p.run(pool) }) / 1e9
}

// loaderSpeed is images a second of the loader as training uses it, on built-in images.
func loaderSpeed(ctx context.Context, threads int, seconds float64) (float64, error) {
	d, err := data.Open("synthetic", data.Options{Size: 32, Train: 1024, Test: 10, Holdout: -1})
	if err != nil {
		return 0, fmt.Errorf("loader: %w", err)
	}
	l, err := data.NewLoader(d.Train, d.Size, d.Channels, data.LoaderConfig{
		Batch: 64, Shuffle: true, DropLast: true, Transform: d.DefaultTransform(), Workers: threads,
	})
	if err != nil {
		return 0, fmt.Errorf("loader: %w", err)
	}
	images, begin := 0, time.Now()
	for epoch := 0; time.Since(begin).Seconds() < seconds; epoch++ {
		for b, err := range l.Epoch(ctx, epoch, 0) {
			if err != nil {
				return 0, fmt.Errorf("loader: %w", err)
			}
			images += b.N
		}
	}
	return float64(images) / time.Since(begin).Seconds(), nil
}
