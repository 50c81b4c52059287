package neon

import (
	"fmt"
	"slices"
	"strings"
)

// Func is a function under construction.
type Func struct {
	name, signature, doc string
	params               []param
	argBytes             int
	lines                []string
	reg                  [32]bool // in use
	vec                  [VectorRegisters]bool
}

// VectorRegisters is how many there are.
const VectorRegisters = 32

type param struct {
	name, load string
	at         int
}

// Reg is a general register.
type Reg int

func (r Reg) String() string { return fmt.Sprintf("R%d", int(r)) }

// Vec is a vector register with the name of what it holds.
type Vec struct {
	n    int
	name string
}

// place lays the parameters out as Go does.
func (f *Func) place() {
	var names []string
	for _, part := range strings.Split(f.signature, ", ") {
		name, kind, typed := strings.Cut(part, " ")
		names = append(names, name)
		if !typed {
			continue
		}
		size, load := 8, "MOVD"
		switch kind {
		case "bool":
			size, load = 1, "MOVBU"
		case "int32":
			size, load = 4, "MOVW"
		}
		for _, n := range names {
			f.argBytes = (f.argBytes + size - 1) / size * size
			f.params = append(f.params, param{n, load, f.argBytes})
			f.argBytes += size
		}
		names = nil
	}
}

// Line adds a line of assembly.
func (f *Func) Line(format string, args ...any) {
	f.lines = append(f.lines, "\t"+fmt.Sprintf(format, args...))
}

// Param loads a parameter into a register of its own.
func (f *Func) Param(name string) Reg {
	i := slices.IndexFunc(f.params, func(p param) bool { return p.name == name })
	p, r := f.params[i], f.Reg()
	f.Line("%s %s+%d(FP), %v", p.load, p.name, p.at, r)
	return r
}

// reserved registers are the platform's, the assembler's, the goroutine's, and those of frame,
// return address and stack.
var reserved = []int{18, 27, 28, 29, 30, 31}

// Reg gives a register that is not in use.
func (f *Func) Reg() Reg {
	for r := range f.reg {
		if !f.reg[r] && !slices.Contains(reserved, r) {
			f.reg[r] = true
			return Reg(r)
		}
	}
	panic(f.name + " needs too many registers")
}

// Free lets registers be given away again.
func (f *Func) Free(regs ...Reg) {
	for _, r := range regs {
		f.reg[r] = false
	}
}

// Vecs gives adjacent vector registers that are not in use. name holds a %d if there are several.
func (f *Func) Vecs(n int, name string) []Vec {
	for first := 0; first+n <= len(f.vec); first++ {
		if slices.Contains(f.vec[first:first+n], true) {
			continue
		}
		var vs []Vec
		for i := range n {
			f.vec[first+i] = true
			v := Vec{first + i, name}
			if strings.Contains(name, "%d") {
				v.name = fmt.Sprintf(name, i)
			}
			vs = append(vs, v)
		}
		return vs
	}
	panic(f.name + " needs too many vector registers")
}

// Vec gives a vector register that is not in use.
func (f *Func) Vec(name string) Vec { return f.Vecs(1, name)[0] }

// FreeVecs lets vector registers be given away again.
func (f *Func) FreeVecs(vs ...Vec) {
	for _, v := range vs {
		f.vec[v.n] = false
	}
}

// Label marks a place.
func (f *Func) Label(name string) { f.lines = append(f.lines, name+":") }

// Jump, and the same if a register is zero or is not.
func (f *Func) Jump(label string)              { f.Line("B %s", label) }
func (f *Func) JumpZero(r Reg, label string)   { f.Line("CBZ %v, %s", r, label) }
func (f *Func) JumpUnless(r Reg, label string) { f.Line("CBNZ %v, %s", r, label) }

// CountDown goes back to a label until r has been counted down to zero by ones.
func (f *Func) CountDown(r Reg, label string) {
	f.Line("SUBS $1, %v, %v", r, r)
	f.Line("BNE %s", label)
}

// Move is to = from.
func (f *Func) Move(from, to Reg) { f.Line("MOVD %v, %v", from, to) }

// Set is to = a constant.
func (f *Func) Set(value int, to Reg) { f.Line("MOVD $%d, %v", value, to) }

// Add is to += by.
func (f *Func) Add(by, to Reg) { f.Line("ADD %v, %v", by, to) }

// AddTo is to = a + b.
func (f *Func) AddTo(a, b, to Reg) { f.Line("ADD %v, %v, %v", a, b, to) }

// AddShifted is to = a + b<<by.
func (f *Func) AddShifted(a, b Reg, by int, to Reg) {
	f.Line("ADD %v<<%d, %v, %v", b, by, a, to)
}

// AddNumber is to += a constant.
func (f *Func) AddNumber(n int, to Reg) { f.Line("ADD $%d, %v", n, to) }

// Return ends the function.
func (f *Func) Return() { f.Line("RET") }
