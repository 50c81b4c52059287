// Command deps compares strategies of training a supernet: DepS with its rivals at the budgets of
// their papers and at equal cost, and with itself without some of its parts.
//
//	go run ./tools/bench/deps --space SPACE --data DATA --epochs 27 --rows budgets,equal \
//	    --work WORK --out deps.jsonl
//
// Each row is a training with some options, and then tests of its sub-networks at six numbers of
// MACs, from the smallest network's to the largest one's: of the best that a search finds within
// them with a predictor of the run's, chosen by the held-out images, and of ten random networks of
// about as many. All are tested on the test images after calibration of batch norm. A row is a line
// of the output. Trainings and measurements are kept in --work: the command can be interrupted and
// repeated, or repeated with more rows and seeds, and does what is missing.
//
// --rows are sets by name (budgets, equal, ablations), or YAML files of the kind deps-rows/1 (see
// rows.go). --list says what they cost. --table prints what is there as Markdown, --plot draws it:
// all of it or, with --rows, these alone.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"

	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

func main() {
	b := &bench{config: trainer.Defaults()}
	var l lists
	flag.StringVar(&l.space, "space", "mbv3-cifar", "space that is trained: a name or a YAML `file`")
	flag.StringVar(&b.data, "data", "", "images, as for tailor train")
	flag.IntVar(&b.config.Epochs, "epochs", 27, "of DepS")
	flag.IntVar(&b.config.Batch, "batch", b.config.Batch, "images a step")
	flag.Float64Var(&b.config.LR, "lr", trainer.DefaultLR, "learning rate at the start")
	flag.StringVar(&l.rows, "rows", "",
		"sets or files of rows; default budgets,equal,ablations or, to be shown, all there are")
	flag.StringVar(&l.seeds, "seeds", "1", "seeds of training")
	flag.IntVar(&b.points, "points", 6, "numbers of MACs at which networks are tested")
	flag.IntVar(&b.random, "random", 10, "random networks at each")
	flag.IntVar(&b.top, "top", 5, "best predicted networks of which the best measured is taken")
	flag.IntVar(&b.samples, "samples", 200, "networks that the predictor is fitted to")
	flag.IntVar(&b.calibration, "calibration", 2000, "training images for batch norm")
	flag.IntVar(&b.trainImages, "train-images", trainer.Auto, "of synthetic data")
	flag.IntVar(&b.testImages, "test-images", trainer.Auto, "of synthetic data")
	flag.IntVar(&b.workers, "workers", 2, "goroutines; results do not depend on it")
	flag.StringVar(&b.work, "work", "", "`folder` of trainings")
	flag.StringVar(&b.out, "out", "", "`file` of results, one JSON object a line")
	flag.BoolVar(&b.list, "list", false, "print the rows with their costs, run nothing")
	flag.BoolVar(&b.table, "table", false, "print the results as Markdown, run nothing")
	flag.StringVar(&b.plot, "plot", "", "draw the best networks to this .svg or .png, run nothing")
	flag.StringVar(&b.plotRandom, "plot-random", "", "draw the means of random networks likewise")
	flag.Parse()
	err := b.parse(l)
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		defer stop()
		err = b.do(ctx, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "deps:", err)
		os.Exit(1)
	}
}

// bench is the command.
type bench struct {
	config                                    trainer.Config // of DepS; rows change it
	space                                     *supernet.Space
	rows                                      []row
	seeds                                     []uint64
	points, random, top, samples, calibration int
	trainImages, testImages, workers          int
	data, work, out, plot, plotRandom         string
	list, table                               bool
	knownMACs                                 map[supernet.Arch]int64
}

// lists are flags that are read later.
type lists struct{ space, rows, seeds string }

func (b *bench) parse(l lists) (err error) {
	if b.out == "" && !b.list {
		return fmt.Errorf("expected --out FILE; see --help")
	}
	if b.reads() && l.rows == "" {
		return nil
	}
	if b.rows, err = readRows(strings.Split(cmp.Or(l.rows, allSets), ",")); err != nil {
		return err
	}
	if b.reads() {
		return nil
	}
	if b.data == "" || b.work == "" && !b.list {
		return fmt.Errorf("expected --data and --work; see --help")
	}
	if b.points < 2 || b.random < 1 || b.top < 1 || b.calibration < 1 || b.workers < 1 {
		return fmt.Errorf("expected --points of 2 or more, and --random, --top, --calibration and --workers of 1 or more")
	}
	if b.space, err = supernet.LoadSpace(l.space); err != nil {
		return err
	}
	for _, text := range strings.Split(l.seeds, ",") {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return fmt.Errorf("--seeds: %w", err)
		}
		b.seeds = append(b.seeds, seed)
	}
	return nil
}

// allSets are the rows that are trained where none are named.
const allSets = "budgets,equal,ablations"

// reads says whether only results are looked at.
func (b *bench) reads() bool { return b.table || b.plot != "" || b.plotRandom != "" }

// do does what is asked for.
func (b *bench) do(ctx context.Context, w *os.File) error {
	if b.list {
		return b.listRows(w)
	}
	results, err := openResults(b.out)
	if err != nil {
		return err
	}
	if !b.reads() {
		return b.runAll(ctx, results)
	}
	if b.rows != nil {
		results.only(b.rows)
	}
	if b.table {
		printTables(w, results.rows)
	}
	for path, of := range map[string]func(point) float64{b.plot: bestTop1,
		b.plotRandom: randomTop1} {
		if path == "" {
			continue
		}
		if err := draw(path, results.rows, of); err != nil {
			return err
		}
	}
	return nil
}
