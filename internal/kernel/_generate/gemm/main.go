// Command gemm generates the matrix product's micro-kernels: a tile of C held in registers while k
// runs.
//
// A tile has up to 12 rows by two vectors of 16 with AVX-512 (24 accumulators, two vectors of B,
// one broadcast of A). With AVX2 it has 12 accumulators: 12 rows by one vector of 8, 6 by two, or 4
// by three. Each number of rows has its own function, and so has each number of vectors. The last
// vector is masked, so that any size is covered without touching memory outside. With AVX2 those
// are functions of their own, for a masked store takes some processors as long as many products.
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
	for _, isa := range vec.Both {
		avx2 := isa().Bytes() == 32
		for rows := 1; rows <= 12; rows++ {
			for vectors := 1; vectors <= 3; vectors++ {
				switch {
				case !avx2 && vectors <= 2:
					tile(isa(), rows, vectors, true)
				case avx2 && rows*vectors <= 12:
					tile(isa(), rows, vectors, false)
					if vectors <= 2 {
						tile(isa(), rows, vectors, true)
					}
				}
			}
		}
	}
	vec.Write()
}

// tile generates a tile of some rows and vectors, the last of which may be masked.
func tile(x vec.ISA, rows, vectors int, masked bool) {
	rest := ""
	if masked && x.Bytes() == 32 {
		rest = "Rest"
	}
	name := fmt.Sprintf("tile%dx%d%s%s", rows, vectors*x.Bytes()/4, rest, x.Name())
	TEXT(name, NOSPLIT, "func(count, k int, a *float32, aRow, aCol int, b *float32, bRow int, c *float32, cRow int, mask *int32, add, stream bool, sum, square, ahead *float32, step int)")
	Doc(fmt.Sprintf("%s computes count tiles of C, one below the other, of %d rows each: C = A·B, or C += A·B. Strides are in bytes.", name, rows),
		"If sum is set, it adds the sums of C's columns to sum and those of the squares to square. stream writes C past the caches:",
		"all columns whole vectors, and aligned. For every row of B a cache line is fetched from ahead.")
	aRow, aCol, bRow := Load(Param("aRow"), GP64()), Load(Param("aCol"), GP64()),
		Load(Param("bRow"), GP64())
	ahead, step := Load(Param("ahead"), GP64()), Load(Param("step"), GP64())
	if masked {
		x.Mask()
	}
	last := func(v int) bool { return masked && v == vectors-1 }
	aRow3 := GP64()
	LEAQ(Mem{Base: aRow, Index: aRow, Scale: 2}, aRow3)

	Label("tile")
	// Rows 0 to 3 are reached from one base, 4 to 7 from the next, and so on.
	bases := []Register{Load(Param("a"), GP64())}
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
		acc[i] = vec.Zero(x)
	}
	b, k := Load(Param("b"), GP64()), Load(Param("k"), GP64())
	Label("k")
	PREFETCHT0(Mem{Base: ahead})
	ADDQ(step, ahead)
	products(x, row, b, acc, vectors, last)
	for _, base := range bases {
		ADDQ(aCol, base)
	}
	ADDQ(bRow, b)
	DECQ(k)
	JNZ(LabelRef("k"))

	c, cRow := Load(Param("c"), GP64()), Load(Param("cRow"), GP64())
	add := Load(Param("add"), GP8())
	TESTB(add, add)
	JZ(LabelRef("store"))
	at := GP64()
	MOVQ(c, at)
	for i := range rows {
		for v := range vectors {
			t := x.New()
			x.Load(Mem{Base: at, Disp: v * x.Bytes()}, t, last(v))
			VADDPS(t, acc[i*vectors+v], acc[i*vectors+v])
		}
		ADDQ(cRow, at)
	}
	Label("store")
	stream := Load(Param("stream"), GP8())
	TESTB(stream, stream)
	JNZ(LabelRef("stream"))
	for i := range rows {
		for v := range vectors {
			x.Store(acc[i*vectors+v], Mem{Base: c, Disp: v * x.Bytes()}, last(v))
		}
		ADDQ(cRow, c)
	}
	JMP(LabelRef("stored"))
	Label("stream")
	for i := range rows {
		for v := range vectors {
			VMOVNTPS(acc[i*vectors+v], Mem{Base: c, Disp: v * x.Bytes()})
		}
		ADDQ(cRow, c)
	}
	Label("stored")
	sum, square := Load(Param("sum"), GP64()), Load(Param("square"), GP64())
	TESTQ(sum, sum)
	JZ(LabelRef("next"))
	for v := range vectors {
		vec.AddMoments(x, acc[v:], vectors, Mem{Base: sum, Disp: v * x.Bytes()},
			Mem{Base: square, Disp: v * x.Bytes()}, last(v))
	}
	Label("next")
	// The parameters themselves move on to the next tile: there are no registers for them.
	MOVQ(c, vec.ParamAt("c"))
	next := GP64()
	IMUL3Q(Imm(uint64(rows)), aRow, next)
	ADDQ(next, vec.ParamAt("a"))
	DECQ(vec.ParamAt("count"))
	JNZ(LabelRef("tile"))
	VZEROUPPER()
	RET()
}

// products generates acc[i,v] += A[i]·B[v] for one column of A.
func products(x vec.ISA, row func(int) Mem, b Register, acc []VecVirtual, vectors int,
	last func(v int) bool) {
	bv := make([]VecVirtual, vectors)
	for v := range bv {
		bv[v] = x.New()
		x.Load(Mem{Base: b, Disp: v * x.Bytes()}, bv[v], last(v))
	}
	if x.Bytes() == 64 && vectors == 1 {
		// A value of A is used once: the product itself reads it.
		for i := range acc {
			VFMADD231PS_BCST(row(i), bv[0], acc[i])
		}
		return
	}
	for i := range len(acc) / vectors {
		av := x.New()
		VBROADCASTSS(row(i), av)
		for v := range bv {
			VFMADD231PS(av, bv[v], acc[i*vectors+v])
		}
	}
}
