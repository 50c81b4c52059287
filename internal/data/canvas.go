package data

import "math"

// vec is a point in the unit square, x to the right and y down.
type vec struct{ x, y float64 }

// sub, dot, length and turn are all the vector algebra that drawing takes.
func (a vec) sub(b vec) vec { return vec{a.x - b.x, a.y - b.y} }

func (a vec) dot(b vec) float64 { return a.x*b.x + a.y*b.y }

func (a vec) length() float64 { return math.Sqrt(a.dot(a)) }

// turn rotates a by the angle whose cosine and sine are c and s.
func (a vec) turn(c, s float64) vec { return vec{c*a.x - s*a.y, s*a.x + c*a.y} }

// colour is RGB between 0 and 1.
type colour [3]float64

// blend goes from a (t = 0) to b (t = 1). Values are light as stored, not linear light: scenes need
// to look varied, not physical.
func (a colour) blend(b colour, t float64) colour {
	for i := range a {
		a[i] += t * (b[i] - a[i])
	}
	return a
}

// luma is the brightness by the weights of ITU-R BT.601.
func (a colour) luma() float64 { return .299*a[0] + .587*a[1] + .114*a[2] }

// canvas is a square image that is painted on.
type canvas struct {
	size   int
	pixels []colour
}

// at gives the centre of pixel (x,y) in the unit square.
func (c *canvas) at(x, y int) vec {
	return vec{(float64(x) + .5) / float64(c.size), (float64(y) + .5) / float64(c.size)}
}

// gradient fills the canvas with a linear blend from one colour to another along direction d.
func (c *canvas) gradient(from, to colour, d vec) {
	for y := range c.size {
		for x := range c.size {
			t := .5 + c.at(x, y).sub(vec{.5, .5}).dot(d)
			c.pixels[y*c.size+x] = from.blend(to, min(max(t, 0), 1))
		}
	}
}

// paint fills a figure with a colour. The figure is given by its signed distance (negative inside,
// in units of the square) and lies within a box. A pixel's coverage falls from 1 to 0 over one
// pixel of distance, which smooths the edge.
func (c *canvas) paint(lo, hi vec, paint colour, distance func(vec) float64) {
	n := float64(c.size)
	x0, x1 := max(int(lo.x*n)-1, 0), min(int(hi.x*n)+2, c.size)
	y0, y1 := max(int(lo.y*n)-1, 0), min(int(hi.y*n)+2, c.size)
	for y := y0; y < y1; y++ {
		for x := x0; x < x1; x++ {
			cover := min(.5-distance(c.at(x, y))*n, 1)
			if cover > 0 {
				p := &c.pixels[y*c.size+x]
				*p = p.blend(paint, cover)
			}
		}
	}
}

// stroke paints a line segment of the given half width with round ends; a segment of no length is a
// disc.
func (c *canvas) stroke(a, b vec, half float64, paint colour) {
	lo := vec{min(a.x, b.x) - half, min(a.y, b.y) - half}
	hi := vec{max(a.x, b.x) + half, max(a.y, b.y) + half}
	c.paint(lo, hi, paint, func(p vec) float64 { return segment(p, a, b) - half })
}
