package data

import (
	"crypto/sha256"
	"fmt"
	"math"
)

// How many images synthetic data has by default.
const (
	SyntheticTrain = 6000
	SyntheticTest  = 1000
)

const (
	syntheticSize  = 32
	syntheticProbe = 256 // images of each part that the content hash takes in
	minSynthetic   = 8   // pixels; below this the shapes are blots
)

// synthetic is a part of the built-in set: drawn shapes to be told apart by form alone. Position,
// size, stretch, angle and colours are random and independent of the class; gradients, lines, blobs
// and noise stand in their way. (A plain CNN of 50,000 parameters got 94 % of the test images after
// 12 epochs of the default 6000, a linear classifier 22 %.) Image i depends on (seed, part, i)
// only.
type synthetic struct {
	seed, part uint64
	n, size    int
	shapes     []shape
	pixels     []uint8 // all images, or nil to draw each when it is asked for
}

// loadSynthetic draws both parts, at once if they are small: at 32x32, about 0.1 ms an image.
func loadSynthetic(o Options, lim limits) (*source, error) {
	size := o.sizeOr(syntheticSize)
	if size < minSynthetic {
		return nil, fmt.Errorf("data: Options.Size is %d: synthetic images want at least %d pixels",
			size, minSynthetic)
	}
	s := &source{name: "synthetic", minSide: size, maxSide: size, channels: 3, size: size,
		seed: &o.Seed}
	for _, f := range shapes() {
		s.classes = append(s.classes, f.name)
	}
	train, test := newSynthetic(o, 0, o.Train, SyntheticTrain), newSynthetic(o, 1, o.Test,
		SyntheticTest)
	h := sha256.New()
	for _, part := range []*synthetic{train, test} {
		if int64(train.n+test.n)*int64(part.bytes()) <= lim.synthetic {
			if err := part.draw(); err != nil {
				return nil, err
			}
		}
		part.hash(h)
	}
	s.train, s.test, s.content = train, test, [32]byte(h.Sum(nil))
	return s, nil
}

// newSynthetic describes a part of n images, or of the standard number.
func newSynthetic(o Options, part uint64, n, standard int) *synthetic {
	if n == 0 {
		n = standard
	}
	return &synthetic{seed: o.Seed, part: part, n: n, size: o.sizeOr(syntheticSize),
		shapes: shapes()}
}

// bytes is the length of an image.
func (s *synthetic) bytes() int { return 3 * s.size * s.size }

// draw renders all images on all processors; each has its own random stream, so the order is free.
func (s *synthetic) draw() error {
	s.pixels = make([]uint8, s.n*s.bytes())
	return forEach(s.n, func(i int) error {
		s.render(i, s.pixels[i*s.bytes():(i+1)*s.bytes()])
		return nil
	})
}

// hash takes in the first images themselves, since they prove more than a version number of the
// drawing code.
func (s *synthetic) hash(h interface{ Write([]byte) (int, error) }) {
	fmt.Fprintf(h, "%d of seed %d\n", s.n, s.seed)
	b := make([]uint8, s.bytes())
	for i := range min(s.n, syntheticProbe) {
		s.paintOrCopy(i, b)
		h.Write(b)
	}
}

func (s *synthetic) Len() int { return s.n }

// Label cycles through the classes: every part is balanced.
func (s *synthetic) Label(i int) int { return i % len(s.shapes) }

// Image copies image i, or draws it if the set was too large to keep.
func (s *synthetic) Image(i int, dst []uint8) error {
	if err := checkLen(dst, s.bytes()); err != nil {
		return err
	}
	s.paintOrCopy(i, dst)
	return nil
}

// paintOrCopy is Image for a buffer known to fit.
func (s *synthetic) paintOrCopy(i int, dst []uint8) {
	if s.pixels == nil {
		s.render(i, dst)
		return
	}
	copy(dst, s.pixels[i*s.bytes():])
}

// render draws image i. The class decides nothing but the form: all random choices are the same for
// every class.
func (s *synthetic) render(i int, dst []uint8) {
	rng := newStream(s.seed, forSynthetic, s.part, uint64(i))
	c := canvas{size: s.size, pixels: make([]colour, s.size*s.size)}
	from := dimmed(anyColour(&rng))
	to := from.blend(dimmed(anyColour(&rng)), rng.between(0, .6))
	sin, cos := math.Sincos(rng.between(0, 2*math.Pi))
	c.gradient(from, to, vec{cos, sin})
	ink := contrasting(&rng, from, to)
	clutter(&c, &rng, 1+rng.below(3), 1+rng.below(3), .02)
	stamp(&c, &rng, s.shapes[s.Label(i)].distance, ink)
	clutter(&c, &rng, rng.below(2), rng.below(2), .012)
	noise(&c, &rng, rng.between(.01, .05), dst)
}

// anyColour is uniform in the RGB cube, from which hues of all kinds come with few greys.
func anyColour(rng *stream) colour { return colour{rng.unit(), rng.unit(), rng.unit()} }

// dimmed leaves room for brighter colours.
func dimmed(c colour) colour { return colour{}.blend(c, .7) }

// contrasting picks a colour that stands out from the background: the first of some that is
// brighter than all of it by a margin, or the brightest. That the figure is always the brighter
// part spares a small network learning all forms twice.
func contrasting(rng *stream, from, to colour) colour {
	ground := max(from.luma(), to.luma())
	var best colour
	for range 16 {
		c := anyColour(rng)
		if c.luma() > best.luma() {
			best = c
		}
		if best.luma() > ground+.25 {
			break
		}
	}
	return best
}

// clutter draws lines and blobs, all thinner than any shape's parts.
func clutter(c *canvas, rng *stream, lines, blobs int, half float64) {
	for range lines {
		a, b := vec{rng.unit(), rng.unit()}, vec{rng.unit(), rng.unit()}
		c.stroke(a, b, half*rng.between(.6, 1.4), anyColour(rng))
	}
	for range blobs {
		a := vec{rng.unit(), rng.unit()}
		c.stroke(a, a, rng.between(.03, .07), anyColour(rng))
	}
}

// stamp paints the shape somewhere inside the image, scaled, stretched and turned.
func stamp(c *canvas, rng *stream, distance func(vec) float64, ink colour) {
	r := rng.between(.26, .42)
	at := vec{rng.between(r, 1-r), rng.between(r, 1-r)}
	sin, cos := math.Sincos(rng.between(0, 2*math.Pi))
	stretch := rng.between(.9, 1.12)
	reach := 1.3 * r
	c.paint(vec{at.x - reach, at.y - reach}, vec{at.x + reach, at.y + reach}, ink,
		func(p vec) float64 {
			q := p.sub(at).turn(cos, -sin)
			return distance(vec{q.x / (r * stretch), q.y * stretch / r}) * r
		})
}

// noise writes the canvas as bytes, each value off by a sum of four uniform numbers, nearly a
// normal distribution.
func noise(c *canvas, rng *stream, sigma float64, dst []uint8) {
	// A sum of four 16-bit uniforms has mean 2 and standard deviation sqrt(1/3) in units of 2^16.
	// The factor makes sigma the deviation of the sum.
	scale := sigma * math.Sqrt(3)
	for i, p := range c.pixels {
		for k, v := range p {
			u := rng.pcg.Uint64()
			sum := float64(u&0xffff+u>>16&0xffff+u>>32&0xffff+u>>48) / (1 << 16)
			v += scale * (sum - 2)
			dst[3*i+k] = uint8(math.Round(255 * min(max(v, 0), 1)))
		}
	}
}
