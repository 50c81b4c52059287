package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/tailor-nas/tailor/internal/kernel/_generate/vec"
)

// rectifiedDot generates Σ max(x[i]-out[i]+in[i], 0) * w[i] over pairs of vectors, perhaps one more
// vector, and perhaps a masked one. There are two sums, as an addition takes longer than the loads
// of a vector.
func rectifiedDot(x vec.ISA) {
	TEXT("rectifiedDot"+x.Name(), NOSPLIT,
		"func(x, out, in, w *float32, pairs int, one, tail bool, mask *int32) float32")
	x.Mask()
	zero, sums := vec.Zero(x), [2]VecVirtual{vec.Zero(x), vec.Zero(x)}
	p, out, in, w := Load(Param("x"), GP64()), Load(Param("out"), GP64()),
		Load(Param("in"), GP64()), Load(Param("w"), GP64())
	vector := func(i int, masked bool) {
		load := func(base Register) VecVirtual {
			v := x.New()
			x.Load(Mem{Base: base, Disp: i * x.Bytes()}, v, masked)
			return v
		}
		v := load(in)
		VSUBPS(load(out), v, v)
		VADDPS(load(p), v, v)
		VMAXPS(zero, v, v)
		VFMADD231PS(load(w), v, sums[i])
	}
	forward := func(vectors int) {
		for _, r := range []Register{p, out, in, w} {
			ADDQ(Imm(uint64(vectors*x.Bytes())), r)
		}
	}
	left := Load(Param("pairs"), GP64())
	TESTQ(left, left)
	JZ(LabelRef("single"))
	Label("pair")
	vector(0, false)
	vector(1, false)
	forward(2)
	DECQ(left)
	JNZ(LabelRef("pair"))
	Label("single")
	one := Load(Param("one"), GP8())
	TESTB(one, one)
	JZ(LabelRef("rest"))
	vector(0, false)
	forward(1)
	Label("rest")
	tail := Load(Param("tail"), GP8())
	TESTB(tail, tail)
	JZ(LabelRef("sum"))
	vector(0, true)
	Label("sum")
	total := sums[0]
	VADDPS(sums[1], total, total)
	if x.Bytes() == 64 {
		high := YMM()
		VEXTRACTF64X4(Imm(1), total, high)
		VADDPS(high, total.AsY(), total.AsY())
	}
	high := XMM()
	VEXTRACTF128(Imm(1), total.AsY(), high)
	VADDPS(high, total.AsX(), total.AsX())
	VHADDPS(total.AsX(), total.AsX(), total.AsX())
	VHADDPS(total.AsX(), total.AsX(), total.AsX())
	Store(total.AsX(), ReturnIndex(0))
	VZEROUPPER()
	RET()
}
