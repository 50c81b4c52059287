package main

import (
	"math"

	"github.com/tailor-nas/tailor/internal/kernel/_generate/neon"
)

// acts are the activations that have kernels.
var acts = []string{"Identity", "ReLU", "ReLU6", "HSwish", "SiLU"}

// activation is the code of one: its value, or its slope.
type activation struct {
	p         *neon.Func
	constants map[string]neon.Vec
	exp       []neon.Vec // what exponential works in
}

// constant gives a vector filled with a number, which is made at first use. That has to be in front
// of all loops.
func (a *activation) constant(name string, value float32) neon.Vec {
	if v, ok := a.constants[name]; ok {
		return v
	}
	v, r := a.p.Vec(name), a.p.Reg()
	if value == 0 {
		a.p.Zero(v)
	} else {
		a.p.Set(int(math.Float32bits(value)), r)
		a.p.Fill(v, r)
	}
	a.p.Free(r)
	a.constants[name] = v
	return v
}

// zero, and so on, are numbers that several activations need.
func (a *activation) zero() neon.Vec  { return a.constant("zero", 0) }
func (a *activation) one() neon.Vec   { return a.constant("one", 1) }
func (a *activation) three() neon.Vec { return a.constant("three", 3) }
func (a *activation) six() neon.Vec   { return a.constant("six", 6) }

// widthsOf are the channels at a time.
func widthsOf(act string) []int {
	if act == "SiLU" {
		return []int{8, 4, 1}
	}
	return wide
}

// value prepares numbers and gives the code for u = act(u), which may write to t.
func (a *activation) value(act string) func(u, t neon.Vec) {
	p := a.p
	switch act {
	case "ReLU":
		zero := a.zero()
		return func(u, _ neon.Vec) { p.Max4(u, u, zero) }
	case "ReLU6":
		zero, six := a.zero(), a.six()
		return func(u, _ neon.Vec) {
			p.Max4(u, u, zero)
			p.Min4(u, u, six)
		}
	case "HSwish":
		zero, three, six, sixth := a.zero(), a.three(), a.six(), a.constant("sixth", 1.0/6)
		return func(u, t neon.Vec) {
			p.Add4(t, u, three)
			p.Max4(t, t, zero)
			p.Min4(t, t, six)
			p.Mul4(t, t, sixth)
			p.Mul4(u, u, t)
		}
	case "SiLU":
		a.prepareExponential()
		return func(u, _ neon.Vec) { p.Div4(u, u, a.onePlusExp(u)) }
	}
	return func(_, _ neon.Vec) {}
}

// slope prepares numbers and gives the code for d *= act'(u), which may write to u and t.
func (a *activation) slope(act string) func(d, u, t neon.Vec) {
	p := a.p
	switch act {
	case "ReLU":
		zero := a.zero()
		return func(d, u, t neon.Vec) {
			p.Greater(t, u, zero)
			p.Keep(d, d, t)
		}
	case "ReLU6":
		zero, six := a.zero(), a.six()
		return func(d, u, t neon.Vec) {
			p.Greater(t, u, zero)
			p.Keep(d, d, t)
			p.Greater(t, six, u)
			p.Keep(d, d, t)
		}
	case "HSwish":
		return a.hSwishSlope()
	case "SiLU":
		a.prepareExponential()
		return a.siluSlope
	}
	return func(_, _, _ neon.Vec) {}
}

func (a *activation) hSwishSlope() func(d, u, t neon.Vec) {
	p := a.p
	minus, three, one := a.constant("minus three", -3), a.three(), a.one()
	third, half := a.constant("third", 1.0/3), a.constant("half", 0.5)
	slope := p.Vec("slope")
	return func(d, u, t neon.Vec) {
		p.Copy(slope, half)
		p.MulAdd(slope, u, third)
		p.Greater(t, u, minus)
		p.Keep(slope, slope, t)
		p.GreaterEqual(t, u, three)
		p.Insert(slope, one, t)
		p.Mul4(d, d, slope)
	}
}
