// Command latency measures how good latency predictors are that are fitted to so many whole
// networks, alone and with predictors of other devices. The devices are the tables of a predictor,
// such as one that tailor import ofa-latency makes, and invented ones, so that the truth is known;
// or, with -profiles, those that tailor profile --networks 500 has measured, of which networks are
// kept apart to be predicted. It prints Markdown.
//
//	go run ./tools/bench/latency -table note10.json
//	go run ./tools/bench/latency -table note10.json -draws 8
//	go run ./tools/bench/latency -table note10.json -choose -draws 20 -noise 0.02
//	go run ./tools/bench/latency -space SPACE -profiles native.json,onnxruntime.json
package main

import (
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"

	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/supernet"
)

func main() {
	b := &bench{}
	name := flag.String("space", "ofa-mbv3-w1.2", "search space")
	table := flag.String("table", "", "latency predictor whose tables are one of the devices")
	files := flag.String("profiles", "", "profiles that are the devices, with commas between")
	draws := flag.Int("draws", 0, "draws of networks to transfer to; 0 for fits to networks alone")
	choose := flag.Bool("choose", false, "compare networks that are chosen for sources with others")
	flag.Float64Var(&b.noise, "noise", 0.01, "standard deviation of a time, as a share")
	flag.Uint64Var(&b.seed, "seed", 1, "seed of networks and noise")
	flag.Parse()
	var err error
	if b.space, err = supernet.LoadSpace(*name); err == nil {
		err = b.run(*table, *files, *draws, *choose)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "latency:", err)
		os.Exit(1)
	}
}

func (b *bench) run(table, files string, draws int, choose bool) (err error) {
	switch {
	case files != "" && draws > 0:
		return b.between(os.Stdout, files, draws)
	case files != "":
		return b.learning(os.Stdout, files)
	}
	if b.table, err = predictor.LoadLatency(table, b.space); err != nil {
		return err
	}
	b.findResolutions()
	if choose {
		return b.designs(os.Stdout, max(draws, 1))
	}
	if draws > 0 {
		return b.transfers(os.Stdout, draws)
	}
	return b.alone(os.Stdout)
}

type bench struct {
	space       *supernet.Space
	table       *predictor.Latency
	resolutions []int // that the table has
	noise       float64
	seed        uint64
}

// unseen is how many other networks are predicted.
const unseen = 300

func (b *bench) findResolutions() {
	for _, r := range b.space.Resolutions {
		a := b.space.Min()
		a.Resolution = uint16(r)
		if _, err := b.table.Predict([]supernet.Arch{a}); err == nil {
			b.resolutions = append(b.resolutions, r)
		}
	}
}

// timed are random networks with their times on a device.
func (b *bench) timed(d device, n int, noise float64, stream uint64) []predictor.NetworkTime {
	r := rand.New(rand.NewPCG(b.seed, stream))
	all := make([]predictor.NetworkTime, n)
	for i := range all {
		a := b.space.Random(r)
		a.Resolution = uint16(b.resolutions[i%len(b.resolutions)])
		all[i] = predictor.NetworkTime{Arch: a, MS: d.network(a) * (1 + noise*r.NormFloat64())}
	}
	return all
}

// alone fits to networks alone.
func (b *bench) alone(w io.Writer) error {
	fmt.Fprintf(w, "%s at %v px, noise of %.1f %%. Error on %d other networks without noise:\n\n",
		b.space.Name, b.resolutions, 100*b.noise, unseen)
	fmt.Fprintln(w, "| device | networks fitted to | by | error | stated | rho |\n"+
		"|---|---|---|---|---|---|")
	for _, d := range b.devices() {
		all, others := b.timed(d, 1000, b.noise, 1), b.timed(d, unseen, 0, 2)
		for _, n := range []int{20, 50, 100, 400, 1000} {
			l, err := predictor.FitLatency(b.space, nil, all[:n], regress.Defaults())
			if err != nil {
				return err
			}
			h, err := compare(l, others)
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "| %s | %d | %s | %.2f %% | %.2f %% | %.4f |\n", d.name, n,
				l.Candidates[0].Method, 100*h.MAPE, 100*l.HeldOut.MAPE, h.Spearman)
		}
	}
	return nil
}

// compare says how far off a predictor is.
func compare(l *predictor.Latency, networks []predictor.NetworkTime) (regress.HeldOut, error) {
	archs, ms := make([]supernet.Arch, len(networks)), make([]float64, len(networks))
	for i, n := range networks {
		archs[i], ms[i] = n.Arch, n.MS
	}
	predicted, err := l.Predict(archs)
	if err != nil {
		return regress.HeldOut{}, err
	}
	return regress.Compare(predicted, ms), nil
}
