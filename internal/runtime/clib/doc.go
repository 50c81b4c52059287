// Package clib opens shared libraries and calls their functions, without cgo. A program that
// imports it is linked dynamically, and ends when a library crashes: only tailor-agent does.
package clib
