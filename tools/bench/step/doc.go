// Command step times training steps of tailor and of PyTorch side by side.
//
//	go run ./tools/bench/step --python /usr/bin/python3
//
// Both sides run the same lists of blocks from the same weights on the same images, which is
// checked before anything is timed. Every measurement is a process of its own; the sides take
// turns, and what is compared are pairs of neighbours. The same command measures what the machine
// allows: memory bandwidth and matrix products. README.md says how to read it.
package main
