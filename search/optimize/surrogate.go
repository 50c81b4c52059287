package optimize

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/tailor-nas/tailor/internal/kriging"
)

const (
	// modelledUpTo is the number of evaluations above which no model chooses unless asked to, and
	// largeUpTo that in spaces larger than wholePool: evolution finds as much there, in less time.
	modelledUpTo, largeUpTo = 1000, 300
	// modelledGenes and modelledChoices bound the genes, and the choices of each, above which no
	// model chooses unless asked to: it would take seconds, or see too little between choices.
	modelledGenes, modelledChoices = 64, 64
	// modelledMost is how many evaluations a model chooses unless told otherwise.
	modelledMost = 150
	// leastDesign is the least number of candidates that a model begins with, and mostDesign the
	// most; between these it is the number of genes.
	leastDesign, mostDesign = 8, 40
	// Models are fitted again with every refitShare-th part of evaluations more, and beyond
	// rarelyFrom evaluations with every rarelyShare-th.
	refitShare, rarelyFrom, rarelyShare = 10, 100, 4
)

// surrogate chooses candidates one after the other by what Gaussian processes expect of all that
// were not evaluated: the one with the largest expected improvement on the best (Jones et al.,
// "Efficient global optimization of expensive black-box functions", 1998), by the probability that
// it is feasible (Schonlau et al., "Global versus local search in constrained optimization", 1998).
type surrogate struct {
	run       *run
	rng       *rand.Rand
	objective *kriging.Model
	violation *kriging.Model // nil as long as nothing violates
	pool      pool
	ceiling   float64 // objectives above count as that
	refit     int     // evaluations at which to fit again
	stood     int32   // the best candidate at the last fit

	// Of the pool's shortlist.
	value, excess *kriging.Posterior
}

// model spends Config.Modelled evaluations.
func (r *run) model() error {
	r.limit = r.config.Modelled
	defer func() { r.limit = r.config.Evaluations }()
	s := &surrogate{run: r, rng: r.rand(streamModel), objective: kriging.New(r.problem.Genes),
		pool: pool{run: r}}
	if err := s.design(); err != nil {
		return err
	}
	for r.left() > 0 {
		if more, err := s.step(); err != nil || !more {
			return err
		}
	}
	return nil
}

// design evaluates the seeds and, of other candidates, some in which all choices of a gene are
// about as frequent (McKay et al., "A comparison of three methods for selecting values of input
// variables", 1979).
func (s *surrogate) design() error {
	genes := s.run.problem.Genes
	n := max(leastDesign, min(mostDesign, len(genes)))
	start := slices.Clone(s.run.problem.Seeds)
	for range n {
		start = append(start, make(Genes, len(genes)))
	}
	for i, choices := range genes {
		var column []int
		for len(column) < n {
			column = append(column, s.rng.Perm(choices)...)
		}
		s.rng.Shuffle(n, func(a, b int) { column[a], column[b] = column[b], column[a] })
		for k := range n {
			start[len(start)-n+k][i] = uint16(column[k])
		}
	}
	for _, g := range start {
		id, _, err := s.run.propose(g)
		if errors.Is(err, errBudget) {
			break
		}
		if err == nil {
			err = s.run.problem.checkCanonical(s.run.table.at(id))
		}
		if err != nil {
			return err
		}
	}
	return s.run.flush()
}

// step evaluates one more candidate, and reports whether there was one.
func (s *surrogate) step() (bool, error) {
	r := s.run
	if r.evaluated >= s.refit || !s.pool.whole && s.stood != r.top() {
		if err := s.fit(); err != nil {
			return false, err
		}
	}
	at := s.choose()
	if at < 0 {
		return false, nil
	}
	id, _, err := r.propose(s.pool.shortlist[at])
	if err != nil {
		return false, err
	}
	if err := r.flush(); err != nil {
		return false, err
	}
	s.pool.taken[at] = true
	s.value.Add(at, min(r.table.valuesAt(id)[0], s.ceiling))
	if s.excess != nil {
		s.excess.Add(at, r.table.violations[id])
	}
	return true, nil
}

// fit fits the models to all that was evaluated, and has them look for what is promising.
func (s *surrogate) fit() error {
	r := s.run
	points, values := make([][]uint16, r.evaluated), make([]float64, r.evaluated)
	s.ceiling = s.tolerable()
	for id := range int32(r.evaluated) {
		points[id], values[id] = r.table.at(id), min(r.table.valuesAt(id)[0], s.ceiling)
	}
	if err := s.objective.Fit(points, values); err != nil {
		return err
	}
	if r.feasible < r.evaluated {
		if s.violation == nil {
			s.violation = kriging.New(r.problem.Genes)
		}
		if err := s.violation.Fit(points, r.table.violations[:r.evaluated]); err != nil {
			return err
		}
	}
	if err := s.pool.fill(s.rng, s.objective); err != nil {
		return err
	}
	s.shortlist()
	s.refit = r.evaluated + max(1, r.evaluated/refitShare)
	if r.evaluated > rarelyFrom {
		s.refit = r.evaluated + r.evaluated/rarelyShare
	}
	s.stood = r.top()
	return nil
}

// tolerable is the objective above which candidates only count as bad: as far above the median of
// the feasible ones as twice the way from there to their best. How bad the bad ones are would
// otherwise be most of what a model explains.
func (s *surrogate) tolerable() float64 {
	r := s.run
	var values []float64
	for id := range int32(r.evaluated) {
		if r.table.violations[id] == 0 || r.feasible < leastDesign/2 {
			values = append(values, r.table.valuesAt(id)[0])
		}
	}
	slices.Sort(values)
	middle, best := values[len(values)/2], values[0]
	if middle == best {
		return math.Inf(1)
	}
	return middle + 2*(middle-best)
}

// shortlist takes from the pool what is promising if all of it is equally uncertain, for which far
// less is computed than to know how uncertain each is.
func (s *surrogate) shortlist() {
	places := s.pool.some(s.rng)
	sd, excessSD := s.typical(s.objective, places), 0.0
	means := s.objective.Means(s.pool.points)
	var excess []float64
	if s.violation != nil {
		excess, excessSD = s.violation.Means(s.pool.points), s.typical(s.violation, places)
	}
	scores := make([]float64, len(means))
	for i := range scores {
		scores[i] = s.improvement(means[i], sd)
		if s.violation != nil {
			scores[i] += logNormal(-excess[i] / excessSD)
		}
	}
	short := s.pool.shorten(scores, s.rng)
	s.value, s.excess = s.objective.Over(short), nil
	if s.violation != nil {
		s.excess = s.violation.Over(short)
	}
}

// typical is the mean of the standard deviations at some places of the pool.
func (s *surrogate) typical(m *kriging.Model, places []int) (mean float64) {
	p := m.Over(s.pool.points.Some(places))
	for i := range places {
		_, sd := p.At(i)
		mean += sd / float64(len(places))
	}
	return mean
}

// choose is the place in the shortlist of what promises most, or -1.
func (s *surrogate) choose() int {
	best, at := math.Inf(-1), -1
	for i, taken := range s.pool.taken {
		if taken {
			continue
		}
		score := s.improvement(s.value.At(i))
		if s.excess != nil {
			mean, sd := s.excess.At(i)
			score += logNormal(-mean / sd)
		}
		if score > best {
			best, at = score, i
		}
	}
	return at
}

// improvement is the logarithm of what is expected to be gained on the best feasible candidate;
// while there is none, only feasibility counts.
func (s *surrogate) improvement(mean, sd float64) float64 {
	if s.run.feasible == 0 {
		return 0
	}
	z := (s.run.best[0] - mean) / sd
	if z < -25 { // where the difference below is rounding alone
		return math.Log(sd) - z*z/2 - 2*math.Log(-z)
	}
	gain := z*math.Erfc(-z/math.Sqrt2)/2 + math.Exp(-z*z/2)/math.Sqrt(2*math.Pi)
	return math.Log(sd) + math.Log(max(gain, math.SmallestNonzeroFloat64))
}

// logNormal is the logarithm of the normal distribution function.
func logNormal(z float64) float64 {
	if z < -30 {
		return -z*z/2 - math.Log(-z)
	}
	return math.Log(math.Erfc(-z/math.Sqrt2) / 2)
}
