// Package vec is what the generators share: vectors of either instruction set, with masked access
// for the last one.
package vec

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// ISA is an instruction set.
type ISA interface {
	Name() string
	New() VecVirtual
	Bytes() int
	// Mask reads the mask of the last vector from the parameter "mask".
	Mask()
	// Load, Store and Zeroing loads; m says whether the access is masked. Masked-off lanes load as
	// 0.
	Load(src Mem, dst VecVirtual, m bool)
	Store(src VecVirtual, dst Mem, m bool)
	// Keep is a where u op c holds, else 0. It may write to dst = a.
	Keep(op uint64, u, c, a, dst VecVirtual)
	// Select puts a into dst where u op c holds.
	Select(op uint64, u, c, a, dst VecVirtual)
}

// Comparisons, ordered and quiet.
const (
	Unordered    = 0x03
	Less         = 0x11
	GreaterEqual = 0x1d
	Greater      = 0x1e
)

// Both instruction sets.
var Both = []func() ISA{func() ISA { return avx512{} }, func() ISA { return &avx2{} }}

// Filled fills a vector with a value.
func Filled(x ISA, v float32) VecVirtual {
	r, s, d := GP32(), XMM(), x.New()
	MOVL(U32(math.Float32bits(v)), r)
	VMOVD(r, s)
	VBROADCASTSS(s, d)
	return d
}

// Spread fills a vector with a parameter of 32 bits.
func Spread(x ISA, name string) VecVirtual {
	s, d := XMM(), x.New()
	VMOVD(Load(Param(name), GP32()), s)
	VBROADCASTSS(s, d)
	return d
}

// EachVector generates the rest of a function that works on one vector of channels after the other:
// the code for a whole vector as often as vectors says, the pointers moving along, then, if the
// parameter "tail" is set, that for a masked one.
func EachVector(x ISA, vectors Register, pointers []Register, code func(masked bool)) {
	TESTQ(vectors, vectors)
	JZ(LabelRef("tail"))
	Label("vector")
	code(false)
	for _, p := range pointers {
		ADDQ(Imm(uint64(x.Bytes())), p)
	}
	DECQ(vectors)
	JNZ(LabelRef("vector"))
	Label("tail")
	tail := Load(Param("tail"), GP8())
	TESTB(tail, tail)
	JZ(LabelRef("done"))
	code(true)
	Label("done")
	VZEROUPPER()
	RET()
}

// ParamAt is where a parameter lies on the stack, for those that there are no registers for.
func ParamAt(name string) Mem {
	c, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return c.Addr
}

// AddMoments adds every step-th of values to the sums in memory, and their squares to the squares.
func AddMoments(x ISA, values []VecVirtual, step int, sum, square Mem, masked bool) {
	s, q := x.New(), x.New()
	x.Load(sum, s, masked)
	x.Load(square, q, masked)
	for i := 0; i < len(values); i += step {
		VADDPS(values[i], s, s)
		VFMADD231PS(values[i], values[i], q)
	}
	x.Store(s, sum, masked)
	x.Store(q, square, masked)
}

// Zero clears a vector.
func Zero(x ISA) VecVirtual {
	d := x.New()
	VXORPS(d, d, d)
	return d
}

type avx512 struct{}

func (avx512) Name() string    { return "AVX512" }
func (avx512) New() VecVirtual { return ZMM() }
func (avx512) Bytes() int      { return 64 }

func (avx512) Mask() {
	p, m := Load(Param("mask"), GP64()), GP32()
	MOVL(Mem{Base: p}, m)
	KMOVW(m, K1)
}

func (avx512) Load(src Mem, dst VecVirtual, m bool) {
	if m {
		VMOVUPS_Z(src, K1, dst)
		return
	}
	VMOVUPS(src, dst)
}

func (avx512) Store(src VecVirtual, dst Mem, m bool) {
	if m {
		VMOVUPS(src, K1, dst)
		return
	}
	VMOVUPS(src, dst)
}

func (avx512) Keep(op uint64, u, c, a, dst VecVirtual) {
	VCMPPS(U8(op), c, u, K2)
	VMOVUPS_Z(a, K2, dst)
}

func (avx512) Select(op uint64, u, c, a, dst VecVirtual) {
	VCMPPS(U8(op), c, u, K2)
	VMOVUPS(a, K2, dst)
}

type avx2 struct{ mask VecVirtual }

func (*avx2) Name() string    { return "AVX2" }
func (*avx2) New() VecVirtual { return YMM() }
func (*avx2) Bytes() int      { return 32 }

func (x *avx2) Mask() {
	p := Load(Param("mask"), GP64())
	x.mask = YMM()
	VMOVUPS(Mem{Base: p}, x.mask)
}

func (x *avx2) Load(src Mem, dst VecVirtual, m bool) {
	if m {
		VMASKMOVPS(src, x.mask, dst)
		return
	}
	VMOVUPS(src, dst)
}

func (x *avx2) Store(src VecVirtual, dst Mem, m bool) {
	if m {
		VMASKMOVPS(src, x.mask, dst)
		return
	}
	VMOVUPS(src, dst)
}

func (*avx2) Keep(op uint64, u, c, a, dst VecVirtual) {
	t := YMM()
	VCMPPS(U8(op), c, u, t)
	VANDPS(t, a, dst)
}

func (*avx2) Select(op uint64, u, c, a, dst VecVirtual) {
	t := YMM()
	VCMPPS(U8(op), c, u, t)
	VBLENDVPS(t, a, dst, dst)
}
