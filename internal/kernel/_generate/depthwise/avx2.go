package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/tailor-nas/tailor/internal/kernel/_generate/vec"
)

// AVX2 has 16 registers: just enough for 8 sums, 7 taps and an input. So the mask of a last vector
// has none; it is loaded into the register that the masked value goes to. Channels are reached by
// an offset, and pixels by multiples of their distance, which leaves few instructions beside the
// products.

// part is the channels that a function is at: a vector of them, whole or masked.
type part struct {
	off  Register // of the vector, in bytes
	mask Register // where the mask is; nil: the vector is whole
}

func (p part) load(src Mem, dst VecVirtual) {
	if p.mask == nil {
		VMOVUPS(src, dst)
		return
	}
	VMOVUPS(Mem{Base: p.mask}, dst)
	VMASKMOVPS(src, dst, dst)
}

func (p part) store(src VecVirtual, dst Mem) {
	if p.mask == nil {
		VMOVUPS(src, dst)
		return
	}
	mask := YMM()
	VMOVUPS(Mem{Base: p.mask}, mask)
	VMASKMOVPS(src, mask, dst)
}

// at is where the vector's channels begin in what base points to.
func (p part) at(base Register) Mem { return Mem{Base: base, Index: p.off, Scale: 1} }

// addTo adds a vector to one in memory.
func (p part) addTo(dst Mem, v VecVirtual) {
	t := YMM()
	p.load(dst, t)
	VADDPS(t, v, v)
	p.store(v, dst)
}

// eachPart generates code for every vector of channels: the parameter "vectors" whole ones, and, if
// "tail" is set, a masked one.
func eachPart(code func(p part)) {
	off := GP64()
	XORQ(off, off)
	CMPQ(vec.ParamAt("vectors"), Imm(0))
	JE(LabelRef("tail"))
	Label("vector")
	code(part{off: off})
	ADDQ(Imm(32), off)
	end := Load(Param("vectors"), GP64())
	SHLQ(Imm(5), end)
	CMPQ(off, end)
	JL(LabelRef("vector"))
	Label("tail")
	tail := Load(Param("tail"), GP8())
	TESTB(tail, tail)
	JZ(LabelRef("done"))
	code(part{off, Load(Param("mask"), GP64())})
	Label("done")
}

// walk goes along values that are some distance apart.
type walk struct {
	at           Register
	once, thrice Register // the distance
	behind       int      // of the values, how many at is behind
}

func distance(name string) (once, thrice Register) {
	once, thrice = Load(Param(name), GP64()), GP64()
	LEAQ(Mem{Base: once, Index: once, Scale: 2}, thrice)
	return once, thrice
}

// next is the next value.
func (w *walk) next() Mem {
	if w.behind == 4 {
		LEAQ(Mem{Base: w.at, Index: w.once, Scale: 4}, w.at)
		w.behind = 0
	}
	w.behind++
	switch w.behind {
	case 1:
		return Mem{Base: w.at}
	case 4:
		return Mem{Base: w.at, Index: w.thrice, Scale: 1}
	}
	return Mem{Base: w.at, Index: w.once, Scale: uint8(w.behind - 1)}
}

// end moves at behind the last value.
func (w *walk) end() {
	switch w.behind {
	case 3:
		ADDQ(w.thrice, w.at)
	case 0:
	default:
		LEAQ(Mem{Base: w.at, Index: w.once, Scale: uint8(w.behind)}, w.at)
	}
	w.behind = 0
}

// strips generates count strips of adjacent output pixels, one beside the other, for some channels:
//
//	y[i,c] = Σ x[ky, i*stride+kx, c] * w[ky,kx,c]
//
// x points to the first pixel of the window of output pixel 0; pixel is the distance of pixels, of
// taps and of output pixels in bytes (all have the same channels), xRow that of input rows.
func strips(k, stride, pixels int) {
	TEXT(fmt.Sprintf("strips%ds%dx%dAVX2", k, stride, pixels), NOSPLIT,
		"func(y, x, w *float32, xRow, pixel, vectors int, tail, stream bool, mask *int32, sum, square, ahead *float32, step, count int)")
	y, in, w := Load(Param("y"), GP64()), Load(Param("x"), GP64()), Load(Param("w"), GP64())
	pixel, pixel3 := distance("pixel")
	ahead := Load(Param("ahead"), GP64())
	Label("strip")
	eachPart(func(p part) {
		acc := convolve(p, k, stride, pixels, in, w, walk{once: pixel, thrice: pixel3}, ahead)
		write(p, acc, y, walk{once: pixel, thrice: pixel3})
		moments(p, acc)
	})
	for range pixels {
		ADDQ(pixel, y)
	}
	for range pixels * stride {
		ADDQ(pixel, in)
	}
	DECQ(vec.ParamAt("count"))
	JNZ(LabelRef("strip"))
	VZEROUPPER()
	RET()
}

// convolve generates the sums of a strip, in registers.
func convolve(p part, k, stride, pixels int, in, w Register, along walk,
	ahead Register) []VecVirtual {
	acc := make([]VecVirtual, pixels)
	for i := range acc {
		acc[i] = YMM()
		VXORPS(acc[i], acc[i], acc[i])
	}
	row, tap, ky := GP64(), GP64(), GP64()
	LEAQ(p.at(in), row)
	LEAQ(p.at(w), tap)
	MOVQ(U32(uint32(k)), ky)
	label := fmt.Sprintf("taps%v", p.mask != nil)
	Label(label)
	taps, t := make([]VecVirtual, k), along
	t.at = tap
	for kx := range taps {
		taps[kx] = YMM()
		p.load(t.next(), taps[kx])
	}
	t.end()
	at, v, i := GP64(), YMM(), along
	MOVQ(row, at)
	i.at = at
	for x := range (pixels-1)*stride + k {
		p.load(i.next(), v)
		for o := range pixels {
			if kx := x - o*stride; kx >= 0 && kx < k {
				VFMADD231PS(taps[kx], v, acc[o])
			}
		}
	}
	for range (stripLines + k - 1) / k {
		PREFETCHT0(Mem{Base: ahead})
		ADDQ(vec.ParamAt("step"), ahead)
	}
	ADDQ(vec.ParamAt("xRow"), row)
	DECQ(ky)
	JNZ(LabelRef(label))
	return acc
}

// stripLines is at least how many cache lines are fetched ahead with a vector of a strip: one for
// each half line of output, or a little less.
const stripLines = 5

// write generates the stores of a strip.
func write(p part, acc []VecVirtual, y Register, along walk) {
	out := GP64()
	store := func(store func(v VecVirtual, dst Mem)) {
		to := along
		to.at = out
		for _, v := range acc {
			store(v, to.next())
		}
	}
	LEAQ(p.at(y), out)
	if p.mask != nil { // these are never streamed
		store(p.store)
		return
	}
	stream := Load(Param("stream"), GP8())
	TESTB(stream, stream)
	JNZ(LabelRef("stream"))
	store(p.store)
	JMP(LabelRef("stored"))
	Label("stream")
	store(func(v VecVirtual, dst Mem) { VMOVNTPS(v, dst) })
	Label("stored")
}

// moments generates the sums over pixels of values and squares, where they are wanted.
func moments(p part, acc []VecVirtual) {
	sum, square := Load(Param("sum"), GP64()), Load(Param("square"), GP64())
	unsummed := fmt.Sprintf("unsummed%v", p.mask != nil)
	TESTQ(sum, sum)
	JZ(LabelRef(unsummed))
	s, q := YMM(), YMM()
	p.load(p.at(sum), s)
	p.load(p.at(square), q)
	for _, v := range acc {
		VADDPS(v, s, s)
		VFMADD231PS(v, v, q)
	}
	p.store(s, p.at(sum))
	p.store(q, p.at(square))
	Label(unsummed)
}

// tapRows generates what one row of output gradients adds to the gradient of all taps, for some
// channels:
//
//	dw[ky,kx,c] += Σ x[ky, ox*stride+kx, c] * dz[ox,c]
//
// pixel is the distance of pixels and of taps, xRow that of input rows, dzPixel that of output
// gradients.
func tapRows(k, stride int) {
	TEXT(fmt.Sprintf("tapRows%ds%dAVX2", k, stride), NOSPLIT,
		"func(dw, x, dz *float32, xRow, pixel, dzPixel, ow, vectors int, tail bool, mask *int32, ahead *float32, step int)")
	pixel, pixel3 := distance("pixel")
	dzPixel, dzPixel3 := distance("dzPixel")
	ahead := Load(Param("ahead"), GP64())
	eachPart(func(p part) {
		g := newTapGradient(p, k, stride)
		row, out, ky := GP64(), GP64(), GP64()
		LEAQ(p.at(Load(Param("x"), GP64())), row)
		LEAQ(p.at(Load(Param("dw"), GP64())), out)
		MOVQ(U32(uint32(k/g.rows)), ky)
		label := func(name string, n int) string {
			return fmt.Sprintf("%s%d%v", name, n, p.mask != nil)
		}
		Label(label("ky", k))
		for _, a := range g.acc {
			VXORPS(a, a, a)
		}
		at, d, ox := GP64(), walk{GP64(), dzPixel, dzPixel3, 0}, GP64()
		MOVQ(row, at)
		LEAQ(p.at(Load(Param("dz"), GP64())), d.at)
		Load(Param("ow"), ox)
		for pixels := g.most; pixels >= 1; pixels /= 2 {
			block, after := label("block", pixels), label("after", pixels)
			Label(block)
			CMPQ(ox, Imm(uint64(pixels)))
			JL(LabelRef(after))
			g.add(at, walk{once: pixel, thrice: pixel3}, &d, pixels)
			for range g.rows {
				if pixels == g.most {
					PREFETCHT0(Mem{Base: ahead})
					ADDQ(vec.ParamAt("step"), ahead)
				}
			}
			SUBQ(Imm(uint64(pixels)), ox)
			JMP(LabelRef(block))
			Label(after)
		}
		to := walk{out, pixel, pixel3, 0}
		for _, sum := range g.sums() {
			p.addTo(to.next(), sum)
		}
		to.end()
		for range g.rows {
			ADDQ(vec.ParamAt("xRow"), row)
		}
		DECQ(ky)
		JNZ(LabelRef(label("ky", k)))
	})
	VZEROUPPER()
	RET()
}

// tapGradient is the sums of some rows of taps. So that products need not wait for each other,
// there are at least 7: of 3 rows of 3 taps, of a row of 5 with odd and even pixels apart, or of a
// row of 7.
type tapGradient struct {
	p          part
	k, stride  int
	rows, sets int
	most       int // output gradients in registers
	acc        []VecVirtual
}

func newTapGradient(p part, k, stride int) *tapGradient {
	g := &tapGradient{p: p, k: k, stride: stride, rows: 1, sets: 1, most: 4}
	switch k {
	case 3:
		g.rows = 3
	case 5:
		g.sets = 2
	case 7:
		g.most = 8
	}
	for range g.rows * g.sets * k {
		g.acc = append(g.acc, YMM())
	}
	return g
}

// add adds what a few adjacent output pixels contribute, and moves at and d behind them.
func (g *tapGradient) add(at Register, along walk, d *walk, pixels int) {
	dz := make([]VecVirtual, pixels)
	for o := range dz {
		dz[o] = YMM()
		g.p.load(d.next(), dz[o])
	}
	d.end()
	v, row := YMM(), GP64()
	for r := range g.rows {
		MOVQ(at, row)
		for range r {
			ADDQ(vec.ParamAt("xRow"), row)
		}
		in := along
		in.at = row
		for x := range (pixels-1)*g.stride + g.k {
			g.p.load(in.next(), v)
			for o := range pixels {
				if kx := x - o*g.stride; kx >= 0 && kx < g.k {
					VFMADD231PS(dz[o], v, g.acc[(o%g.sets*g.rows+r)*g.k+kx])
				}
			}
		}
	}
	move := along
	move.at = at
	for range pixels * g.stride {
		move.next()
	}
	move.end()
}

// sums are those of the taps, in order.
func (g *tapGradient) sums() []VecVirtual {
	n := g.rows * g.k
	for i := n; i < len(g.acc); i++ {
		VADDPS(g.acc[i], g.acc[i%n], g.acc[i%n])
	}
	return g.acc[:n]
}
