package vec

import (
	"bytes"
	"flag"
	"log"
	"os"

	"github.com/mmcloughlin/avo/build"
)

// Write ends a generator: it writes what flags ask for, as avo does, and has every function begin
// at a multiple of 64 bytes. Go's linker takes 32, so that whether a loop lies in one line of the
// instruction caches or in two depends on what else is in a program: half of a network's blocks
// took 2 % more or less time in one program than in another, and some 6 %.
func Write() {
	build.Generate()
	path := flag.Lookup("out").Value.String()
	if path == "" {
		return
	}
	text, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, aligned(text), 0o644)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// aligned is assembly whose functions begin with a PCALIGN, by which the assembler aligns them.
func aligned(text []byte) []byte {
	var out []byte
	for line := range bytes.Lines(text) {
		out = append(out, line...)
		if bytes.HasPrefix(line, []byte("TEXT ")) {
			out = append(out, "\tPCALIGN $64\n"...)
		}
	}
	return out
}
