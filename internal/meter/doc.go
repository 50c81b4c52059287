// Package meter measures the accuracy of sub-networks of a training run, each once: what it
// measured is kept in a file of package measurements, and another meter of the same run, images and
// settings takes it from there. Where there is an [Elsewhere], other machines measure.
//
// It is a room of its own because it runs networks: package measurements knows a file format only,
// so that whoever reads such a file needs neither a training run nor images.
package meter
