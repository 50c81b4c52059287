// Package timing measures how long things take, so that the figures hold on a machine that other
// people use too. It knows no networks: a [Subject] is anything that can be run.
//
// On such a machine the same code runs up to twice as slow for milliseconds or minutes at a
// stretch (a busy sibling hyperthread, turbo, a neighbour's cache), and neither minimum nor median
// of plain timings survives that. What does survive is a comparison with a fixed reference timed
// immediately before and after: both are slowed alike. So [Measure] runs in rounds,
//
//	reference, a, reference, c, reference, b, reference ...
//
// in a new order each round, and the estimate of a subject is the median over rounds of its ratios
// to the two references beside it. Multiplied by what the reference takes undisturbed, that is the
// latency. A subject is left alone once its 95 % interval is narrow, and marked unstable if it
// never is.
//
// The reference should resemble the subjects (same runtime, same kind of arithmetic, no longer
// than they are): code of another kind is slowed by another factor, and then ratios move as well.
package timing
