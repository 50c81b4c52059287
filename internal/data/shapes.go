package data

import "math"

// shape is a class of the synthetic set: its signed distance around the origin, of extent about 1.
// Every shape is its own mirror image, so that flipping is a sound augmentation.
type shape struct {
	name     string
	distance func(p vec) float64
}

// shapes lists the classes; index is label.
func shapes() []shape {
	return []shape{
		{"arrow", polygon([]vec{{0, -1}, {.75, -.15}, {.28, -.15}, {.28, .95}, {-.28, .95},
			{-.28, -.15}, {-.75, -.15}})},
		{"circle", func(p vec) float64 { return p.length() - .9 }},
		{"crescent", func(p vec) float64 {
			return max(p.length()-1,
				.8-p.sub(vec{.5, 0}).length())
		}},
		{"cross", func(p vec) float64 { return min(box(p, .97, .28), box(p, .28, .97)) }},
		{"frame", func(p vec) float64 { return math.Abs(box(p, .63, .63)) - .17 }},
		{"heart", heart},
		{"ring", func(p vec) float64 { return math.Abs(p.length()-.76) - .19 }},
		{"square", func(p vec) float64 { return box(p, .76, .76) }},
		{"star", polygon(spokes(10, 1.08, .44))},
		{"triangle", polygon(spokes(6, 1.1, .55))},
	}
}

// box is the signed distance to a rectangle of half sides w and h.
func box(p vec, w, h float64) float64 {
	dx, dy := math.Abs(p.x)-w, math.Abs(p.y)-h
	return vec{max(dx, 0), max(dy, 0)}.length() + min(max(dx, dy), 0)
}

// heart is a square on its corner with a half disc on each upper side.
func heart(p vec) float64 {
	const a = .53
	q := vec{p.x, p.y + .1}.turn(math.Sqrt2/2, math.Sqrt2/2)
	return min(box(q, a, a), q.sub(vec{0, -a}).length()-a, q.sub(vec{a, 0}).length()-a)
}

// spokes gives n corners at equal angles, radii alternating.
func spokes(n int, even, odd float64) []vec {
	corners := make([]vec, n)
	for i := range corners {
		r := even
		if i%2 == 1 {
			r = odd
		}
		s, c := math.Sincos(2 * math.Pi * float64(i) / float64(n))
		corners[i] = vec{r * s, -r * c}
	}
	return corners
}

// segment is the distance from p to the segment from a to b.
func segment(p, a, b vec) float64 {
	ap, ab := p.sub(a), b.sub(a)
	// t is where the nearest point lies on the segment, from 0 at a to 1 at b.
	t := 0.0
	if l := ab.dot(ab); l > 0 {
		t = min(max(ap.dot(ab)/l, 0), 1)
	}
	return vec{ap.x - t*ab.x, ap.y - t*ab.y}.length()
}

// polygon is the signed distance to a simple polygon: the nearest edge, negative where a ray to the
// right crosses an odd number of edges.
func polygon(corners []vec) func(vec) float64 {
	return func(p vec) float64 {
		d, inside := math.Inf(1), false
		a := corners[len(corners)-1]
		for _, b := range corners {
			d = min(d, segment(p, a, b))
			if (a.y > p.y) != (b.y > p.y) && p.x < a.x+(p.y-a.y)/(b.y-a.y)*(b.x-a.x) {
				inside = !inside
			}
			a = b
		}
		if inside {
			return -d
		}
		return d
	}
}
