// Command sparse times inference that skips the zeros of weights against inference that multiplies
// with them: tailor's own engine, one thread, one image. First every 1x1 convolution and linear
// layer of a space's largest network on its own, then whole networks. Dense and sparse take turns;
// a gain is the median of the ratios of neighbours.
//
//	go run ./tools/bench/sparse --json sparse.json
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"time"

	"github.com/tailor-nas/tailor/internal/kernel"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/profiles/device"
	"github.com/tailor-nas/tailor/profiles/timing"
	"github.com/tailor-nas/tailor/supernet"
)

func main() {
	b := &bench{}
	space := flag.String("space", "mbv3-cifar", "search space")
	isa := flag.String("isa", kernel.Best().String(), "instruction set: portable, avx2, avx512 or neon")
	path := flag.String("json", "", "`file` to write the results to")
	flag.Uint64Var(&b.seed, "seed", 1, "seed of weights, zeros and random networks")
	flag.IntVar(&b.random, "random", 3, "random networks beside the smallest and the largest")
	flag.DurationVar(&b.layerBudget, "layer", 2*time.Second, "time for each layer, 0 for none")
	flag.DurationVar(&b.networkBudget, "network", 6*time.Second,
		"time for each network, 0 for none")
	flag.DurationVar(&b.priceBudget, "prices", 0,
		"time for each layer, to fit the prices of internal/kernel/sparserule.go; 0 for none")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if b.space, err = supernet.LoadSpace(*space); err == nil {
		err = b.run(ctx, *isa, *path, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "sparse:", err)
		os.Exit(1)
	}
}

// percents are the shares of zeros that are measured.
var percents = []int{50, 65, 70, 80, 90, 95, 98}

// run lengths: single weights, and runs along the output channels.
var runLengths = []int{0, 8, 16}

type bench struct {
	space                      *supernet.Space
	seed                       uint64
	random                     int
	layerBudget, networkBudget time.Duration
	priceBudget                time.Duration
}

// result is what --json writes.
type result struct {
	CPU      string    `json:"cpu"`
	Kernels  string    `json:"kernels"`
	Go       string    `json:"go"`
	Space    string    `json:"space"`
	Seed     uint64    `json:"seed"`
	Started  time.Time `json:"started"`
	Layers   []layer   `json:"layers,omitempty"`
	Networks []network `json:"networks,omitempty"`
}

// gain is how much faster sparse is than dense at a share of zeros.
type gain struct {
	Zeros int     `json:"zeros_percent"`
	Run   int     `json:"run"` // 0 for single weights
	Gain  float64 `json:"gain"`
	MS    float64 `json:"ms"`
	Low   float64 `json:"gain_low"` // of a 95 % interval
	High  float64 `json:"gain_high"`
}

func (b *bench) run(ctx context.Context, isa, path string, w io.Writer) error {
	restore, err := use(isa)
	if err != nil {
		return err
	}
	defer restore()
	here, err := device.Describe(ctx)
	if err != nil {
		return err
	}
	r := &result{CPU: here.CPU.Brand, Kernels: isa, Go: runtime.Version(), Space: b.space.Name,
		Seed: b.seed, Started: time.Now().UTC()}
	fmt.Fprintf(w, "%s, %s, %s; %s; seed %d; %s. One thread, one image. Gains are dense time by sparse time.\n",
		r.CPU, r.Kernels, r.Go, r.Space, r.Seed, r.Started.Format(time.DateTime))
	if b.layerBudget > 0 {
		if r.Layers, err = b.layers(ctx); err != nil {
			return err
		}
		printLayers(w, r.Layers)
	}
	if b.networkBudget > 0 {
		if r.Networks, err = b.networks(ctx); err != nil {
			return err
		}
		printNetworks(w, r.Networks)
	}
	if b.priceBudget > 0 {
		if err := b.prices(ctx, w); err != nil {
			return err
		}
	}
	if path == "" {
		return nil
	}
	return store.WriteFile(path, func(w io.Writer) error { return json.NewEncoder(w).Encode(r) })
}

func use(name string) (restore func(), err error) {
	for _, i := range kernel.ISAs {
		if i.String() == name {
			return kernel.Use(i)
		}
	}
	return nil, errors.New("--isa is " + name + ", expected portable, avx2, avx512 or neon")
}

// measure times candidates against the dense one, and gives its undisturbed milliseconds.
func (b *bench) measure(ctx context.Context, dense func(), sparse []func(), sample,
	budget time.Duration) (denseMS float64, timings []timing.Timing, err error) {
	subject := func(name string, f func()) timing.Subject {
		return timing.Subject{Name: name, Run: func() error { f(); return nil }}
	}
	var subjects []timing.Subject
	for i, f := range sparse {
		subjects = append(subjects, subject(fmt.Sprint(i), f))
	}
	s := timing.Defaults()
	s.WarmUp, s.MinSample, s.Budget, s.Seed = 20*time.Millisecond, sample, budget, b.seed
	timings, session, err := timing.Measure(ctx, subject("dense", dense), subjects, s)
	return session.ReferenceMS, timings, err
}

func gainOf(t timing.Timing, zeros, run int) gain {
	g := gain{Zeros: zeros, Run: run, Gain: 1 / t.Ratio, MS: t.LatencyMS}
	g.Low, g.High = g.Gain*t.LatencyMS/t.CIHighMS, g.Gain*t.LatencyMS/t.CILowMS
	return g
}
