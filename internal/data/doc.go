// Package data opens image-classification data sets, prepares their images and feeds them to a
// training loop.
//
// The walk: Open recognises what lies at a path and gives a Dataset of three Sets (train,
// validation, test) whose images are squares of one size in 8-bit (H,W,C) order. NewLoader joins a
// Set with a Transform; its Epoch yields batches of normalised, augmented float32 images that
// workers prepare ahead. What happens to one image is in package prepare, whose Resizer scales such
// batches to the resolutions of an elastic network.
//
// Everything random depends on a seed and on indices (epoch, image), never on the number of workers
// or on time. Files are taken as untrusted: sizes are capped before memory is taken, and damage is
// reported as a DamageError that names the file, the place in it and what was expected.
//
// It is one room because every layout of a data set (folders, tar files, MNIST's and CIFAR's own)
// is opened through one path with the same limits, checks and report, and nobody but Open needs a
// layout; what happens to one image is a room of its own, internal/prepare.
package data
