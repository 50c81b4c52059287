package neon

import "fmt"

// EachChannels generates the rest of a function that works on some channels after the other: code
// for as many vectors as each width says, the widest first, as often as there are channels for it.
// Then the pointers move on. The last widths are 4 channels and 1: one vector, with 4 lanes in use
// or one. The suffix makes labels of a width.
func (f *Func) EachChannels(channels Reg, widths []int, pointers []Reg,
	code func(vectors, lanes int, suffix string)) {
	for _, width := range widths {
		again, after := fmt.Sprintf("channels%d", width), fmt.Sprintf("below%d", width)
		f.Label(again)
		f.Line("CMP $%d, %v", width, channels)
		f.Line("BLT %s", after)
		code(max(width/4, 1), min(width, 4), fmt.Sprint(width))
		for _, p := range pointers {
			f.AddNumber(4*width, p)
		}
		f.Line("SUB $%d, %v", width, channels)
		f.Jump(again)
		f.Label(after)
	}
	f.Return()
}

// AddMoments adds vectors, one below the other in rows, to the sums in memory, and their squares to
// the squares.
func (f *Func) AddMoments(rows [][]Vec, sum, square Reg, lanes int) {
	a, b := f.Vec("sum"), f.Vec("square")
	for v := range rows[0] {
		f.Load(a, sum, 16*v, lanes)
		f.Load(b, square, 16*v, lanes)
		for _, row := range rows {
			f.Add4(a, a, row[v])
			f.MulAdd(b, row[v], row[v])
		}
		f.Store(a, sum, 16*v, lanes)
		f.Store(b, square, 16*v, lanes)
	}
	f.FreeVecs(a, b)
}

// Accumulators gives rows of cleared vectors, and the same in one list.
func (f *Func) Accumulators(rows, vectors int, name string) (acc [][]Vec, all []Vec) {
	for i := range rows {
		acc = append(acc, f.Vecs(vectors, fmt.Sprintf("%s%d.", name, i)+"%d"))
		f.Zero(acc[i]...)
		all = append(all, acc[i]...)
	}
	return acc, all
}
