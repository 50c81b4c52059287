// Package genesearch finds the best configurations of a space of genes: by what predictors say of
// all ([Find]), or by running a person's own command on a few ([Runner]).
//
//	find.go      a search by predictors, within limits that are kept with a confidence
//	document.go  the file that says what was found; files.go: what it and predictors are from
//	command.go   a command line with places for choices
//	journal.go   the results of its runs, from which a search goes on
//	runner.go    a search that runs it
package genesearch
