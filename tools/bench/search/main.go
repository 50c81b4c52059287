// Command search measures tailor's search on a space with given predictors: what it finds for some
// budgets with several seeds, beside OFA's evolution and random search, and how long the program
// takes.
//
//	go build -o tailor ./cmd/tailor
//	go run ./tools/bench/search -tailor ./tailor -space ofa-mbv3-w1.2 \
//		-accuracy accuracy.json -latency note10.json -budgets 15,20,25,30,40 \
//		-plot docs/results/search.svg
//
// With -known, the best top-1 known for each budget, or -long, for which it searches longer, it
// says by how much searches and fronts are short of the best.
//
// With -python, -predictor and -tables OFA's own package searches too (see peer.py). It prints
// Markdown.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tailor-nas/tailor/internal/report"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
)

type bench struct {
	space    *supernet.Space
	accuracy *predictor.Accuracy
	latency  *predictor.Latency
	budgets  []float64
	seeds    int
	peer     peer
	known    []float64            // by budget; nil if it is not
	found    map[float64]*answers // of searches, by budget; nil if they are not compared
}

func main() {
	tailor := flag.String("tailor", "", "the program, to time; empty leaves times out")
	space := flag.String("space", "ofa-mbv3-w1.2", "search space")
	accuracy := flag.String("accuracy", "accuracy.json", "accuracy predictor")
	latency := flag.String("latency", "latency.json", "latency predictor")
	budgets := flag.String("budgets", "15,20,25,30,40", "in milliseconds")
	seeds := flag.Int("seeds", 10, "searches for each budget")
	long := flag.Int("long", 0,
		"evaluations of searches, for each budget together, whose best is taken for the best there is, to hold gaps against; 0 leaves that out")
	known := flag.String("known", "",
		"best top-1 known of each budget, to hold searches and fronts against; empty leaves that out")
	plot := flag.String("plot", "", "file for the curves of seed 1")
	var ofa peer
	flag.StringVar(&ofa.python, "python", "", "Python that has OFA's package; empty leaves it out")
	flag.StringVar(&ofa.predictor, "predictor", "acc_predictor.pth",
		"what -accuracy was imported from, for OFA's package")
	flag.StringVar(&ofa.tables, "tables", "note10",
		"what -latency was imported from, for OFA's package")
	flag.Parse()
	if err := run(os.Stdout, *tailor, *space, *accuracy, *latency, *budgets, *known, *plot, *seeds,
		*long, ofa); err != nil {
		fmt.Fprintln(os.Stderr, "search:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, tailor, space, accuracy, latency, budgets, known, plot string, seeds,
	long int, ofa peer) error {
	b := bench{seeds: max(seeds, 1), peer: ofa}
	var err error
	if b.space, err = supernet.LoadSpace(space); err != nil {
		return err
	}
	if b.accuracy, err = predictor.LoadAccuracy(accuracy, b.space); err != nil {
		return err
	}
	if b.latency, err = predictor.LoadLatency(latency, b.space); err != nil {
		return err
	}
	if b.budgets, err = numbers(budgets); err != nil {
		return fmt.Errorf("budgets: %w", err)
	}
	if known != "" {
		if b.known, err = numbers(known); err != nil {
			return fmt.Errorf("best known: %w", err)
		}
		if len(b.known) != len(b.budgets) {
			return fmt.Errorf("best known of %d budgets, expected %d", len(b.known), len(b.budgets))
		}
	}
	compared := long > 0 || known != ""
	if compared {
		b.found = map[float64]*answers{}
	}
	lines, err := b.methods(w)
	if err != nil {
		return err
	}
	if plot != "" {
		if err := report.Convergence(plot, lines); err != nil {
			return err
		}
	}
	fronts, seconds, err := b.fronts()
	if err != nil {
		return err
	}
	if err := b.front(w, fronts, seconds); err != nil {
		return err
	}
	if compared {
		if err := b.gaps(w, fronts, long); err != nil {
			return err
		}
	}
	if tailor == "" {
		return nil
	}
	return b.times(w, tailor, space, accuracy, latency)
}

// numbers reads a list.
func numbers(list string) (all []float64, err error) {
	for _, text := range strings.Split(list, ",") {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

var methods = []struct {
	name   string
	find   func(context.Context, search.Query, optimize.Config) (*search.Answer, error)
	config optimize.Config
}{
	{"search", search.Find, optimize.Defaults()},
	{"OFA's evolution", by(optimize.Baseline), optimize.Defaults()},
	{"random", by(optimize.Random), seeded(0, 100_000)},
}

func seeded(seed uint64, evaluations int) optimize.Config {
	c := optimize.Defaults()
	c.Seed, c.Evaluations = seed, evaluations
	return c
}

func by(m optimize.Method) func(context.Context, search.Query, optimize.Config) (*search.Answer,
	error) {
	return func(ctx context.Context, q search.Query, c optimize.Config) (*search.Answer, error) {
		return search.FindBy(ctx, m, q, c)
	}
}

// methods prints what each method finds, and gives the curves of the first seed.
func (b *bench) methods(w io.Writer) (lines []report.Line, err error) {
	fmt.Fprintf(w, "| budget | method | median top-1 of %d seeds | smallest | largest | networks within the budget | seconds |\n|---|---|---|---|---|---|---|\n", b.seeds)
	for _, ms := range b.budgets {
		for _, m := range methods {
			var top1 []float64
			feasible, began := 0, time.Now()
			for seed := 1; seed <= b.seeds; seed++ {
				m.config.Seed = uint64(seed)
				answer, err := m.find(context.Background(), b.query(ms), m.config)
				if errors.Is(err, optimize.ErrInfeasible) {
					continue
				}
				if err != nil {
					return nil, err
				}
				best := answer.Best[0]
				if best.LatencyMS > ms {
					return nil, fmt.Errorf("%s, seed %d: %v ms is over the budget of %v", m.name,
						seed, best.LatencyMS, ms)
				}
				if m.name == methods[0].name && b.found != nil {
					if err := b.compare(ms, answer); err != nil {
						return nil, err
					}
				}
				top1 = append(top1, best.Top1)
				feasible += answer.History[len(answer.History)-1].Feasible
				if seed == 1 {
					lines = append(lines, report.Line{Name: m.name, Of: fmt.Sprint(ms, " ms"),
						Points: curve(answer.History)})
				}
			}
			seconds := time.Since(began).Seconds() / float64(b.seeds)
			if len(top1) == 0 {
				fmt.Fprintf(w, "| %v ms | %s | nothing found | - | - | - | %.2f |\n", ms, m.name,
					seconds)
				continue
			}
			fmt.Fprintf(w, "| %v ms | %s | %.4f | %.4f | %.4f | %d | %.2f |\n", ms, m.name,
				median(top1), slices.Min(top1), slices.Max(top1), feasible/b.seeds, seconds)
		}
		if b.peer.python != "" {
			top1, seconds, err := b.ask(ms)
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(w, "| %v ms | OFA's package | %.4f | %.4f | %.4f | 50100 | %.2f |\n", ms,
				median(top1), slices.Min(top1), slices.Max(top1), seconds)
		}
	}
	return lines, nil
}

func (b *bench) query(ms float64) search.Query {
	return search.Query{Space: b.space, Accuracy: b.accuracy, Latency: b.latency,
		Limits: search.Limits{LatencyMS: ms}}
}

func curve(history []optimize.Point) (points []report.Point) {
	for _, p := range history {
		if p.Best != nil {
			points = append(points, report.Point{Evaluations: p.Feasible, Top1: -p.Best[0]})
		}
	}
	return points
}

func median(v []float64) float64 {
	slices.Sort(v)
	return (v[len(v)/2] + v[(len(v)-1)/2]) / 2
}

// fronts finds whole fronts, by seed, and says how long one took.
func (b *bench) fronts() (all []*search.Front, seconds float64, err error) {
	began := time.Now()
	for seed := 1; seed <= b.seeds; seed++ {
		f, err := search.FindFront(context.Background(), b.query(0), search.Latency,
			seeded(uint64(seed), optimize.Auto))
		if err != nil {
			return nil, 0, err
		}
		all = append(all, f)
	}
	return all, time.Since(began).Seconds() / float64(b.seeds), nil
}

// front prints what one run for the whole front gives at the budgets.
func (b *bench) front(w io.Writer, fronts []*search.Front, seconds float64) error {
	fmt.Fprintf(w, "\n| front at | median top-1 of %d seeds | smallest | largest |\n|---|---|---|---|\n", b.seeds)
	for _, ms := range b.budgets {
		var found []float64
		for i, f := range fronts {
			best, ok := f.Best(search.Limits{LatencyMS: ms})
			if !ok {
				return fmt.Errorf("front, seed %d: nothing within %v ms", i+1, ms)
			}
			found = append(found, best.Top1)
		}
		fmt.Fprintf(w, "| %v ms | %.4f | %.4f | %.4f |\n", ms, median(found), slices.Min(found),
			slices.Max(found))
	}
	fmt.Fprintf(w, "\nA front took %.2f s.\n", seconds)
	return nil
}

// times prints the wall times of whole runs of the program on one processor.
func (b *bench) times(w io.Writer, tailor, space, accuracy, latency string) error {
	dir, err := os.MkdirTemp("", "tailor-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	const runs = 5
	fmt.Fprintf(w, "\n| program run, GOMAXPROCS=1 | median seconds of %d | largest |\n|---|---|---|\n", runs)
	for _, ms := range append(slices.Clone(b.budgets), 0) {
		what := "--pareto"
		if ms > 0 {
			what = fmt.Sprintf("--max-latency %vms", ms)
		}
		seconds := make([]float64, runs)
		for i := range seconds {
			args := []string{"search", "--space", space, "--accuracy", accuracy, "--latency",
				latency, "--quiet", "--out", filepath.Join(dir, fmt.Sprint(ms, i))}
			cmd := exec.Command(tailor, append(args, strings.Fields(what)...)...)
			cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
			began := time.Now()
			if out, err := cmd.CombinedOutput(); err != nil {
				return fmt.Errorf("%s: %w: %s", cmd, err, out)
			}
			seconds[i] = time.Since(began).Seconds()
		}
		slices.Sort(seconds)
		fmt.Fprintf(w, "| `%s` | %.2f | %.2f |\n", what, seconds[runs/2], seconds[runs-1])
	}
	return nil
}
