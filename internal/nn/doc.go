// Package nn runs elastic convolutional networks, forward and backward, with few passes over
// memory.
//
// A network is a chain of units. A [Unit] is a convolution with the batch norm and activation
// behind it, and with what it does to its input on the way in (squeeze-and-excitation). Of a unit's
// output only the raw convolution z is stored: the batch norm's statistics are complete when the
// last image has been convolved, so the next unit normalises and activates z as it reads it, into
// memory that stays in cache, and convolves that. The backward pass recomputes the same. Between
// two such batch-wide sums a worker takes a few images at a time through everything there is to do.
// docs/engine.md counts the passes.
//
// It is one room because its layers share the graph's memory, its tiles and what one leaves for the
// next to finish: cut apart, each would have to show the others all of that.
//
// A unit owns its parameters at full size. Bind makes it run at some active size on what another
// unit gives; the active weights are leading slices of the full ones. Weight gradients are added to
// [Param.Grad], so that several networks can contribute to one optimiser step.
//
// Work is split by images, never by the number of workers, and sums over images are added in a
// fixed order: results are the same bits on any number of workers. A steady step allocates nothing.
package nn
