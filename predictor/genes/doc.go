// Package genes learns values of the points of any space of genes, each of which has one of some
// choices: cells of NAS-Bench-201, blocks of FBNet, flags of a compiler. It knows no networks.
//
// A [Space] says what the genes are. [ReadMeasured] reads what somebody measured of some of its
// configurations, [Fit] learns a [Predictor] from that, and says how wrong it is:
//
//	space.go      genes and their choices
//	parse.go      the text that describes them
//	measured.go   measured rows, as lines of JSON or
//	csv.go        as a table
//	features.go   configurations as rows of numbers
//	candidates.go the models to choose from, by their held-out error
//	fit.go        the choice
//	predictor.go  the document that it gives
package genes
