// Package export holds what the writers of network files for other programs share, whatever the
// format: what is said about the network beside its graph, and batch norm folded into weights.
package export
