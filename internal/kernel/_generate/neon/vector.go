package neon

import "fmt"

// Instructions are written with the result first: f.Add4(d, a, b) is d = a + b.

// known adds an instruction of Go's assembler, whose operands are in the reverse order.
func (f *Func) known(op, form string, d, a, b Vec, formula string, args ...any) {
	f.Line("%s V%d.%s, V%d.%s, V%d.%s // %s", op, b.n, form, a.n, form, d.n, form,
		fmt.Sprintf(formula, args...))
}

// encoded adds an instruction on vectors of four float32 by its encoding, which has the registers
// in bits 0 (d), 5 (a) and 16 (b).
func (f *Func) encoded(op string, code uint32, d, a, b Vec, formula string, args ...any) {
	f.Line("WORD $0x%08x // %s V%d.S4, V%d.S4, V%d.S4: %s", code|fields(d, a, b), op, b.n, a.n, d.n,
		fmt.Sprintf(formula, args...))
}

func fields(d, a, b Vec) uint32 { return uint32(b.n)<<16 | uint32(a.n)<<5 | uint32(d.n) }

// MulAdd is d += a*b, rounded once.
func (f *Func) MulAdd(d, a, b Vec) {
	f.known("VFMLA", "S4", d, a, b, "%s += %s * %s", d.name, a.name, b.name)
}

// MulAddLane is d += a*b[lane], rounded once.
func (f *Func) MulAddLane(d, a, b Vec, lane int) {
	code := 0x4f801000 | uint32(lane&1)<<21 | uint32(lane>>1)<<11 | fields(d, a, b)
	f.Line("WORD $0x%08x // FMLA V%d.S[%d], V%d.S4, V%d.S4: %s += %s * %s[%d]", code, b.n, lane,
		a.n, d.n, d.name, a.name, b.name, lane)
}

// Add4, Sub4, Mul4 and Div4 are d = a + b, and so on, by lane.
func (f *Func) Add4(d, a, b Vec) {
	f.encoded("FADD", 0x4e20d400, d, a, b, "%s = %s + %s", d.name, a.name, b.name)
}

func (f *Func) Sub4(d, a, b Vec) {
	f.encoded("FSUB", 0x4ea0d400, d, a, b, "%s = %s - %s", d.name, a.name, b.name)
}

func (f *Func) Mul4(d, a, b Vec) {
	f.encoded("FMUL", 0x6e20dc00, d, a, b, "%s = %s * %s", d.name, a.name, b.name)
}

func (f *Func) Div4(d, a, b Vec) {
	f.encoded("FDIV", 0x6e20fc00, d, a, b, "%s = %s / %s", d.name, a.name, b.name)
}

// Max4 and Min4 are the larger and the smaller; NaN if one of them is.
func (f *Func) Max4(d, a, b Vec) {
	f.encoded("FMAX", 0x4e20f400, d, a, b, "%s = max(%s, %s)", d.name, a.name, b.name)
}

func (f *Func) Min4(d, a, b Vec) {
	f.encoded("FMIN", 0x4ea0f400, d, a, b, "%s = min(%s, %s)", d.name, a.name, b.name)
}

// Greater and GreaterEqual set all bits of a lane where a > b, or a >= b, else none.
func (f *Func) Greater(d, a, b Vec) {
	f.encoded("FCMGT", 0x6ea0e400, d, a, b, "%s = %s > %s", d.name, a.name, b.name)
}

func (f *Func) GreaterEqual(d, a, b Vec) {
	f.encoded("FCMGE", 0x6e20e400, d, a, b, "%s = %s >= %s", d.name, a.name, b.name)
}

// Keep is d = a where mask is set, else 0.
func (f *Func) Keep(d, a, mask Vec) {
	f.known("VAND", "B16", d, a, mask, "%s = %s where %s, else 0", d.name, a.name, mask.name)
}

// Insert puts a into d where mask is set.
func (f *Func) Insert(d, a, mask Vec) {
	f.known("VBIT", "B16", d, a, mask, "%s = %s where %s", d.name, a.name, mask.name)
}

// AddInts is d = a + b of integers; ShiftInts is d = a << by.
func (f *Func) AddInts(d, a, b Vec) {
	f.known("VADD", "S4", d, a, b, "%s = %s + %s, as integers", d.name, a.name, b.name)
}

func (f *Func) ShiftInts(d, a Vec, by int) {
	f.Line("VSHL $%d, V%d.S4, V%d.S4 // %s = %s << %d", by, a.n, d.n, d.name, a.name, by)
}

// Zero clears vectors.
func (f *Func) Zero(vs ...Vec) {
	for _, v := range vs {
		f.known("VEOR", "B16", v, v, v, "%s = 0", v.name)
	}
}

// Copy is d = a.
func (f *Func) Copy(d, a Vec) {
	f.Line("VMOV V%d.B16, V%d.B16 // %s = %s", a.n, d.n, d.name, a.name)
}

// Fill puts a general register into all lanes.
func (f *Func) Fill(d Vec, r Reg) { f.Line("VDUP %v, V%d.S4 // %s", r, d.n, d.name) }

// Transpose turns four vectors: lane j of v[i] becomes lane i of v[j].
func (f *Func) Transpose(v []Vec) {
	t := f.Vecs(4, "t%d")
	for i := 0; i < 4; i += 2 {
		f.known("VTRN1", "S4", t[i], v[i], v[i+1], "%s = even lanes of %s and %s", t[i].name,
			v[i].name, v[i+1].name)
		f.known("VTRN2", "S4", t[i+1], v[i], v[i+1], "%s = odd lanes of %s and %s", t[i+1].name,
			v[i].name, v[i+1].name)
	}
	for i := range 2 {
		f.known("VTRN1", "D2", v[i], t[i], t[i+2], "lanes %d of all", i)
		f.known("VTRN2", "D2", v[i+2], t[i], t[i+2], "lanes %d of all", i+2)
	}
	f.FreeVecs(t...)
}
