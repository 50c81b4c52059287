// Command prunesearch asks whether it is better, at one measured latency, to prune a larger winner
// or to search for a smaller one.
//
//	go run ./tools/bench/prunesearch --run RUN --accuracy accuracy.json --latency latency.json \
//	    --budgets 2ms,3ms --epochs 10 --seeds 1,2 --work WORK --out prunesearch.jsonl
//
// For each budget and seed there are, with the settings of tailor prune: the winner that search
// finds for the budget, as it is; the same trained for so many epochs with nothing removed, its
// teacher being itself, or the winner of the largest --larger times the budget; and winners of
// larger budgets that are pruned to the budget in as many epochs, by each structure and method.
//
// All networks of a budget, of all seeds, are then measured in turn with each other, tested, and
// written, a line of the output each. Training runs are kept in --work: the command can be
// interrupted and repeated, or repeated with more seeds, structures or methods. A budget for which
// a network is new is measured again as a whole, and of lines for one network the last counts.
// --table prints what is there as Markdown, --plot draws it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer/prune"
)

func main() {
	b := &bench{}
	var l lists
	flag.StringVar(&b.run, "run", "", "`folder` of the trained supernet")
	flag.StringVar(&b.data, "data", "", "the run's data; default where it was when training")
	flag.StringVar(&b.accuracy, "accuracy", "", "`file` that fit accuracy wrote for the run")
	flag.StringVar(&b.latency, "latency", "",
		"`file` that fit latency wrote, of this device and tailor's engine")
	flag.StringVar(&l.budgets, "budgets", "2ms,3ms,4ms,5ms", "latency budgets")
	flag.StringVar(&l.larger, "larger", "1.5,2",
		"a pruned network's parent is the winner for so many times the budget")
	flag.BoolVar(&b.largest, "largest", true, "and the winner for the largest of all these budgets")
	flag.BoolVar(&b.teacher, "teacher", true,
		"train winners on with a larger winner as teacher, too")
	flag.StringVar(&l.structures, "structures", "channels,weights,vectors16", "what is removed")
	flag.StringVar(&l.methods, "methods", "magnitude,ssgd", "how it is trained meanwhile")
	flag.StringVar(&l.seeds, "seeds", "1,2", "seeds of searching and training")
	flag.IntVar(&b.epochs, "epochs", 10, "of every training")
	flag.IntVar(&b.batch, "batch", 128, "images a step")
	flag.Float64Var(&b.distill, "distill", 0.5, "share of the target that is the teacher's answer")
	flag.DurationVar(&b.timing, "timing", 0,
		"time to measure the networks of a budget; default 2 s each")
	flag.DurationVar(&b.variants, "variants", 0,
		"time to measure what pruned blocks of a parent take; default what they need")
	flag.BoolVar(&b.trainOnly, "train-only", false,
		"measure nothing at the end: repeat without it on a quiet machine")
	flag.IntVar(&b.workers, "workers", 1, "goroutines that train; results do not depend on it")
	flag.StringVar(&b.work, "work", "", "`folder` for winners and training runs")
	flag.StringVar(&b.out, "out", "", "`file` of results, one JSON object a line")
	flag.BoolVar(&b.table, "table", false, "print the results as Markdown, run nothing")
	flag.StringVar(&b.plot, "plot", "", "draw them to this .svg or .png, run nothing")
	flag.Parse()
	err := b.parse(l)
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		defer stop()
		err = b.do(ctx, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "prunesearch:", err)
		os.Exit(1)
	}
}

// bench is the command.
type bench struct {
	run, data, accuracy, latency, work, out, plot string
	plan
	batch, workers   int
	distill          float64
	timing, variants time.Duration
	trainOnly, table bool
}

// lists are flags of several values.
type lists struct{ budgets, larger, structures, methods, seeds string }

func (b *bench) parse(l lists) (err error) {
	if b.out == "" {
		return fmt.Errorf("expected --out FILE; see --help")
	}
	if b.table || b.plot != "" {
		return nil
	}
	for name, path := range map[string]string{"run": b.run, "accuracy": b.accuracy,
		"latency": b.latency, "work": b.work} {
		if path == "" {
			return fmt.Errorf("expected --%s; see --help", name)
		}
	}
	if b.budgets, err = values(l.budgets, milliseconds); err != nil {
		return fmt.Errorf("--budgets: %w", err)
	}
	if b.larger, err = values(l.larger, times); err != nil {
		return fmt.Errorf("--larger: %w", err)
	}
	if b.seeds, err = values(l.seeds, func(s string) (uint64, error) {
		return strconv.ParseUint(s,
			10, 64)
	}); err != nil {
		return fmt.Errorf("--seeds: %w", err)
	}
	if b.structures, err = values(l.structures, structure); err != nil {
		return fmt.Errorf("--structures: %w", err)
	}
	if b.methods, err = values(l.methods, method); err != nil {
		return fmt.Errorf("--methods: %w", err)
	}
	return nil
}

// values reads a list that is separated by commas, in which nothing is twice.
func values[T comparable](list string, read func(string) (T, error)) (all []T, err error) {
	for _, text := range strings.Split(list, ",") {
		v, err := read(text)
		if err != nil {
			return nil, err
		}
		if slices.Contains(all, v) {
			return nil, fmt.Errorf("%s is there twice", text)
		}
		all = append(all, v)
	}
	return all, nil
}

func milliseconds(text string) (float64, error) {
	d, err := time.ParseDuration(text)
	if err == nil && d <= 0 {
		err = fmt.Errorf("%s: expected a time above 0, such as 3ms", text)
	}
	return float64(d) / float64(time.Millisecond), err
}

func times(text string) (float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err == nil && !(v > 1 && v <= 100) {
		err = fmt.Errorf("%s: expected more than 1, at most 100", text)
	}
	return v, err
}

func structure(text string) (supernet.Structure, error) {
	s := supernet.Structure(text)
	return s, s.Check()
}

func method(text string) (prune.Method, error) {
	m := prune.Method(text)
	if !slices.Contains(prune.Methods(), m) {
		return m, fmt.Errorf("%q is unknown; use some of %v", text, prune.Methods())
	}
	return m, nil
}
