// Command rows generates the kernels that pass over rows of channels: maps, which read and write
// rows as they lie in memory, and sums over rows, which keep a few vectors of channels in registers
// and go down the rows.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/tailor-nas/tailor/internal/kernel/_generate/vec"
)

func main() {
	ConstraintExpr("!noasm")
	acts := []string{"Identity", "ReLU", "ReLU6", "HSwish", "SiLU"}
	exp := newExponential()
	for _, isa := range vec.Both {
		for _, act := range acts {
			mapRows("scaleShift"+act, isa(), []string{"x"},
				func(m *mapping) { m.activate(act, exp, m.scaled("x", "scale", "shift")) })
		}
		mapRows("scaleShiftAdd", isa(), []string{"x", "r"}, func(m *mapping) {
			t := m.scaled("x", "scale", "shift")
			r := m.value("r")
			VADDPS(r, t, t)
			m.result = t
		})
		mapRows("combine", isa(), []string{"x", "r"}, func(m *mapping) {
			// y = x*scale + r*other + shift
			t := m.scaled("x", "scale", "shift")
			r := m.value("r")
			o := m.coefficient("other")
			VFMADD231PS(o, r, t)
			m.result = t
		})
		widths := []int{1, 2, 4, 8}
		if isa().Bytes() == 32 {
			widths = []int{1, 2}
		}
		for _, v := range widths {
			products(isa(), v)
		}
		for _, act := range acts {
			if isa().Bytes() == 32 {
				gradientRows(isa(), act, exp)
				continue
			}
			for _, v := range gradientWidths {
				gradient(isa(), act, exp, v)
			}
		}
		add(isa())
		largest(isa())
		rectifiedDot(isa())
		adam(isa())
	}
	fence()
	vec.Write()
}

// fence generates what waits until everything that bypassed the caches is in memory.
func fence() {
	TEXT("fence", NOSPLIT, "func()")
	SFENCE()
	RET()
}

// mapping is the body of a map: what it needs at one vector.
type mapping struct {
	x         vec.ISA
	constants map[string]VecVirtual
	pointers  map[string]Register
	at        Register // byte offset in the row of the vector
	masked    bool
	result    VecVirtual
}

// value loads the vector of a row.
func (m *mapping) value(name string) VecVirtual { return m.coefficient(name) }

// coefficient loads the vector of something by channel.
func (m *mapping) coefficient(name string) VecVirtual {
	v := m.x.New()
	m.x.Load(Mem{Base: m.pointers[name], Index: m.at, Scale: 1}, v, m.masked)
	return v
}

// scaled is value*scale + shift.
func (m *mapping) scaled(value, scale, shift string) VecVirtual {
	v, s, t := m.value(value), m.coefficient(scale), m.coefficient(shift)
	VFMADD231PS(s, v, t)
	return t
}

// activate makes act(u) the result.
func (m *mapping) activate(act string, exp exponential, u VecVirtual) {
	m.result = u
	switch act {
	case "ReLU":
		VMAXPS(m.constants["zero"], u, u)
	case "ReLU6":
		VMAXPS(m.constants["zero"], u, u)
		VMINPS(m.constants["six"], u, u)
	case "HSwish":
		t := m.x.New()
		VADDPS(m.constants["three"], u, t)
		VMAXPS(m.constants["zero"], t, t)
		VMINPS(m.constants["six"], t, t)
		VMULPS(m.constants["sixth"], t, t)
		VMULPS(t, u, u)
	case "SiLU":
		VDIVPS(exp.onePlus(m.x, u), u, u)
	}
}

// mapRows generates y[r,c] = f(x[r,c], ...), with coefficients by channel; vectors is the number of
// whole vectors in a row, tail whether a masked one follows.
func mapRows(name string, x vec.ISA, inputs []string, body func(*mapping)) {
	params := "y"
	for _, i := range inputs {
		params += ", " + i
	}
	TEXT(name+x.Name(), NOSPLIT,
		fmt.Sprintf("func(%s, scale, shift, other *float32, rows, rowBytes, vectors int, tail bool, mask *int32)", params))
	m := &mapping{x: x, pointers: map[string]Register{}}
	m.constants = map[string]VecVirtual{
		"zero": vec.Zero(x), "three": vec.Filled(x, 3), "six": vec.Filled(x, 6),
		"sixth": vec.Filled(x, 1.0/6),
	}
	x.Mask()
	for _, p := range append(inputs, "y", "scale", "shift", "other") {
		m.pointers[p] = Load(Param(p), GP64())
	}
	rows, rowBytes := Load(Param("rows"), GP64()), Load(Param("rowBytes"), GP64())
	m.at = GP64()
	left := GP64()
	once := func() {
		body(m)
		m.x.Store(m.result, Mem{Base: m.pointers["y"], Index: m.at, Scale: 1}, m.masked)
	}
	Label("row")
	XORQ(m.at, m.at)
	Load(Param("vectors"), left)
	TESTQ(left, left)
	JZ(LabelRef("tail"))
	Label("vector")
	m.masked = false
	once()
	ADDQ(Imm(uint64(x.Bytes())), m.at)
	DECQ(left)
	JNZ(LabelRef("vector"))
	Label("tail")
	tail := Load(Param("tail"), GP8())
	TESTB(tail, tail)
	JZ(LabelRef("next"))
	m.masked = true
	once()
	Label("next")
	for _, p := range append(inputs, "y") {
		ADDQ(rowBytes, m.pointers[p])
	}
	DECQ(rows)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// addTo adds an accumulator to memory and stores it.
func addTo(x vec.ISA, acc VecVirtual, at Mem, masked bool) {
	t := x.New()
	x.Load(at, t, masked)
	VADDPS(t, acc, acc)
	x.Store(acc, at, masked)
}

// add generates y[i] += x[i] for a number of whole vectors and perhaps a masked one.
func add(x vec.ISA) {
	TEXT("add"+x.Name(), NOSPLIT, "func(y, x *float32, vectors int, tail bool, mask *int32)")
	x.Mask()
	y, p, left := Load(Param("y"), GP64()), Load(Param("x"), GP64()), Load(Param("vectors"), GP64())
	once := func(masked bool) {
		a, b := x.New(), x.New()
		x.Load(Mem{Base: p}, a, masked)
		x.Load(Mem{Base: y}, b, masked)
		VADDPS(a, b, b)
		x.Store(b, Mem{Base: y}, masked)
	}
	vec.EachVector(x, left, []Register{p, y}, once)
}

// largest generates, for rows of x that are xBytes apart, y[r,c] = max(y[r,c], x[r,c]), and at[r,c]
// = place where x is larger. A NaN of either stays.
func largest(x vec.ISA) {
	TEXT("largest"+x.Name(), NOSPLIT,
		"func(y *float32, at *int32, x *float32, rows, rowBytes, xBytes, vectors int, tail bool, mask *int32, place int32)")
	x.Mask()
	y, places, p := Load(Param("y"), GP64()), Load(Param("at"), GP64()), Load(Param("x"), GP64())
	rows, rowBytes, xBytes := Load(Param("rows"), GP64()), Load(Param("rowBytes"), GP64()),
		Load(Param("xBytes"), GP64())
	place := vec.Spread(x, "place")
	offset, left := GP64(), GP64()
	once := func(masked bool) {
		at := func(base Register) Mem { return Mem{Base: base, Index: offset, Scale: 1} }
		a, b, t := x.New(), x.New(), x.New()
		x.Load(at(p), a, masked)
		x.Load(at(y), b, masked)
		x.Load(at(places), t, masked)
		x.Select(vec.Greater, a, b, place, t)
		x.Store(t, at(places), masked)
		VMAXPS(b, a, b) // that of y if one of them is a NaN
		x.Select(vec.Unordered, a, a, a, b)
		x.Store(b, at(y), masked)
	}
	Label("row")
	XORQ(offset, offset)
	Load(Param("vectors"), left)
	TESTQ(left, left)
	JZ(LabelRef("tail"))
	Label("vector")
	once(false)
	ADDQ(Imm(uint64(x.Bytes())), offset)
	DECQ(left)
	JNZ(LabelRef("vector"))
	Label("tail")
	tail := Load(Param("tail"), GP8())
	TESTB(tail, tail)
	JZ(LabelRef("next"))
	once(true)
	Label("next")
	ADDQ(rowBytes, y)
	ADDQ(rowBytes, places)
	ADDQ(xBytes, p)
	DECQ(rows)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// products generates dot[c] += Σ x[r,c]*d[r,c] over rows.
func products(x vec.ISA, v int) {
	TEXT(fmt.Sprintf("products%d%s", v, x.Name()), NOSPLIT,
		"func(x, d, dot *float32, rows, rowBytes int, mask *int32)")
	x.Mask()
	p, d, rows, rowBytes := Load(Param("x"), GP64()), Load(Param("d"), GP64()),
		Load(Param("rows"), GP64()), Load(Param("rowBytes"), GP64())
	var dot []VecVirtual
	for range v {
		dot = append(dot, vec.Zero(x))
	}
	Label("row")
	for i := range v {
		a, b := x.New(), x.New()
		x.Load(Mem{Base: p, Disp: i * x.Bytes()}, a, i == v-1)
		x.Load(Mem{Base: d, Disp: i * x.Bytes()}, b, i == v-1)
		VFMADD231PS(a, b, dot[i])
	}
	ADDQ(rowBytes, p)
	ADDQ(rowBytes, d)
	DECQ(rows)
	JNZ(LabelRef("row"))
	at := Load(Param("dot"), GP64())
	for i := range v {
		addTo(x, dot[i], Mem{Base: at, Disp: i * x.Bytes()}, i == v-1)
	}
	VZEROUPPER()
	RET()
}

// gradientWidths is how many vectors of channels the gradient takes at a time: many, so that a
// row's memory is read in long pieces.
var gradientWidths = []int{1, 2, 4, 8}

// gradient generates, for v vectors of channels, the last masked, out = d*act'(x*scale+shift), with
// sum += Σ out and dot += Σ out*(x-mean) over rows. The sums are in registers, the coefficients
// come from the first level cache. With stream set, out bypasses the caches; then all vectors are
// whole and aligned.
func gradient(x vec.ISA, act string, exp exponential, v int) {
	TEXT(fmt.Sprintf("gradient%s%d%s", act, v, x.Name()), NOSPLIT,
		"func(out, d, x, scale, shift, mean, sum, dot *float32, rows, rowBytes int, mask *int32, stream bool)")
	x.Mask()
	at := func(base Register, i int) Mem { return Mem{Base: base, Disp: i * x.Bytes()} }
	scale, shift, mean := Load(Param("scale"), GP64()), Load(Param("shift"), GP64()),
		Load(Param("mean"), GP64())
	var sum, dot []VecVirtual
	for range v {
		sum, dot = append(sum, vec.Zero(x)), append(dot, vec.Zero(x))
	}
	slope := slopeOf(x, act, exp)
	out, d, p := Load(Param("out"), GP64()), Load(Param("d"), GP64()), Load(Param("x"), GP64())
	rows, rowBytes := Load(Param("rows"), GP64()), Load(Param("rowBytes"), GP64())
	pass := func(label string, store func(src VecVirtual, dst Mem, last bool)) {
		Label(label)
		for i := range v {
			last := i == v-1
			z, t, u, c := x.New(), x.New(), x.New(), x.New()
			x.Load(at(p, i), z, last)
			x.Load(at(d, i), t, last)
			x.Load(at(shift, i), u, last)
			x.Load(at(scale, i), c, last)
			VFMADD231PS(c, z, u)
			slope(u, t)
			store(t, at(out, i), last)
			VADDPS(t, sum[i], sum[i])
			x.Load(at(mean, i), c, last)
			VSUBPS(c, z, z)
			VFMADD231PS(t, z, dot[i])
		}
		ADDQ(rowBytes, p)
		ADDQ(rowBytes, d)
		ADDQ(rowBytes, out)
		DECQ(rows)
		JNZ(LabelRef(label))
	}
	stream := Load(Param("stream"), GP8())
	TESTB(stream, stream)
	JNZ(LabelRef("streamed"))
	pass("row", x.Store)
	JMP(LabelRef("sums"))
	pass("streamed", func(src VecVirtual, dst Mem, _ bool) { VMOVNTPS(src, dst) })
	Label("sums")
	s, q := Load(Param("sum"), GP64()), Load(Param("dot"), GP64())
	for i := range v {
		addTo(x, sum[i], at(s, i), i == v-1)
		addTo(x, dot[i], at(q, i), i == v-1)
	}
	VZEROUPPER()
	RET()
}

// slopeOf prepares constants and gives the code for t *= act'(u).
func slopeOf(x vec.ISA, act string, exp exponential) func(u, t VecVirtual) {
	switch act {
	case "ReLU":
		zero := vec.Zero(x)
		return func(u, t VecVirtual) { x.Keep(vec.Greater, u, zero, t, t) }
	case "ReLU6":
		zero, six := vec.Zero(x), vec.Filled(x, 6)
		return func(u, t VecVirtual) {
			x.Keep(vec.Greater, u, zero, t, t)
			x.Keep(vec.Less, u, six, t, t)
		}
	case "HSwish":
		minus, three := vec.Filled(x, -3), vec.Filled(x, 3)
		third, half, one := vec.Filled(x, 1.0/3), vec.Filled(x, 0.5), vec.Filled(x, 1)
		return func(u, t VecVirtual) {
			s := x.New()
			VMOVAPS(half, s)
			VFMADD231PS(third, u, s)
			x.Keep(vec.Greater, u, minus, s, s)
			x.Select(vec.GreaterEqual, u, three, one, s)
			VMULPS(s, t, t)
		}
	case "SiLU":
		return func(u, t VecVirtual) { exp.siluSlope(x, u, t) }
	}
	return func(u, t VecVirtual) {}
}
