// Package remote is a [profiles.Runtime] that is elsewhere: in tailor-agent, a program that tailor
// starts and speaks to by package protocol. The libraries of others are loaded there, so that a
// crash in one of them is an error here.
//
// A network goes there as a file of the format that the runtime reads, which this package has
// written. What goes in and comes out is turned into the order of values that the file has.
package remote
