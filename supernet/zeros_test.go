package supernet_test

import (
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
)

// TestZeros: a network made for timing has so many zeros as its blocks say, in 1x1 convolutions and
// linear layers alone, and in whole runs where the blocks say so.
func TestZeros(t *testing.T) {
	s := builtin(t, "mbv3-tiny")
	for _, run := range []int{0, 8, 16} {
		blocks := s.Blocks(s.Max())
		for i := range blocks {
			if blocks[i].Kind != supernet.Pool && blocks[i].Name != "stem" {
				blocks[i].Zeros, blocks[i].Run = 75, run
			}
		}
		net, err := supernet.NewSubnet(blocks, 1e-5, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range net.Tensors() {
			sparse := len(w.Shape) == 2 && !strings.Contains(w.Name, ".se.")
			zeros := 0
			out := w.Shape[len(w.Shape)-1]
			for i, v := range w.Data {
				if v != 0 {
					continue
				}
				zeros++
				if at := i % out / max(run, 1) * max(run, 1); sparse && run > 0 {
					for j := at; j < min(at+run, out); j++ {
						if w.Data[i/out*out+j] != 0 {
							t.Fatalf("%s, runs of %d: zero at %d, but not at %d", w.Name, run,
								i%out, j)
						}
					}
				}
			}
			share := float64(zeros) / float64(len(w.Data))
			switch {
			case sparse && (share < .65 || share > .8):
				t.Errorf("%s, runs of %d: %.2f of the weights are zero, want about .75", w.Name,
					run, share)
			case !sparse && len(w.Shape) > 1 && zeros > 0:
				t.Errorf("%s: %d zeros, want none", w.Name, zeros)
			}
		}
	}
}

func TestCheckZeros(t *testing.T) {
	s := builtin(t, "mbv3-tiny")
	for name, change := range map[string]func(*supernet.Block){
		"all zeros":       func(b *supernet.Block) { b.Zeros = 100 },
		"negative":        func(b *supernet.Block) { b.Zeros = -1 },
		"runs of 4":       func(b *supernet.Block) { b.Zeros, b.Run = 50, 4 },
		"runs of nothing": func(b *supernet.Block) { b.Run = 8 },
	} {
		blocks := s.Blocks(s.Max())
		change(&blocks[1])
		if _, err := supernet.NewSubnet(blocks, 1e-5, 1); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
