// Package transfer takes weights over from a trained network into one that is to be trained: every
// tensor of the same name, as far as it fits.
//
// Channels are leading slices, as in every sub-network: the narrower of the two decides. A kernel
// is its centre: of a larger one the centre is taken, by the learned map where the source has one
// ([Source.Tensors] then hold its matrix), and a smaller one is put into the centre of zeros. The
// weights of the classifier belong to classes, so they are taken over where the classes are the
// same, each to its place. All else keeps the weights that it has.
package transfer
