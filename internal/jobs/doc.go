// Package jobs makes measurements of networks into jobs of a queue, and does such jobs. An [Asker]
// packs what the accuracy of a network depends on: the weights, the images that calibrate it and
// that it is tested on, and the protocol, a text that names both by hash. A [Lender] fetches what
// it does not have yet, checks it, and measures with the same code as this machine would.
//
// Sums of floating-point numbers depend on the width of a processor's vectors. So a job is for
// machines of one [Class], and any of these gives the same bits.
package jobs
