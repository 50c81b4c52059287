// Command gemm generates the matrix product's micro-kernels: a tile of C held in registers while k runs.
//
// A tile has up to 12 rows by two vectors of 16 with AVX-512 (24 accumulators, two vectors of B, one broadcast of A), and up
// to 6 rows by two vectors of 8 with AVX2. Each number of rows has its own function, and a function for one vector of
// columns beside that for two; the last vector is masked, so that any size is covered without touching memory outside.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("!noasm")
	for rows := 1; rows <= 12; rows++ {
		for vectors := 1; vectors <= 2; vectors++ {
			tile(fmt.Sprintf("tile%dx%dAVX512", rows, 16*vectors), rows, vectors, avx512{})
		}
	}
	for rows := 1; rows <= 6; rows++ {
		for vectors := 1; vectors <= 2; vectors++ {
			tile(fmt.Sprintf("tile%dx%dAVX2", rows, 8*vectors), rows, vectors, &avx2{})
		}
	}
	Generate()
}

// isa is what differs between the instruction sets.
type isa interface {
	vector() VecVirtual
	bytes() int
	setMask()                             // prepare the mask of the last vector
	load(src Mem, dst VecVirtual, m bool) // m: masked
	store(src VecVirtual, dst Mem, m bool)
	add(src Mem, dst VecVirtual, m bool)
}

func tile(name string, rows, vectors int, x isa) {
	TEXT(name, NOSPLIT, "func(k int, a *float32, aRow, aCol int, b *float32, bRow int, c *float32, cRow int, mask *int32, add bool)")
	Doc(fmt.Sprintf("%s computes a tile of C of %d rows: C = A·B, or C += A·B. Strides are in bytes.", name, rows))
	k := Load(Param("k"), GP64())
	aRow, aCol := Load(Param("aRow"), GP64()), Load(Param("aCol"), GP64())
	b, bRow := Load(Param("b"), GP64()), Load(Param("bRow"), GP64())
	x.setMask()
	// Rows 0 to 3 are reached from one base, 4 to 7 from the next, and so on.
	bases := []Register{Load(Param("a"), GP64())}
	aRow3 := GP64()
	LEAQ(Mem{Base: aRow, Index: aRow, Scale: 2}, aRow3)
	for i := 4; i < rows; i += 4 {
		next := GP64()
		LEAQ(Mem{Base: bases[len(bases)-1], Index: aRow, Scale: 4}, next)
		bases = append(bases, next)
	}
	row := func(i int) Mem {
		switch base := bases[i/4]; i % 4 {
		case 1:
			return Mem{Base: base, Index: aRow, Scale: 1}
		case 2:
			return Mem{Base: base, Index: aRow, Scale: 2}
		case 3:
			return Mem{Base: base, Index: aRow3, Scale: 1}
		default:
			return Mem{Base: base}
		}
	}
	acc := make([]VecVirtual, rows*vectors)
	for i := range acc {
		acc[i] = x.vector()
		VXORPS(acc[i], acc[i], acc[i])
	}
	bv := make([]VecVirtual, vectors)
	for v := range bv {
		bv[v] = x.vector()
	}
	av := x.vector()
	Label("loop")
	for v := range bv {
		x.load(Mem{Base: b, Disp: v * x.bytes()}, bv[v], v == vectors-1)
	}
	for i := range rows {
		VBROADCASTSS(row(i), av)
		for v := range bv {
			VFMADD231PS(av, bv[v], acc[i*vectors+v])
		}
	}
	for _, base := range bases {
		ADDQ(aCol, base)
	}
	ADDQ(bRow, b)
	DECQ(k)
	JNZ(LabelRef("loop"))

	c, cRow := Load(Param("c"), GP64()), Load(Param("cRow"), GP64())
	add := Load(Param("add"), GP8())
	TESTB(add, add)
	JZ(LabelRef("store"))
	at := GP64()
	MOVQ(c, at)
	for i := range rows {
		for v := range vectors {
			x.add(Mem{Base: at, Disp: v * x.bytes()}, acc[i*vectors+v], v == vectors-1)
		}
		if i < rows-1 {
			ADDQ(cRow, at)
		}
	}
	Label("store")
	for i := range rows {
		for v := range vectors {
			x.store(acc[i*vectors+v], Mem{Base: c, Disp: v * x.bytes()}, v == vectors-1)
		}
		if i < rows-1 {
			ADDQ(cRow, c)
		}
	}
	VZEROUPPER()
	RET()
}

type avx512 struct{}

func (avx512) vector() VecVirtual { return ZMM() }
func (avx512) bytes() int         { return 64 }

// setMask puts the low 16 bits of the word that mask points to into K1.
func (avx512) setMask() {
	p := Load(Param("mask"), GP64())
	m := GP32()
	MOVL(Mem{Base: p}, m)
	KMOVW(m, K1)
}

func (avx512) load(src Mem, dst VecVirtual, m bool) {
	if m {
		VMOVUPS_Z(src, K1, dst)
		return
	}
	VMOVUPS(src, dst)
}

func (avx512) store(src VecVirtual, dst Mem, m bool) {
	if m {
		VMOVUPS(src, K1, dst)
		return
	}
	VMOVUPS(src, dst)
}

func (avx512) add(src Mem, dst VecVirtual, m bool) {
	if m {
		VADDPS(src, dst, K1, dst)
		return
	}
	VADDPS(src, dst, dst)
}

type avx2 struct{ mask VecVirtual }

func (*avx2) vector() VecVirtual { return YMM() }
func (*avx2) bytes() int         { return 32 }

// setMask loads eight words, all ones for the lanes that exist. The register is loaded again where it is used, since all
// sixteen are needed in the loop.
func (x *avx2) setMask() {}

func (x *avx2) lanes() VecVirtual {
	p, m := Load(Param("mask"), GP64()), YMM()
	VMOVUPS(Mem{Base: p}, m)
	return m
}

func (x *avx2) load(src Mem, dst VecVirtual, m bool) {
	if m {
		VMASKMOVPS(src, x.lanes(), dst)
		return
	}
	VMOVUPS(src, dst)
}

func (x *avx2) store(src VecVirtual, dst Mem, m bool) {
	if m {
		VMASKMOVPS(src, x.lanes(), dst)
		return
	}
	VMOVUPS(src, dst)
}

func (x *avx2) add(src Mem, dst VecVirtual, m bool) {
	if m {
		t := YMM()
		VMASKMOVPS(src, x.lanes(), t)
		VADDPS(t, dst, dst)
		return
	}
	VADDPS(src, dst, dst)
}
