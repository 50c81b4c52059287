package neon

import (
	"fmt"
	"strings"
)

// The kernels take channels in vectors of 4, and those that are left one by one: a single value is
// a vector with zeros behind it. All accesses have the number of lanes as their last argument: 4 or
// 1, for the parts of a vector of A also 2.
var moves = map[int]string{1: "FMOVS", 2: "FMOVD", 4: "FMOVQ"}

// Load reads from so many bytes behind base.
func (f *Func) Load(v Vec, base Reg, offset, lanes int) {
	f.Line("%s %d(%v), F%d // %s", moves[lanes], offset, base, v.n, v.name)
}

// LoadLane reads one value into a lane.
func (f *Func) LoadLane(v Vec, base Reg, offset, lane int) {
	at := f.Reg()
	f.Line("ADD $%d, %v, %v", offset, base, at)
	f.Line("VLD1 (%v), V%d.S[%d] // %s[%d]", at, v.n, lane, v.name, lane)
	f.Free(at)
}

// LoadNext reads from base and moves it on.
func (f *Func) LoadNext(v Vec, base Reg, lanes int) {
	f.Line("%s.P %d(%v), F%d // %s", moves[lanes], 4*lanes, base, v.n, v.name)
}

// Store writes so many bytes behind base.
func (f *Func) Store(v Vec, base Reg, offset, lanes int) {
	f.Line("%s F%d, %d(%v) // %s", moves[lanes], v.n, offset, base, v.name)
}

// LoadRow reads adjacent vectors and moves base on by a stride.
func (f *Func) LoadRow(vs []Vec, base, stride Reg, lanes int) {
	if lanes != 4 {
		f.Load(vs[0], base, 0, lanes)
		f.Add(stride, base)
		return
	}
	f.Line("VLD1.P (%v)(%v), %s", base, stride, list(vs))
}

// LoadTogether reads adjacent vectors.
func (f *Func) LoadTogether(vs []Vec, base Reg) { f.Line("VLD1 (%v), %s", base, list(vs)) }

// LoadTogetherNext reads adjacent vectors and moves base behind them.
func (f *Func) LoadTogetherNext(vs []Vec, base Reg) {
	f.Line("VLD1.P %d(%v), %s", 16*len(vs), base, list(vs))
}

// LoadIndexed reads one value, index bytes behind base.
func (f *Func) LoadIndexed(v Vec, base, index Reg) {
	f.Line("FMOVS (%v)(%v), F%d // %s", base, index, v.n, v.name)
}

// LoadInt reads an int32 that is not negative and moves base behind it.
func (f *Func) LoadInt(r, base Reg) { f.Line("MOVWU.P 4(%v), %v", base, r) }

// StoreRow writes adjacent vectors and moves base on by a stride.
func (f *Func) StoreRow(vs []Vec, base, stride Reg, lanes int) {
	if lanes != 4 {
		f.Store(vs[0], base, 0, lanes)
		f.Add(stride, base)
		return
	}
	regs, names, _ := strings.Cut(list(vs), " // ")
	f.Line("VST1.P %s, (%v)(%v) // %s", regs, base, stride, names)
}

func list(vs []Vec) string {
	var regs, names []string
	for _, v := range vs {
		regs, names = append(regs, fmt.Sprintf("V%d.S4", v.n)), append(names, v.name)
	}
	return "[" + strings.Join(regs, ", ") + "] // " + strings.Join(names, ", ")
}

// Prefetch asks for the cache line at base, which then moves on by step.
func (f *Func) Prefetch(base, step Reg) {
	f.Line("PRFM (%v), PLDL1KEEP", base)
	f.Add(step, base)
}
