// Package reference has the layers that elastic networks are made of, their backward passes, and
// what runs them: a worker pool and memory that is planned once and reused.
//
// A layer owns its parameters at full size. Bind makes it run at some active size on some input;
// the active weights are leading slices of the full ones. Forward and Backward then work on what
// was bound. Weight gradients are added to [Param.Grad], so that several networks can contribute to
// one optimiser step; input gradients overwrite.
//
// Work is split by images, never by the number of workers, and sums over images are added in a
// fixed order: results are the same bits on any number of workers.
package reference
