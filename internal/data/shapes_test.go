package data

import (
	"math"
	"testing"
)

// TestShapesDistance holds each distance against brute force: its sign against the opposite sign's
// nearest point. The given distance may be smaller than the true one, inside unions and off the
// tips of intersections, never larger.
func TestShapesDistance(t *testing.T) {
	const n = 120
	grid := func(i int) vec { return vec{4*float64(i%n)/n - 2, 4*float64(i/n)/n - 2} }
	for _, s := range shapes() {
		var inside, outside []vec
		for i := range n * n {
			if p := grid(i); s.distance(p) < 0 {
				inside = append(inside, p)
			} else {
				outside = append(outside, p)
			}
		}
		area := float64(len(inside)) * 16 / (n * n)
		if area < .7 || area > 2.6 {
			t.Errorf("%s: area %.2f: want shapes of comparable size", s.name, area)
		}
		for i := 0; i < n*n; i += 37 {
			p := grid(i)
			d, others := s.distance(p), outside
			if d >= 0 {
				others = inside
			}
			nearest := math.Inf(1)
			for _, q := range others {
				nearest = min(nearest, p.sub(q).length())
			}
			if math.Abs(d) > nearest+1e-9 {
				t.Fatalf("%s: distance %v at %v, but a point across the edge is %v away", s.name, d,
					p, nearest)
			}
			if d > 0 && d < nearest/3-.1 {
				t.Fatalf("%s: distance %v at %v, but the shape is %v away", s.name, d, p, nearest)
			}
		}
	}
}

// TestShapesFitTheirBox: stamp paints a shape within 1.3 times its radius only, stretched by up to
// 1.12.
func TestShapesFitTheirBox(t *testing.T) {
	for _, s := range shapes() {
		for a := range 720 {
			sin, cos := math.Sincos(float64(a) * math.Pi / 360)
			if r := 1.3 / 1.12; s.distance(vec{r * cos, r * sin}) < 0 {
				t.Fatalf("%s reaches past %v at %d degrees", s.name, r, a/2)
			}
		}
	}
}

// TestShapesAreMirrored: each shape is symmetric about some axis through the origin's
// neighbourhood, so that flipping an image never makes what no rotation makes.
func TestShapesAreMirrored(t *testing.T) {
	for _, s := range shapes() {
		vertical, horizontal := 0.0, 0.0
		for i := range 400 {
			p := vec{float64(i%20)/10 - .95, float64(i/20)/10 - .95}
			vertical = max(vertical, math.Abs(s.distance(p)-s.distance(vec{-p.x, p.y})))
			horizontal = max(horizontal, math.Abs(s.distance(p)-s.distance(vec{p.x, -p.y})))
		}
		if min(vertical, horizontal) > 1e-9 {
			t.Errorf("%s is mirrored neither way: off by %v and %v", s.name, vertical, horizontal)
		}
	}
}

// TestPolygonSquare compares the general polygon with the box, whose distance is simple.
func TestPolygonSquare(t *testing.T) {
	square := polygon([]vec{{-.5, -.25}, {.5, -.25}, {.5, .25}, {-.5, .25}})
	for i := range 900 {
		p := vec{float64(i%30)/15 - .97, float64(i/30)/15 - .97}
		if a, b := square(p), box(p, .5, .25); math.Abs(a-b) > 1e-12 {
			t.Fatalf("at %v: polygon %v, box %v", p, a, b)
		}
	}
}
