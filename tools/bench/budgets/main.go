// Command budgets counts how many searched winners keep their latency budget, where the truth is
// known without noise: devices are invented, a latency predictor is fitted to some networks of
// each, and networks are searched with it, judged by the predictor alone and with a confidence.
//
//	go run ./tools/bench/budgets
//
// With -accuracy and -latency the device is the one of a latency predictor instead, such as an
// imported table, taken as the truth. It prints Markdown.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/tailor-nas/tailor/internal/simulated"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

// bench is what is counted.
type bench struct {
	devices     int // for each space, each with predictors fitted to networks of its own
	budgets     int // for each predictor
	evaluations int
	confidence  float64
	accuracy    string // file; empty for an invented one
	latency     string // file; empty for invented devices
}

func main() {
	var b bench
	flag.IntVar(&b.devices, "devices", 20, "devices, each with networks of its own")
	flag.IntVar(&b.budgets, "budgets", 5, "budgets for each device")
	flag.IntVar(&b.evaluations, "evaluations", 10_000, "networks that each search examines")
	flag.Float64Var(&b.confidence, "confidence", 0.9, "confidence")
	spaces := flag.String("spaces", "mbv3-cifar,mbv3-tiny,ofa-mbv3,ofa-resnet50", "search spaces")
	networks := flag.String("networks", "30", "networks that predictors are fitted to")
	flag.StringVar(&b.accuracy, "accuracy", "", "accuracy predictor of the space")
	flag.StringVar(&b.latency, "latency", "", "latency predictor that is the truth")
	flag.Parse()
	if err := b.run(os.Stdout, *spaces, *networks); err != nil {
		fmt.Fprintln(os.Stderr, "budgets:", err)
		os.Exit(1)
	}
}

func (b bench) run(w io.Writer, spaces, networks string) error {
	fmt.Fprintf(w, "| space | networks | winners | held-out error | by prediction | over by at most "+
		"| with confidence %g | over by at most | predicted latency lower by |\n", b.confidence)
	fmt.Fprintln(w, "|---|---|---|---|---|---|---|---|---|")
	for _, name := range strings.Split(spaces, ",") {
		space, err := supernet.LoadSpace(name)
		if err != nil {
			return err
		}
		for _, text := range strings.Split(networks, ",") {
			n, err := strconv.Atoi(text)
			if err != nil {
				return fmt.Errorf("networks %q: %w", text, err)
			}
			c, err := b.count(space, n)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			c.print(w, name, n)
		}
	}
	return nil
}

// truth is a device and an accuracy.
type truth struct {
	latency  func(supernet.Arch) (ms float64)
	accuracy search.Predictor
}

// truth invents a device, or takes the one of the files.
func (b bench) truth(space *supernet.Space, seed uint64) (truth, error) {
	d := simulated.NewDevice(seed)
	t := truth{
		latency:  func(a supernet.Arch) float64 { return d.NetworkMS(space.Blocks(a)) },
		accuracy: simulated.NewAccuracy(space, seed),
	}
	if b.accuracy != "" {
		a, err := predictor.LoadAccuracy(b.accuracy, space)
		if err != nil {
			return t, err
		}
		t.accuracy = a
	}
	if b.latency != "" {
		l, err := predictor.LoadLatency(b.latency, space)
		if err != nil {
			return t, err
		}
		t.latency = func(a supernet.Arch) float64 {
			ms, err := l.Predict([]supernet.Arch{a})
			if err != nil {
				return math.NaN()
			}
			return ms[0]
		}
	}
	return t, nil
}

// counts is what became of winners: by prediction alone, and with the confidence.
type counts struct {
	winners, kept    [2]int
	worst            [2]float64 // share over the budget
	errors, narrower float64    // sums
}

func (c *counts) print(w io.Writer, space string, networks int) {
	all := float64(c.winners[0])
	fmt.Fprintf(w, "| %s | %d | %d | %.1f %% | %.0f %% | %.1f %% | **%.0f %%** | %.1f %% | "+
		"%.1f %% |\n", space, networks, c.winners[0], 100*c.errors/all,
		100*float64(c.kept[0])/all, 100*c.worst[0], 100*float64(c.kept[1])/float64(c.winners[1]),
		100*c.worst[1], 100*c.narrower/all)
}

// count searches on all devices.
func (b bench) count(space *supernet.Space, networks int) (*counts, error) {
	c := &counts{}
	for seed := range uint64(b.devices) {
		t, err := b.truth(space, seed+1)
		if err != nil {
			return nil, err
		}
		l, err := fit(space, t, networks, seed+1)
		if err != nil {
			return nil, err
		}
		if err := b.search(space, t, l, seed+1, c); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// fit fits to networks of which the truth is known.
func fit(space *supernet.Space, t truth, n int, seed uint64) (*predictor.Latency, error) {
	var networks []predictor.NetworkTime
	for _, a := range choices.Sample(space, 8*n, seed) {
		if ms := t.latency(a); ms > 0 && len(networks) < n {
			networks = append(networks, predictor.NetworkTime{Arch: a, MS: ms})
		}
	}
	s := regress.Defaults()
	s.Seed = seed
	return predictor.FitLatency(space, nil, networks, s)
}

// search looks for winners within budgets between the fastest and the largest network.
func (b bench) search(space *supernet.Space, t truth, l *predictor.Latency, seed uint64,
	c *counts) error {
	margin, known := search.Selection{
		Genes: len(space.Genes()), Examined: search.Examined(t.accuracy, b.evaluations, false),
		Networks: l.Networks, MAPE: l.HeldOut.MAPE, RMSE: l.HeldOut.RMSE,
	}.Margin(b.confidence)
	if !known {
		return fmt.Errorf("the error of the predictor is not known")
	}
	_, low, err := l.Min()
	if err != nil {
		return err
	}
	low = margin.High(low)
	high, err := l.Predict([]supernet.Arch{space.Max()})
	if err != nil {
		return err
	}
	for i := range b.budgets {
		budget := low * math.Pow(high[0]/low, float64(i+1)/float64(b.budgets+1))
		for j, room := range []search.Margin{0, margin} {
			config := optimize.Defaults()
			config.Seed, config.Evaluations = seed, b.evaluations
			q := search.Query{Space: space, Accuracy: t.accuracy, Latency: l,
				Limits: search.Limits{LatencyMS: room.Within(budget)}}
			a, err := search.Find(context.Background(), q, config)
			if err != nil {
				return err
			}
			over := t.latency(a.Best[0].Arch)/budget - 1
			c.winners[j]++
			if over <= 0 {
				c.kept[j]++
			}
			c.worst[j] = slices.Max([]float64{c.worst[j], over})
		}
		c.errors += l.HeldOut.MAPE
		c.narrower += 1 - margin.Within(budget)/budget
	}
	return nil
}
