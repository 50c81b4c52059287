// Package agent is the side of package protocol that runs models: it reads requests, has an
// [Engine] do them, and answers. Program tailor-agent is this with the engines that are bound to
// libraries.
//
// An error, and a panic, is an answer. What the agent cannot survive is a crash inside a library:
// that ends its process, and no other.
package agent
