// Package clib opens shared libraries and calls their functions, without cgo. A program that
// imports it is linked dynamically, and ends when a library crashes: only tailor-agent does, and a
// tailor that is built to train on several machines.
package clib
