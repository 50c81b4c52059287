// Package design chooses the networks to time on a new device, where latency predictors of other
// devices are known: those whose times tell most about which of these, or which mix, holds.
//
// A time costs minutes, and says as much as the networks differ in what is not known yet. What may
// differ is what a transfer ([predictor.TransferLatency]) fits: how fast the device is, what a
// network takes once, the shares of the sources, and the speed of groups of blocks. So each
// candidate (candidates.go) becomes a row of these (features.go), and networks are taken one after
// another by what the ones before leave unknown (greedy.go).
package design
