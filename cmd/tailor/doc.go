// Command tailor trains one network and cuts it to fit every device. See the README, and tailor
// --help.
//
// It is one room because a subcommand is a file: its flags, a call into the other rooms, and how
// the result is printed.
package main
