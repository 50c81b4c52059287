// Package optimize finds the best points of any finite space under constraints. It knows nothing of
// networks: a space is a number of choices for each gene, and the caller says what a candidate is
// worth.
//
// A [Problem] is the sizes of its genes and a function that evaluates batches of candidates;
// [Minimize] spends a bounded number of evaluations on it, and [Random] and [Baseline], the
// evolution that OFA (Once-for-All) published, are there to compare with. With a [Guide], which
// knows what is near a candidate for less than an evaluation, a run walks
//
//	climb    by the best of one, two, three and many changes at once (guided.go, changes.go)
//	breed    local optima, whose children climb (memetic.go); with two objectives each within a
//	         limit of its own on the second one (guidedfront.go)
//	report   as below
//
// without one, and with few evaluations,
//
//	model    a Gaussian process chooses one candidate after the other (surrogate.go, pool.go)
//	climb, report
//
// and else
//
//	evolve   populations evolve on eaopt under NSGA-II with Deb's constraint rules (nsga.go,
//	         rank.go); the last one starts from the best of those before
//	climb    with one objective: hill climbing by changes of one gene and of two at once, and
//	         kicks (local.go); with several: Pareto local search (front.go)
//	report   the archive of everything feasible that was met (archive.go)
//
// In a run, table.go keeps each candidate once, in its canonical form, so that none is evaluated
// twice. Spaces small enough are evaluated whole instead (enumerate.go), and the [Status] of a
// [Result] says so. A run is single-threaded and depends on [Config].Seed only; what may run in
// parallel is the inside of Problem.Evaluate.
//
// It is one room because all ways to search work on the candidates of one run, in one table.
package optimize
