// Package search finds the sub-networks of a supernet to ship, under limits on what they cost.
//
// It puts sub-networks in the terms of [optimize.Problem], which package optimize solves: [Find]
// looks for the most accurate ones within limits, [FindFront] for the whole front of accuracy
// against a cost. A search for the best of a space with many resolutions looks at parts of them
// first (scout.go), and a search for a front begins with searches for some budgets (pareto.go). Of
// predictors it knows only what it asks of them (predictors.go).
//
// How good an answer is, [Bound] tells: it relaxes the accuracy predictor to something whose best
// can be computed. Where that says nothing, as of a large network, [Answer.LikelyBound] learns from
// what was looked at. What was found ships as a manifest: package search/manifest.
package search
