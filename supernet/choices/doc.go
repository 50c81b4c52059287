// Package choices says what can be said of all archs of a space at once: sums over blocks,
// regions, and bounds of what they hold.
//
// A [Numbering] gives every choice of a space a number, and reads an arch as the numbers that it
// takes ([Taken]). What follows is arithmetic on these numbers. [Additive] is any quantity that
// is a sum over blocks: sums over tens of thousands of archs take milliseconds, and the smallest
// is exact. A [Region] is the networks with some of the choices, and [Within] those of them whose
// costs are within budgets, of which it bounds the largest value of an [Affine] function. A
// [Surrogate] is such a function fitted to values of some networks, where nothing is known of how
// they come about.
//
// [Sample] draws archs that show a space from end to end.
//
// Nothing here knows where values come from: package predictor learns them, package search asks
// for them. Everything depends on its arguments alone.
package choices
