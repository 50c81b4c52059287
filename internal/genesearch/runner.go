package genesearch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/tailor-nas/tailor/predictor/genes"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/search/optimize"
)

// DefaultRuns is how many configurations a [Runner] evaluates unless told otherwise.
const DefaultRuns = 60

// Runner looks for the best configuration by running a command on some. The last line that the
// command prints is its value. Runs are one after the other, and kept in a file.
type Runner struct {
	Space   *genes.Space
	Command *Command
	Results string // file of results, from which it goes on
	// Maximize looks for the largest value, not the smallest.
	Maximize bool
	// Repeats is how often each configuration is run, 1 or more; the median counts.
	Repeats int
	Timeout time.Duration // of a run, 0 for none
	// Progress, if set, is called after each configuration.
	Progress func(done, total int, best float64)

	journal *journal
	ran     int
	failed  int
	why     string // the first one failed
	worst   float64
	done    int
	total   int
	best    float64
}

// Runs is what a [Runner] found.
type Runs struct {
	Command     string     `json:"command"`
	Maximize    bool       `json:"maximize,omitempty"`
	Repeats     int        `json:"repeats"`
	Best        []Measured `json:"best"` // the best first
	Evaluations int        `json:"evaluations"`
	Failed      int        `json:"failed"`  // of these
	Resumed     int        `json:"resumed"` // runs that the file of results had
	Ran         int        `json:"ran"`     // runs beside
	Exact       bool       `json:"exact"`   // every configuration was run
}

// Measured is a configuration with its value, the median of its runs.
type Measured struct {
	Genes   map[string]string   `json:"genes"`
	Numbers genes.Configuration `json:"numbers"`
	Value   float64             `json:"value"`
}

// ErrAllFailed is what the error wraps where no run of a command gave a value.
var ErrAllFailed = errors.New("no run gave a value")

// Search evaluates c.Evaluations configurations, which a model chooses one after the other, by what
// it has seen. When ctx ends, the results of the runs until then are in the file.
func (r *Runner) Search(ctx context.Context, c optimize.Config) (runs *Runs, err error) {
	if c.Evaluations == optimize.Auto {
		c.Evaluations = DefaultRuns
	}
	p := optimize.Problem{Genes: r.Space.Sizes(), Objectives: 1, Evaluate: r.evaluate}
	complete, err := c.Complete(p)
	if err != nil {
		return nil, err
	}
	if r.journal, err = openJournal(r.Results, r.Command); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.journal.close()) }()
	r.best, r.worst = math.Inf(1), math.Inf(-1)
	r.ran, r.failed, r.done, r.total = 0, 0, 0, complete.Evaluations
	if n := r.Space.Count(); n.IsInt64() {
		r.total = int(min(int64(r.total), n.Int64()))
	}
	found, err := optimize.Minimize(ctx, p, complete)
	if errors.Is(err, optimize.ErrInfeasible) {
		return nil, fmt.Errorf("%w: all %d configurations failed, the first with %s", ErrAllFailed,
			r.failed, r.why)
	}
	if err != nil {
		return nil, err
	}
	runs = &Runs{Command: r.Command.Text, Maximize: r.Maximize, Repeats: max(r.Repeats, 1),
		Evaluations: found.Evaluations, Failed: r.failed, Resumed: r.journal.runs, Ran: r.ran,
		Exact: found.Status == optimize.Exhausted}
	for _, b := range found.Best {
		runs.Best = append(runs.Best, Measured{r.Space.Named(b.Genes), b.Genes,
			r.signed(b.Objectives[0])})
	}
	return runs, nil
}

// signed makes a value of what is minimised, or the other way round.
func (r *Runner) signed(v float64) float64 {
	if r.Maximize {
		return -v
	}
	return v
}

func (r *Runner) evaluate(ctx context.Context, batch []optimize.Genes,
	out []optimize.Evaluation) error {
	for i, g := range batch {
		o, err := r.outcome(ctx, g)
		if err != nil {
			return err
		}
		if r.done++; o.failed != "" {
			if r.failed++; r.why == "" {
				r.why = o.failed
			}
			// It is as bad as the worst for those who do not ask whether it failed.
			out[i].Violation, out[i].Objectives[0] = 1, max(r.worst, -math.MaxFloat64)
			if math.IsInf(r.worst, 0) {
				out[i].Objectives[0] = 0
			}
		} else {
			v := r.signed(regress.Median(o.values[:max(r.Repeats, 1)]))
			out[i].Violation, out[i].Objectives[0] = 0, v
			r.best, r.worst = min(r.best, v), max(r.worst, v)
		}
		if r.Progress != nil {
			r.Progress(r.done, r.total, r.signed(r.best))
		}
	}
	return nil
}

// outcome runs the command as often as it takes.
func (r *Runner) outcome(ctx context.Context, g genes.Configuration) (*outcome, error) {
	o := r.journal.of(g)
	for o.failed == "" && len(o.values) < max(r.Repeats, 1) {
		value, failed, err := r.run(ctx, g)
		if err != nil {
			return nil, err
		}
		r.ran++
		if failed != "" {
			err = r.journal.add(g, nil, failed)
		} else {
			err = r.journal.add(g, &value, "")
		}
		if err != nil {
			return nil, err
		}
	}
	return o, nil
}

// run runs the command once. A run that fails says so; an error ends the search.
func (r *Runner) run(ctx context.Context, g genes.Configuration) (value float64, failed string,
	err error) {
	if err := ctx.Err(); err != nil {
		return 0, "", err
	}
	limited := ctx
	if r.Timeout > 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, r.Timeout)
		defer cancel()
	}
	args := r.Command.Args(g)
	cmd := exec.CommandContext(limited, args[0], args[1:]...)
	alone(cmd)
	cmd.WaitDelay = time.Second // for what it started, and left behind
	var stdout, stderr tail
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		return 0, "", fmt.Errorf("%w: %w", ErrCommand, err)
	}
	err = cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return 0, "", ctx.Err()
	case limited.Err() != nil:
		return 0, fmt.Sprintf("it took more than %s", r.Timeout), nil
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		return 0, strings.TrimSuffix(fmt.Sprintf("%v: %s", err, stderr.lastLine()), ": "), nil
	}
	last := stdout.lastLine()
	value, err = strconv.ParseFloat(last, 64)
	if err != nil || math.IsInf(value, 0) || math.IsNaN(value) {
		return 0, fmt.Sprintf("the last line that it printed is %.60q, expected a number", last), nil
	}
	return value, "", nil
}

// tail keeps the end of what is written to it.
type tail struct{ text []byte }

// tailBytes is how much a tail keeps.
const tailBytes = 4096

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p[max(0, len(p)-tailBytes):]...)
	if over := len(t.text) - tailBytes; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(p), nil
}

// lastLine is the last one that is not blank, as far as it is text.
func (t *tail) lastLine() string {
	text := bytes.TrimSpace(t.text)
	text = bytes.TrimSpace(text[bytes.LastIndexAny(text, "\r\n")+1:])
	return strings.ToValidUTF8(string(text), "?")
}
