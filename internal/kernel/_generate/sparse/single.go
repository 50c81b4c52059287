package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/tailor-nas/tailor/internal/kernel/_generate/vec"
)

// group is how many adjacent columns of C a kernel of single weights computes at a time.
const group = 4

// vector gives a register of so many lanes: 4 and 8 are AVX2's, 16 are AVX-512's.
func vector(lanes int) VecVirtual {
	switch lanes {
	case 4:
		return XMM()
	case 8:
		return YMM()
	}
	return ZMM()
}

func isa(lanes int) string {
	if lanes == 16 {
		return "AVX512"
	}
	return "AVX2"
}

// cross transposes blocks of 4x4: lane 4i+j of v[r] becomes lane 4i+r of v[j].
func cross(v []VecVirtual, lanes int) {
	var low, high [2]VecVirtual
	for i := range low {
		low[i], high[i] = vector(lanes), vector(lanes)
		VUNPCKLPS(v[2*i+1], v[2*i], low[i])
		VUNPCKHPS(v[2*i+1], v[2*i], high[i])
	}
	VUNPCKLPD(low[1], low[0], v[0])
	VUNPCKHPD(low[1], low[0], v[1])
	VUNPCKLPD(high[1], high[0], v[2])
	VUNPCKHPD(high[1], high[0], v[3])
}

// transpose generates the way in: pixels with adjacent channels become channels with adjacent
// pixels.
func transpose(pixels int) {
	name := fmt.Sprintf("transpose%d%s", pixels, isa(pixels))
	TEXT(name, NOSPLIT, "func(blocks int, a *float32, aRow int, x *float32, xRow int)")
	Doc(fmt.Sprintf("%s writes A, (%d,4*blocks), as X, (4*blocks,%d). Strides are in bytes.", name,
		pixels, pixels))
	blocks, x, xRow := Load(Param("blocks"), GP64()), Load(Param("x"), GP64()),
		Load(Param("xRow"), GP64())
	row := rowsFrom(Load(Param("a"), GP64()).(GPVirtual), Load(Param("aRow"), GP64()).(GPVirtual),
		pixels)
	xRow3 := GP64()
	LEAQ(Mem{Base: xRow, Index: xRow, Scale: 2}, xRow3)
	Label("block")
	v := make([]VecVirtual, 4)
	for i := range v {
		v[i] = vector(pixels)
		load(func(pixel int) Mem { return row.at(pixel + i) }, v[i], pixels)
	}
	cross(v, pixels)
	for i, to := range []Mem{{Base: x}, {Base: x, Index: xRow, Scale: 1},
		{Base: x, Index: xRow, Scale: 2}, {Base: x, Index: xRow3, Scale: 1}} {
		VMOVUPS(v[i], to)
	}
	LEAQ(Mem{Base: x, Index: xRow, Scale: 4}, x)
	for _, b := range row.bases {
		ADDQ(Imm(16), b)
	}
	DECQ(blocks)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}

// load fills a vector with the same four channels of pixels 0, 4, 8 and 12.
func load(row func(i int) Mem, to VecVirtual, pixels int) {
	VMOVUPS(row(0), to.AsX())
	if pixels >= 8 {
		VINSERTF128(Imm(1), row(4), to.AsY(), to.AsY())
	}
	if pixels == 16 {
		high := YMM()
		VMOVUPS(row(8), high.AsX())
		VINSERTF128(Imm(1), row(12), high, high)
		VINSERTF64X4(Imm(1), high, to, to)
	}
}

// single generates the product of a tile of pixels.
func single(lanes, vectors int) {
	pixels := lanes * vectors
	name := fmt.Sprintf("single%d%s", pixels, isa(lanes))
	TEXT(name, NOSPLIT, "func(groups int, steps, offsets *int32, weights, x, c *float32, cRow int)")
	Doc(fmt.Sprintf("%s computes %d rows of C, four columns at a time. X holds as many columns, its row r at r*16 times %d bytes.", name, pixels, pixels/4),
		"A group of columns has as many steps as steps says, each four weights with the offsets r*16 of their rows. cRow is in bytes.")
	groups, steps := Load(Param("groups"), GP64()), Load(Param("steps"), GP64())
	offsets, weights := Load(Param("offsets"), GP64()), Load(Param("weights"), GP64())
	x := Load(Param("x"), GP64())
	Label("group")
	acc := make([][]VecVirtual, group)
	for j := range acc {
		for range vectors {
			a := vector(lanes)
			VXORPS(a, a, a)
			acc[j] = append(acc[j], a)
		}
	}
	count := GP64()
	MOVLQSX(Mem{Base: steps}, count)
	ADDQ(Imm(4), steps)
	TESTQ(count, count)
	JZ(LabelRef("store"))
	Label("step")
	for j := range acc {
		at, w := GP64(), vector(lanes)
		MOVL(Mem{Base: offsets, Disp: 4 * j}, at.As32())
		VBROADCASTSS(Mem{Base: weights, Disp: 4 * j}, w)
		if pixels == 64 { // an address scales by at most 8
			ADDQ(at, at)
		}
		for v := range vectors {
			VFMADD231PS(Mem{Base: x, Index: at, Scale: uint8(min(pixels/4, 8)),
				Disp: v * 4 * lanes}, w, acc[j][v])
		}
	}
	ADDQ(Imm(4*group), offsets)
	ADDQ(Imm(4*group), weights)
	DECQ(count)
	JNZ(LabelRef("step"))
	Label("store")
	c, cRow := Load(Param("c"), GP64()), Load(Param("cRow"), GP64())
	row := rowsFrom(c.(GPVirtual), cRow.(GPVirtual), 4)
	for v := range vectors {
		cols := []VecVirtual{acc[0][v], acc[1][v], acc[2][v], acc[3][v]}
		cross(cols, lanes)
		for quarter := range lanes / 4 {
			for i := range cols {
				extract(cols[i], quarter, row.from(c, i), lanes)
			}
			LEAQ(Mem{Base: c, Index: cRow, Scale: 4}, c)
		}
	}
	ADDQ(Imm(4*group), vec.ParamAt("c"))
	DECQ(groups)
	JNZ(LabelRef("group"))
	VZEROUPPER()
	RET()
}

// extract stores a quarter of a vector.
func extract(v VecVirtual, quarter int, to Mem, lanes int) {
	switch {
	case quarter == 0:
		VMOVUPS(v.AsX(), to)
	case lanes == 8:
		VEXTRACTF128(Imm(uint64(quarter)), v, to)
	default:
		VEXTRACTF32X4(Imm(uint64(quarter)), v, to)
	}
}
