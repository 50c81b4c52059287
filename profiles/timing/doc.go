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
// in a new order each round, and compares each subject with the two references beside it: the mean
// of the fastest quarter of its samples, which nothing interrupted, with that of theirs, or of the
// fastest tenth where that is known better. Of less than 20 rounds it is the median of the ratios.
// Multiplied by what the reference takes undisturbed, that is the latency.
//
// Slowed alike is not slowed by the same factor: what waits for memory suffers less from a sibling
// than what computes. So where the machine is slowed more than half of the time, only those rounds
// count in which both references took less than 1.25 times what their fastest hundredth does, and
// a subject needs 20 of these. A subject is left alone once its 95 % interval is narrow, and marked
// unstable if it never is; until the budget is over, one without enough such rounds is not left
// alone, and a reference that has become slower is waited for a little. Where most subjects end
// without, as after a moment of turbo, all rounds count; where few do, these are marked.
//
// What takes less than a tenth of a second runs once untimed before each sample, so that it finds
// its own data in the caches, as it does where it is served.
//
// Latencies of two sessions can be compared if both have the same reference and the second is given
// what it took in the first, [Settings].ReferenceMS: then they do not depend on what else the
// machine does.
//
// The reference should resemble the subjects (same runtime, same kind of arithmetic, no longer
// than they are): code of another kind is slowed by another factor, and then ratios move as well.
package timing
