// Command depthwise generates the depthwise convolution over an image that has its padding around
// it: strips of adjacent output pixels in registers while a row of taps passes, and the weight
// gradient of a row of taps.
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
		for _, k := range []int{3, 5, 7} {
			for _, stride := range []int{1, 2} {
				for _, pixels := range []int{8, 4, 2, 1} {
					if isa().Bytes() == 32 {
						strips(k, stride, pixels)
						continue
					}
					strip(isa(), k, stride, pixels)
				}
				if isa().Bytes() == 32 {
					tapRows(k, stride)
					continue
				}
				weight(isa(), k, stride)
			}
		}
	}
	vec.Write()
}

// strip generates adjacent output pixels of one row for all channels:
//
//	y[i,c] = Σ x[ky, i*stride+kx, c] * w[ky,kx,c]
//
// x points to the first pixel of the window of output pixel 0; pixel is the distance of pixels, of
// taps and of output pixels in bytes (all have the same channels), xRow that of input rows.
func strip(x vec.ISA, k, stride, pixels int) {
	TEXT(fmt.Sprintf("strip%ds%dx%d%s", k, stride, pixels, x.Name()), NOSPLIT,
		"func(y, x, w *float32, xRow, pixel, vectors int, tail, stream bool, mask *int32, sum, square, ahead *float32, step int)")
	x.Mask()
	y, in, w := Load(Param("y"), GP64()), Load(Param("x"), GP64()), Load(Param("w"), GP64())
	xRow, pixel, vectors := Load(Param("xRow"), GP64()), Load(Param("pixel"), GP64()),
		Load(Param("vectors"), GP64())
	ahead := Load(Param("ahead"), GP64())
	channels := func(masked bool) {
		acc := make([]VecVirtual, pixels)
		for i := range acc {
			acc[i] = vec.Zero(x)
		}
		row, tap, ky := GP64(), GP64(), GP64()
		MOVQ(in, row)
		MOVQ(w, tap)
		MOVQ(U32(uint32(k)), ky)
		label := fmt.Sprintf("taps%v", masked)
		Label(label)
		at := GP64()
		MOVQ(row, at)
		taps := make([]VecVirtual, k)
		for kx := range taps {
			taps[kx] = x.New()
			x.Load(Mem{Base: tap}, taps[kx], masked)
			ADDQ(pixel, tap)
		}
		v := x.New()
		for i := range (pixels-1)*stride + k {
			x.Load(Mem{Base: at}, v, masked)
			for p := range pixels {
				if kx := i - p*stride; kx >= 0 && kx < k {
					VFMADD231PS(taps[kx], v, acc[p])
				}
			}
			ADDQ(pixel, at)
		}
		for range linesPerRow(k) {
			PREFETCHT0(Mem{Base: ahead})
			ADDQ(vec.ParamAt("step"), ahead)
		}
		ADDQ(xRow, row)
		DECQ(ky)
		JNZ(LabelRef(label))
		write := func(store func(src VecVirtual, dst Mem, masked bool)) {
			out := GP64()
			MOVQ(y, out)
			for i := range acc {
				store(acc[i], Mem{Base: out}, masked)
				if i < pixels-1 {
					ADDQ(pixel, out)
				}
			}
		}
		label = fmt.Sprintf("stream%v", masked)
		after := fmt.Sprintf("stored%v", masked)
		if !masked {
			stream := Load(Param("stream"), GP8())
			TESTB(stream, stream)
			JNZ(LabelRef(label))
		}
		write(x.Store)
		if !masked {
			JMP(LabelRef(after))
			Label(label)
			write(func(src VecVirtual, dst Mem, _ bool) { VMOVNTPS(src, dst) })
			Label(after)
		}
		// There are no registers for these: the parameters themselves move on.
		sum, square := Load(Param("sum"), GP64()), Load(Param("square"), GP64())
		TESTQ(sum, sum)
		label = fmt.Sprintf("unsummed%v", masked)
		JZ(LabelRef(label))
		vec.AddMoments(x, acc, 1, Mem{Base: sum}, Mem{Base: square}, masked)
		ADDQ(Imm(uint64(x.Bytes())), vec.ParamAt("sum"))
		ADDQ(Imm(uint64(x.Bytes())), vec.ParamAt("square"))
		Label(label)
	}
	vec.EachVector(x, vectors, []Register{y, in, w}, channels)
}

// linesPerRow is how many cache lines a strip fetches ahead with every row of taps: about two for
// each line of output.
func linesPerRow(k int) int { return 10 / k }

// weight generates the gradient of a row of taps over an image, for all channels:
//
//	dw[kx,c] += Σ x[oy*stride, ox*stride+kx, c] * dz[oy,ox,c]
//
// dz may lie spread out: dzRow and dzPixel are the distances of its rows and pixels, xRow that of
// every stride-th input row.
func weight(x vec.ISA, k, stride int) {
	TEXT(fmt.Sprintf("taps%ds%d%s", k, stride, x.Name()), NOSPLIT,
		"func(dw, x, dz *float32, xRow, pixel, dzRow, dzPixel, oh, ow, vectors int, tail bool, mask *int32, ahead *float32, step int)")
	x.Mask()
	dw, in, dz := Load(Param("dw"), GP64()), Load(Param("x"), GP64()), Load(Param("dz"), GP64())
	pixel := Load(Param("pixel"), GP64())
	vectors := Load(Param("vectors"), GP64())
	ahead := Load(Param("ahead"), GP64())
	const most = 8
	channels := func(masked bool) {
		acc := make([]VecVirtual, k)
		for i := range acc {
			acc[i] = vec.Zero(x)
		}
		row, dRow, oy := GP64(), GP64(), GP64()
		MOVQ(in, row)
		MOVQ(dz, dRow)
		Load(Param("oh"), oy)
		rowLabel := fmt.Sprintf("row%v", masked)
		Label(rowLabel)
		at, d, ox := GP64(), GP64(), GP64()
		MOVQ(row, at)
		MOVQ(dRow, d)
		Load(Param("ow"), ox)
		for pixels := most; pixels >= 1; pixels /= 2 {
			block, after := fmt.Sprintf("block%d%v", pixels, masked),
				fmt.Sprintf("after%d%v", pixels, masked)
			Label(block)
			CMPQ(ox, Imm(uint64(pixels)))
			JL(LabelRef(after))
			gradients(x, acc, at, d, pixel, pixels, stride, masked)
			if pixels == most {
				PREFETCHT0(Mem{Base: ahead})
				ADDQ(vec.ParamAt("step"), ahead)
			}
			SUBQ(Imm(uint64(pixels)), ox)
			JMP(LabelRef(block))
			Label(after)
		}
		ADDQ(vec.ParamAt("xRow"), row)
		ADDQ(vec.ParamAt("dzRow"), dRow)
		DECQ(oy)
		JNZ(LabelRef(rowLabel))
		out, t := GP64(), x.New()
		MOVQ(dw, out)
		for kx := range k {
			x.Load(Mem{Base: out}, t, masked)
			VADDPS(t, acc[kx], acc[kx])
			x.Store(acc[kx], Mem{Base: out}, masked)
			if kx < k-1 {
				ADDQ(pixel, out)
			}
		}
	}
	vec.EachVector(x, vectors, []Register{dw, in, dz}, channels)
}

// gradients adds what a few adjacent output pixels contribute: their gradients are held in
// registers while the inputs under them pass. It moves at and d behind them.
func gradients(x vec.ISA, acc []VecVirtual, at, d, pixel Register, pixels, stride int,
	masked bool) {
	dz := make([]VecVirtual, pixels)
	for p := range dz {
		dz[p] = x.New()
		x.Load(Mem{Base: d}, dz[p], masked)
		ADDQ(vec.ParamAt("dzPixel"), d)
	}
	v, in := x.New(), GP64()
	MOVQ(at, in)
	for i := range (pixels-1)*stride + len(acc) {
		x.Load(Mem{Base: in}, v, masked)
		for p := range pixels {
			if kx := i - p*stride; kx >= 0 && kx < len(acc) {
				VFMADD231PS(dz[p], v, acc[kx])
			}
		}
		ADDQ(pixel, in)
	}
	for range pixels * stride {
		ADDQ(pixel, at)
	}
}
