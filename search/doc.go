// Package search finds the sub-networks of a supernet to ship, under limits on what they cost.
//
// It puts sub-networks in the terms of [optimize.Problem], which package optimize solves: [Find]
// looks for the most accurate ones within limits, [FindFront] for the whole Pareto front of
// accuracy against a cost. A predictor that knows its gradient guides both (guide.go). Without,
// Find first searches groups of resolutions separately for a while (scout.go), and FindFront begins
// with searches for the best within single budgets (pareto.go). What a predictor must offer is a
// few interfaces (predictors.go).
//
// Two upper bounds say how much better than an answer any network within the limits could be
// predicted to be. [Bound] is certain: it replaces the accuracy predictor by a function that is
// nowhere smaller and whose largest value can be computed. [Answer.LikelyBound] is an estimate from
// the networks that the search examined, for predictors without a certain bound. What was found
// ships as a manifest: package search/manifest.
package search
