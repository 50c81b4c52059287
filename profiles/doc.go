// Package profiles measures how long the networks of a space take on a device with a runtime.
//
// A [Runtime] runs networks: it loads one, with its weights, and gives a [Session] that computes
// and is timed. [Native], tailor's own engine, is one. Before anything is timed, a session of
// another runtime must give the outputs that tailor's engine gives ([OutputError]): what computes
// something else says nothing about how long this takes.
//
// [New] measures the blocks of a space and some of its networks, [MeasureVariants] what pruning
// would make of the blocks of one network, [Networks] and [Subnets] whole networks, with weights of
// no matter and with their own.
//
// What the device is comes from package device, and how things are timed is package timing. A
// latency holds for one [Identity] of both: a device, and a runtime with its settings.
package profiles
