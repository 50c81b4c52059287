// Package kernel is the float32 arithmetic of tailor: plain Go that reads like the formulas.
// Everything here is the reference that faster versions must agree with.
//
// Activations are (N,H,W,C); one pixel's channels are adjacent. Matrices are row-major with a
// leading dimension, the distance between rows, so that a leading block of a larger matrix is a
// view and no copy. A function works on the range it is given and starts no goroutines; results
// depend on its arguments alone. A slice that is too short for the sizes is the caller's bug and
// panics, at the latest where its capacity ends.
package kernel
