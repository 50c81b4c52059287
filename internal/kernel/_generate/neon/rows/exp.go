package main

import "github.com/tailor-nas/tailor/internal/kernel/_generate/neon"

// exponentials are the numbers of onePlusExp, as exp.go of the kernels has them.
var exponentials = []struct {
	name  string
	value float32
}{
	{"limit", 87}, {"-limit", -87}, {"-log2e", -1.44269504}, {"round", 3 << 22},
	{"ln2High", 0.693359375}, {"ln2Low", -2.12194440e-4}, {"one", 1},
	{"exp2", 0.49999994}, {"exp3", -0.1666652}, {"exp4", 0.041668408},
	{"exp5", -0.0083689215}, {"exp6", 0.0013814174},
}

// prepareExponential fills registers with these numbers, and takes four to work in.
func (a *activation) prepareExponential() {
	for _, e := range exponentials {
		a.constant(e.name, e.value)
	}
	for _, name := range []string{"r", "t", "n", "p"} {
		a.exp = append(a.exp, a.p.Vec(name))
	}
}

// onePlusExp is 1 + exp(-u), step by step that of exp.go of the kernels, with the same rounding, so
// that it gives the same bits: a product and a sum are fused only where the product is exact.
func (a *activation) onePlusExp(u neon.Vec) neon.Vec {
	f, c, r, t, n, p := a.p, a.constants, a.exp[0], a.exp[1], a.exp[2], a.exp[3]
	f.Max4(r, u, c["-limit"])
	f.Min4(r, r, c["limit"])
	f.Mul4(t, r, c["-log2e"])
	f.Add4(t, t, c["round"])
	f.Sub4(n, t, c["round"])
	f.MulAdd(r, n, c["ln2High"]) // the product is exact
	f.Mul4(n, n, c["ln2Low"])
	f.Add4(r, r, n)
	f.Mul4(p, r, c["exp6"])
	for _, e := range []string{"exp5", "exp4", "exp3"} {
		f.Add4(p, p, c[e])
		f.Mul4(p, p, r)
	}
	f.Add4(p, p, c["exp2"])
	f.Mul4(n, r, r)
	f.Mul4(p, p, n)
	f.Sub4(p, p, r)
	f.Add4(p, p, c["one"])
	f.ShiftInts(t, t, 23)
	f.AddInts(p, p, t)
	f.Add4(p, p, c["one"])
	return p
}

// siluSlope is d *= s*(1 + u*(1-s)), where s is the sigmoid of u.
func (a *activation) siluSlope(d, u, t neon.Vec) {
	f, one := a.p, a.one()
	s := a.onePlusExp(u)
	f.Div4(s, one, s)
	f.Sub4(t, one, s)
	f.Mul4(t, t, u)
	f.Add4(t, t, one)
	f.Mul4(t, t, s)
	f.Mul4(d, d, t)
}
