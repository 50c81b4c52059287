package kernel

import "math"

// What [onePlusExp] computes with. _generate/rows has the same numbers and the same steps.
const (
	expLimit = 87          // beyond it, exp is nearly 0 or nearly infinite
	roundBy  = 3 << 22     // a float32 so large has no fraction: adding it rounds
	log2E    = 1.44269504  // 1 / ln 2
	ln2High  = 0.693359375 // ln 2, of which few bits are set: times a small number it is exact
	ln2Low   = -2.12194440e-4
	// 1 - r + exp2 r² + ... + exp6 r⁶ is exp(-r) where |r| is at most ln 2 / 2: of the polynomials
	// of that form, about the one whose largest relative error is the least, 2^-28.
	exp2, exp3, exp4 = 0.49999994, -0.1666652, 0.041668408
	exp5, exp6       = -0.0083689215, 0.0013814174
)

// onePlusExp is 1 + exp(-u), whose inverse is the sigmoid of u, to 2^-22 of it. It works with plain
// sums and products, each rounded to float32, so that vector kernels give the same bits: the
// conversions keep the compiler from joining a product with a sum. u is taken as -87 or 87 where it
// is beyond these; the sigmoid is then at most 1.7e-38 off.
func onePlusExp(u float32) float32 {
	u = min(max(u, -expLimit), expLimit)
	// exp(-u) = 2^n * exp(-r), with a whole number n
	t := float32(u*-log2E) + roundBy
	n := t - roundBy
	r := u + float32(n*ln2High)
	r += float32(n * ln2Low)
	p := float32(exp6*r) + exp5
	p = float32(p*r) + exp4
	p = float32(p*r) + exp3
	p = float32(p*r) + exp2
	p = float32(p*float32(r*r)) - r
	p++
	// The low bits of t are n; in the exponent they multiply by 2^n.
	return 1 + math.Float32frombits(math.Float32bits(p)+math.Float32bits(t)<<23)
}
