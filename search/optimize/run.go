package optimize

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// batchLimit is the most candidates in a call of Evaluate: enough to keep workers busy, little
// enough to stop soon.
const batchLimit = 1024

// Streams of random numbers, so that no part of a run depends on how many numbers another part
// drew.
const (
	streamPopulation = 1 << 32 // + number of the population
	streamEvolution  = 2 << 32 // + number of the population
	streamLocal      = 3 << 32
	streamRandom     = 4 << 32
	streamBaseline   = 5 << 32
	streamModel      = 6 << 32
)

// errBudget ends a part of a run that wants more evaluations than are left.
var errBudget = errors.New("evaluations spent")

// run is the state of one call of Minimize or Random. Candidates are proposed first, which numbers
// them in the table, and evaluated together by flush.
type run struct {
	ctx       context.Context
	problem   *Problem
	config    Config
	table     *table
	archive   archive
	evaluated int // candidates of the table that have values; those after are pending
	feasible  int
	least     int32     // the least violating of all, then the best of those; -1 at first
	best      []float64 // for Point.Best
	history   []Point
	limit     int // evaluations that the current part of the run may reach

	// Buffers, kept between calls.
	scratch Genes
	batch   []Genes
	out     []Evaluation
}

func newRun(ctx context.Context, p *Problem, c Config) (*run, error) {
	c, err := c.Complete(*p)
	if err != nil {
		return nil, err
	}
	r := &run{ctx: ctx, problem: p, config: c, limit: c.Evaluations,
		scratch: make(Genes, len(p.Genes))}
	r.reset()
	return r, nil
}

// reset forgets all candidates.
func (r *run) reset() {
	r.table = newTable(len(r.problem.Genes), r.problem.Objectives, min(r.config.Evaluations, 1<<16))
	r.archive = archive{table: r.table, top: r.config.Top}
	r.evaluated, r.feasible, r.least, r.best, r.history = 0, 0, -1, nil, nil
}

func (r *run) rand(stream uint64) *rand.Rand { return rand.New(rand.NewPCG(r.config.Seed, stream)) }

// left is the number of candidates that may still be proposed.
func (r *run) left() int { return r.limit - r.table.len() }

// propose is the one way into the table, and so the place that sees to it that what Evaluate gets
// is canonical, inside the space and new. It returns the number of g's canonical form, and whether
// it is new to the run. A new one waits for flush.
func (r *run) propose(g Genes) (id int32, fresh bool, err error) {
	copy(r.scratch, g)
	if err := r.problem.canonical(r.scratch); err != nil {
		return 0, false, err
	}
	id, slot := r.table.find(r.scratch)
	if id >= 0 {
		return id, false, nil
	}
	if r.left() <= 0 {
		return 0, false, errBudget
	}
	return r.table.add(r.scratch, slot), true, nil
}

// flush evaluates what waits. The context counts only while something does: a run whose last batch
// is done has succeeded.
func (r *run) flush() error {
	for r.evaluated < r.table.len() {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		if err := r.evaluate(min(r.table.len()-r.evaluated, batchLimit)); err != nil {
			return err
		}
		if r.config.Progress != nil {
			r.config.Progress(Progress{Point: r.point(), Budget: r.config.Evaluations,
				Found: len(r.archive.ids)})
		}
	}
	return nil
}

// evaluate gives the next n waiting candidates their values.
func (r *run) evaluate(n int) error {
	r.batch, r.out = r.batch[:0], r.out[:0]
	for id := int32(r.evaluated); id < int32(r.evaluated+n); id++ {
		// Objectives are written right into the table, where NaN stands for a value that Evaluate
		// forgot.
		r.batch = append(r.batch, r.table.at(id))
		r.out = append(r.out, Evaluation{Objectives: r.table.valuesAt(id)})
	}
	if err := r.problem.Evaluate(r.ctx, r.batch, r.out); err != nil {
		// Evaluate may put the end of the context in its own words; what came before is worth
		// keeping then.
		if ended := r.ctx.Err(); ended != nil {
			return ended
		}
		return fmt.Errorf("evaluating %d candidates after %d: %w", n, r.evaluated, err)
	}
	for i, e := range r.out {
		if err := e.check(r.problem.Objectives); err != nil {
			return fmt.Errorf("evaluation of candidate %v: %w", r.batch[i], err)
		}
		r.accept(int32(r.evaluated), e)
	}
	return nil
}

// accept files the checked evaluation of candidate id.
func (r *run) accept(id int32, e Evaluation) {
	// which does nothing unless Evaluate replaced the slice
	copy(r.table.valuesAt(id), e.Objectives)
	r.table.violations[id] = e.Violation
	r.evaluated++
	if r.least < 0 || r.table.compare(id, r.least) < 0 {
		r.least = id
	}
	if e.Violation > 0 {
		return
	}
	r.feasible++
	// What lowers an objective is dominated by nobody, so the archive has taken it.
	if r.archive.add(id) && r.improves(id) {
		r.history = append(r.history, r.point())
	}
}

// improves lowers the best values to those of id, and reports whether there was anything to lower.
func (r *run) improves(id int32) bool {
	if r.best == nil {
		r.best = slices.Repeat([]float64{math.Inf(1)}, r.problem.Objectives)
	}
	lower := false
	for i, v := range r.table.valuesAt(id) {
		if v < r.best[i] {
			r.best[i], lower = v, true
		}
	}
	return lower
}

func (r *run) point() Point {
	return Point{Evaluations: r.evaluated, Feasible: r.feasible, Best: slices.Clone(r.best)}
}

// finish turns the state into what the caller gets, given the error or nil that ended the run.
func (r *run) finish(status Status, err error) (*Result, error) {
	ended := r.ctx.Err()
	if err != nil && (ended == nil || !errors.Is(err, ended)) {
		return nil, err
	}
	result := &Result{Evaluations: r.evaluated, Feasible: r.feasible, Status: status,
		table: r.table, evaluated: r.evaluated}
	for _, id := range r.archive.sorted() {
		result.Best = append(result.Best, r.table.candidate(id))
	}
	result.History = r.history
	if n := len(r.history); n == 0 || r.history[n-1].Evaluations < r.evaluated {
		result.History = append(r.history, r.point())
	}
	if err != nil {
		result.Status = Cancelled
		return result, fmt.Errorf("stopped after %d of at most %d evaluations: %w", r.evaluated,
			r.config.Evaluations, err)
	}
	if r.feasible == 0 {
		return result, &InfeasibleError{Least: r.table.candidate(r.least), Evaluations: r.evaluated,
			Proven: status == Exhausted}
	}
	return result, nil
}
