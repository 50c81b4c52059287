// Package evaluate reads exported networks back and computes them in float64, in the plainest way,
// so that a file can be checked without the program that it is for.
//
// [ReadONNX] and [ReadTFLite] take the operators that tailor writes, without preprocessing, and
// turn them into one list of steps on maps (height,width,channels). [Model.Run] computes it. The
// package shares no code with the writers or with tailor's engine. A file may come from anywhere:
// what it claims is checked before it is believed, and memory and work are bounded (limits.go).
package evaluate
