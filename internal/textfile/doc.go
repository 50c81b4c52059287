// Package textfile reads texts that people and their programs write: with a byte order mark or without, with the line ends of any system,
// with blank lines, and lists of JSON values as lines or as one array.
package textfile
