// Package library finds the files of shared libraries that others have installed: where a variable
// says, in the packages of the Pythons that are in use, and where systems keep libraries. It reads
// folders and runs nothing.
package library
