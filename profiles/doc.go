// Package profiles says what a device is and how long things take on it.
//
// [Describe] names the machine: processor, instruction set, caches, usable
// cores. Its ID is a hash of what does not change between two runs, so that
// figures measured on one machine are never taken for another's.
//
// [Measure] times things so that the figures hold on a machine that other
// people use too. There, the same code runs up to twice as slow for
// milliseconds or minutes at a stretch (a busy sibling hyperthread, turbo,
// a neighbour's cache), and neither minimum nor median of plain timings
// survives that. What does survive is a comparison with a fixed reference
// timed immediately before and after: both are slowed alike. So a session
// runs in rounds,
//
//	reference, a, reference, c, reference, b, reference ...
//
// in a new order each round, and the estimate of a subject is the median over
// rounds of its ratios to the two references beside it. Multiplied by what the
// reference takes undisturbed, that is the latency. A subject is left alone
// once its 95 % interval is narrow, and marked unstable if it never is.
//
// [New] measures the blocks of a space and some of its networks, [MeasureVariants] what
// pruning would make of the blocks of one network, [Networks] and [Subnets] whole
// networks, with weights of no matter and with their own.
//
// The reference should resemble the subjects (same runtime, same kind of
// arithmetic, no longer than they are): code of another kind is slowed by
// another factor, and then ratios move as well.
package profiles
