// Package search finds the best points of finite spaces under constraints: of a supernet the sub-networks to ship.
//
// A [Problem] is the sizes of its genes and a function that evaluates batches of candidates; [Minimize] spends a bounded number of
// evaluations on it, and [Random] and [Baseline], OFA's own evolution, are there to compare with. A run walks
//
//	evolve   populations evolve on eaopt under NSGA-II with Deb's constraint rules (nsga.go, rank.go); the last one starts from
//	         the best of those before
//	climb    with one objective: hill climbing by changes of one gene and of two at once, and kicks (local.go); with several:
//	         Pareto local search (front.go)
//	report   the archive of everything feasible that was met (archive.go)
//
// and [Find] and [FindFront] put sub-networks in these terms: the best within limits, or the front of accuracy against a cost. How good
// an answer is, [Bound] tells: it relaxes the accuracy predictor to something whose best can be computed. Where that says nothing, as of a
// large network, [Answer.LikelyBound] learns from what was looked at.
//
// In a run, store.go keeps each candidate once, in its canonical form, so that none is evaluated twice. Spaces small enough are
// evaluated whole instead (enumerate.go), and the [Status] of a [Result] says so. A run is single-threaded and depends on
// [Config].Seed only; what may run in parallel is the inside of Problem.Evaluate.
package search
