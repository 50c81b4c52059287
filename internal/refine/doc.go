// Package refine makes a new manifest of an old one by more training, with what it was before and
// what it has become beside each other.
//
//	prune.go        weights, runs of them or channels go while it trains
//	prunebudget.go  what each block loses within a limit on latency or parameters
//	finetune.go     nothing goes; the images may be others
//	figures.go      the network before and after, tested and timed in turn
package refine
