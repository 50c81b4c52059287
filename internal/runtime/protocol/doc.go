// Package protocol is how tailor and tailor-agent speak: requests from one side, answers from the
// other, each a line of JSON that may be followed by bytes. docs/runtimes.md describes it.
//
// What is read is not trusted: lines and bytes have limits, memory is taken as bytes come, and
// whatever breaks the rules is an [ErrFormat].
package protocol
