// Command predictor measures how good an accuracy predictor of a run is for networks that it has
// not seen, and whether the networks that a search finds with it are better than the best of many
// random ones that were measured. It prints Markdown.
//
//	go run ./tools/bench/predictor --run RUN --accuracy accuracy.json --macs 600000,1000000
//
// All accuracies are measured, on the images held out of training; the best by these are measured
// again on the test images, which nothing was chosen by. Measurements are kept in the run, so that
// the command can be interrupted and repeated.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"

	"github.com/tailor-nas/tailor/internal/meter"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
	"github.com/tailor-nas/tailor/trainer"
)

func main() {
	b := &bench{}
	flag.StringVar(&b.run, "run", "", "`folder` of the run")
	flag.StringVar(&b.data, "data", "", "the run's data; default where it was when training")
	flag.StringVar(&b.accuracy, "accuracy", "", "`file` that fit accuracy wrote")
	flag.StringVar(&b.macs, "macs", "", "budgets, separated by commas")
	flag.IntVar(&b.heldOut, "heldout", 100, "random networks that the predictor was not fitted to")
	flag.IntVar(&b.random, "random", 400, "random networks within each budget")
	flag.IntVar(&b.top, "top", 5, "best predicted networks to measure")
	flag.IntVar(&b.calibration, "calibration", 1000,
		"training images for batch norm, as for fit accuracy")
	flag.Uint64Var(&b.seed, "seed", 1000, "seed of the random networks")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := b.do(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "predictor:", err)
		os.Exit(1)
	}
}

type bench struct {
	run, data, accuracy, macs         string
	heldOut, random, top, calibration int
	seed                              uint64

	space     *supernet.Space
	predictor *predictor.Accuracy
	val, test *meter.Meter
}

func (b *bench) do(ctx context.Context, w io.Writer) error {
	run, err := trainer.OpenRun(b.run)
	if err != nil {
		return err
	}
	b.space = run.Info.Space
	if b.predictor, err = predictor.LoadAccuracy(b.accuracy, b.space); err != nil {
		return err
	}
	d, err := run.OpenData(b.data)
	if err != nil {
		return err
	}
	for _, m := range []struct {
		meter **meter.Meter
		test  bool
	}{{&b.val, false}, {&b.test, true}} {
		*m.meter, err = meter.Open(ctx, run, d, meter.Settings{
			Test: m.test, Calibration: b.calibration, Workers: runtime.GOMAXPROCS(0),
			Seed: b.predictor.Seed,
		})
		if err != nil {
			return err
		}
		defer (*m.meter).Close()
		(*m.meter).Progress = func(done, total int) {
			fmt.Fprintf(os.Stderr, "\r%d of %d ", done,
				total)
		}
	}
	if err := b.unseen(ctx, w); err != nil {
		return err
	}
	return b.budgets(ctx, w)
}

// unseen compares predictions with measurements of random networks.
func (b *bench) unseen(ctx context.Context, w io.Writer) error {
	known := map[supernet.Arch]bool{}
	for _, a := range choices.Sample(b.space, b.predictor.Samples, b.predictor.Seed) {
		known[a] = true
	}
	archs := b.draw(b.heldOut, func(a supernet.Arch) bool { return !known[a] })
	val, err := values(ctx, b.val, archs)
	if err != nil {
		return err
	}
	test, err := values(ctx, b.test, archs)
	if err != nil {
		return err
	}
	predicted, err := b.predictor.Predict(archs)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%d random networks, predictor of %d samples, %d images each:\n\n", len(archs),
		b.predictor.Samples, b.val.Images())
	fmt.Fprintln(w, "| compared with the measured top-1 | RMSE, points | Kendall tau | Spearman |\n|---|---|---|---|")
	row := func(name string, h regress.HeldOut) {
		fmt.Fprintf(w, "| %s | %.2f | %.3f | %.3f |\n", name, 100*h.RMSE, h.KendallTau, h.Spearman)
	}
	row("predicted", regress.Compare(predicted, val))
	for _, r := range b.space.Resolutions {
		var p, m []float64
		for i, a := range archs {
			if int(a.Resolution) == r {
				p, m = append(p, predicted[i]), append(m, val[i])
			}
		}
		if len(m) > 1 {
			row(fmt.Sprintf("predicted, %d networks at %d px", len(m), r), regress.Compare(p, m))
		}
	}
	row(fmt.Sprintf("measured again, on %d test images", b.test.Images()),
		regress.Compare(test, val))
	return nil
}

// budgets compares what a search finds with the best of random networks.
func (b *bench) budgets(ctx context.Context, w io.Writer) error {
	if b.macs == "" {
		return nil
	}
	fmt.Fprintf(w, "\nBest of %d random networks, and of the %d best predicted, within a budget; both chosen by top-1 measured on the held-out images:\n\n", b.random, b.top)
	fmt.Fprintln(w, "| MACs | chosen from | networks measured | held-out top-1 | test top-1 |\n|---|---|---|---|---|")
	for _, text := range strings.Split(b.macs, ",") {
		limit, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return fmt.Errorf("--macs: %w", err)
		}
		config := optimize.Defaults()
		config.Seed, config.Top = 1, b.top
		answer, err := search.Find(ctx, search.Query{Space: b.space, Accuracy: b.predictor,
			Limits: search.Limits{MACs: limit}}, config)
		if err != nil {
			return err
		}
		var found []supernet.Arch
		for _, f := range answer.Best {
			found = append(found, f.Arch)
		}
		random := b.draw(b.random,
			func(a supernet.Arch) bool { return supernet.MACs(b.space.Blocks(a)) <= limit })
		for _, from := range []struct {
			name  string
			archs []supernet.Arch
		}{{"random", random}, {"search", found}} {
			if err := b.best(ctx, w, limit, from.name, from.archs); err != nil {
				return err
			}
		}
	}
	return nil
}

// best measures networks and prints the best one.
func (b *bench) best(ctx context.Context, w io.Writer, limit int64, name string,
	archs []supernet.Arch) error {
	val, err := values(ctx, b.val, archs)
	if err != nil {
		return err
	}
	at := 0
	for i := range val {
		if val[i] > val[at] {
			at = i
		}
	}
	test, err := values(ctx, b.test, archs[at:at+1])
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "| %d | %s | %d | %.2f %% | %.2f %% |\n", limit, name, len(archs), 100*val[at],
		100*test[0])
	return nil
}

// draw gives up to n distinct random networks that pass.
func (b *bench) draw(n int, pass func(supernet.Arch) bool) (archs []supernet.Arch) {
	r := rand.New(rand.NewPCG(b.seed, 0))
	seen := map[supernet.Arch]bool{}
	for range 1000 * n {
		if a := b.space.Random(r); len(archs) < n && !seen[a] && pass(a) {
			seen[a] = true
			archs = append(archs, a)
		}
	}
	return archs
}

func values(ctx context.Context, m *meter.Meter, archs []supernet.Arch) ([]float64, error) {
	samples, err := m.Measure(ctx, archs)
	if err != nil {
		return nil, err
	}
	v := make([]float64, len(samples))
	for i, s := range samples {
		v[i] = s.Value
	}
	return v, nil
}
