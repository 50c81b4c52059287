// Package regress learns values from rows of numbers, and says how wrong it is. It knows nothing of
// networks' archs: rows in, values and their error out.
//
// [Fit] takes a few hundred rows with their values, and gives a [Model] with its held-out error
// ([HeldOut]), measured on rows that the model had not seen. A linear model carries most of what so
// few rows can tell; a small ensemble of MLPs, adds what is not linear.
// A Model is written as JSON and read back exactly; [Model.Check] says whether what was read can be
// used, and [Model.Evaluator] predicts many rows fast.
//
// A fit walks
//
//	candidates.go   the kinds of model to choose from, by their error
//	heldout.go      each is fitted to all rows, and again without each fifth of them to
//	                learn the error, and how far its members can be trusted
//	model.go        one fit: ridge.go the linear part, train.go the members: graph.go
//	                is Gorgonia's graph of one, of the operations in operation.go, and
//	                adam.go steps by its gradients
//	metrics.go      the error; interval.go makes an interval of it
//	curve.go        what more rows would bring
//
// Everything depends on the rows and the seed alone: not on the number of processors, on map order
// or on time, so that the same fit gives the same bits.
package regress
