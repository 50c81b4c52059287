// Package supernet holds one network that contains many.
//
// A [Space] says what may vary: genes with choices. An [Arch] is one choice, small, comparable and
// canonical. From both, [Space.Blocks] makes the concrete list of blocks, and everything else reads
// that list: counting, network building, latency keys, manifests. Nobody else derives a network's
// shape from genes.
//
// A [Supernet] holds the weights of the largest network of a space. Those of a sub-network are
// leading slices of the supernet's tensors, never copies. Package trainer trains a supernet,
// measures the batch norm statistics of a sub-network, and copies it out as a [Subnet] that stands
// alone: trainer.Evaluator.Extract. [Subnet.Classifier] runs it.
//
// Activations are float32 in (N,H,W,C) layout.
//
// It is one room because a block, the operations that it lowers to and the layers that run it are
// three sides of each kind of block, and weights are views whose rules all of them share: cut
// apart, they would export to each other what nobody else may know.
package supernet
