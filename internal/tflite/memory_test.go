package tflite

import (
	"math/rand/v2"
	"testing"

	"github.com/tailor-nas/tailor/internal/export"
	"github.com/tailor-nas/tailor/supernet"
)

// TestMemory holds supernet.Memory against the files of networks of every space: the bytes of all
// tensors that are needed at once, where operators run in the order of the file. What a file
// prepares an image with takes no more.
func TestMemory(t *testing.T) {
	for _, name := range supernet.Builtins() {
		s, r := space(t, name), rand.New(rand.NewPCG(5, 6))
		for i, a := range []supernet.Arch{s.Max(), s.Min(), s.Random(r)} {
			if i == 0 {
				a = s.Random(r) // the largest takes long to make
			}
			a.Resolution = []uint16{32, 20, 13}[i]
			blocks := s.Blocks(a)
			for _, m := range []export.Meta{{}, prepared()} {
				data, err := Marshal(network(t, blocks, 1), m)
				if err != nil {
					t.Fatal(err)
				}
				got, want := read(t, data).memory(), supernet.Memory(blocks)
				if got != want {
					t.Errorf("%s at %d px: the file's tensors take %d bytes, Memory says %d",
						name, a.Resolution, got, want)
				}
			}
		}
	}
}

func prepared() export.Meta {
	m := export.Meta{Mean: []float32{0.5, 0.5, 0.5}, Std: []float32{0.25, 0.25, 0.25}}
	m.Preprocessing = true
	return m
}

// memory is the bytes of the tensors that are needed at once, at most.
func (f *file) memory() (most int64) {
	lastUse := map[int]int{f.out: len(f.operators)}
	for i, op := range f.operators {
		for _, t := range op.in {
			lastUse[t] = max(lastUse[t], i)
		}
	}
	alive := map[int]int64{}
	add := func(t int) {
		c := f.tensors[t]
		bytes := int64(4 * c.len())
		if t == f.in && len(f.operators) > 0 && f.operators[0].code.String() == "CAST" {
			bytes /= 4
		}
		alive[t] = bytes
	}
	add(f.in)
	for i, op := range f.operators {
		add(op.out[0])
		sum := int64(0)
		for _, bytes := range alive {
			sum += bytes
		}
		most = max(most, sum)
		for t := range alive {
			if lastUse[t] <= i {
				delete(alive, t)
			}
		}
	}
	return most
}
