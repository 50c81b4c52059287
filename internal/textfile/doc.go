// Package textfile reads texts that people and their programs write, with a byte order mark or
// without, with the line ends of any system and with blank lines: lists of JSON values, as lines or
// as one array, and YAML. What they may ask for is bounded, and every error says the line.
package textfile
