// Package prune trains one network while it removes weights from it.
//
// [Run] is one pruning run; it reads top to bottom in run.go. A [Config] says which [Method] moves
// the weights (SSGD or a rival), what is removed together (a supernet.Structure: single weights,
// runs of
// output channels, whole middle channels of a block), how much of it, when, and by which
// [Criterion] layers are compared. What was removed is exactly zero from then on.
//
// A run lives in a folder: pruning.json says what it is, checkpoints/ holds its state,
// metrics.jsonl what happened. A run that was interrupted, or killed, goes on from its last
// checkpoint to the same bits, on any number of workers.
package prune
