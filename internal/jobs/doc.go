// Package jobs makes measurements of networks into jobs of a queue, and does such jobs. An [Asker]
// packs what the accuracy of a network depends on: the weights, the images that calibrate it and
// that it is tested on, and the protocol, a text that names both by hash. A [Lender] fetches what
// it does not have yet, checks it, and measures with the same code as this machine would.
//
// A [DeviceAsker] does so with the profile of a device, and a [DeviceLender] lends one. Times are
// never the same twice, so that a part of each profile is measured again and compared within their
// noise, rather than to the bit.
//
// A network that stands alone, as a winner does, is a file of its own. A [Tester] has such networks
// tested by lenders, and [DeviceAsker.TimeNetwork] has one timed on a device.
//
// Sums of floating-point numbers depend on the width of a processor's vectors. So a job is for
// machines of one [Class], and any of these gives the same bits.
package jobs
