// Package predictor learns accuracy, latency and energy as functions of a [supernet.Arch] from
// measurements, and says how wrong it is.
//
// [FitAccuracy] takes sub-networks with their measured accuracy. Package regress learns from the
// features "genes-cost/1": a linear model carries most of what a few hundred measurements can
// tell, and a small ensemble of MLPs adds what is not linear. [FitLatency] takes the times of
// blocks and of whole networks: the time of a network is the sum over its blocks, calibrated on
// the whole networks. Both are documents ("accuracy/4", "latency/5") that carry their held-out
// error ([regress.HeldOut]), measured on networks that the model had not seen, and that are refused
// for another space ([SpaceError]).
//
// [Pruned] is the latency of what pruning makes of one network: a curve for each block of its time
// against how much is removed ([BlockCurve]), from times of this network's variants ([FitPruned])
// or of a space's blocks ([Latency.Pruned]).
//
// Everything depends on the samples and the seed alone: not on the number of processors, on map
// order or on time, so that the same fit writes the same bytes.
//
// # How it hangs together
//
// Package choices turns an arch into the numbers of its choices, and sums over its blocks. From
// there an encoder writes one-hots and costs. Package regress fits a model to the encoded rows,
// and learns its error. accuracy.go makes a document of it, and bound.go says what no arch of a
// region exceeds.
//
// Latency is a sum over blocks, however it was learned, so that its smallest value and bounds
// within a limit are exact. Where blocks were measured, calibrateblocks.go fits some numbers. What
// whole networks tell of blocks, package blocktimes learns, and learntimes.go makes candidates of
// it. transfer.go does both from predictors of other devices. Of all candidates, the held-out error
// decides.
//
// It is one room because accuracy and latency share what their documents say of errors, samples
// and resolutions, and because their models are in packages of their own.
package predictor
