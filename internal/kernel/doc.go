// Package kernel is the float32 arithmetic of tailor: plain Go that reads like the formulas.
// Everything here is the reference that faster versions must agree with.
//
// Activations are (N,H,W,C); one pixel's channels are adjacent. Matrices are row-major with a
// leading dimension, the distance between rows, so that a leading block of a larger matrix is a
// view and no copy. A function works on the range it is given and starts no goroutines; results
// depend on its arguments alone. A slice that is too short for the sizes is the caller's bug and
// panics, at the latest where its capacity ends.
//
// It is one room because an operation's reference, its assembly for each processor and the choice
// between them are read and tested side by side; half of its files are such variants.
package kernel
