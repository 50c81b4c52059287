package onnxgraph

import "math"

func sigmoid(v float64) float64 { return 1 / (1 + math.Exp(-v)) }

// each is a function of each value.
func each(f func(float64) float64) operator {
	return operator{1, func(_ *machine, _ *Node, args []*Tensor) (*Tensor, error) {
		return mapped(args[0], f), nil
	}}
}

func mapped(x *Tensor, f func(float64) float64) *Tensor {
	y := &Tensor{x.Dims, make([]float64, len(x.Data))}
	for i, v := range x.Data {
		y.Data[i] = f(v)
	}
	return y
}

// pairs is a function of two values each.
func pairs(f func(a, b float64) float64) operator {
	return operator{2, func(_ *machine, n *Node, args []*Tensor) (*Tensor, error) {
		if len(args) != 2 || args[1] == nil {
			return nil, refusef("it has %d inputs, expected 2", len(args))
		}
		return broadcast(args[0], args[1], f)
	}}
}

// broadcast applies f to two tensors, of which either is repeated along axes of one element.
func broadcast(a, b *Tensor, f func(a, b float64) float64) (*Tensor, error) {
	rank := max(len(a.Dims), len(b.Dims))
	dims := make([]int, rank)
	for i := range dims {
		p, q := dimOf(a.Dims, rank, i), dimOf(b.Dims, rank, i)
		if p != q && p != 1 && q != 1 {
			return nil, refusef("shapes %v and %v do not fit", a.Dims, b.Dims)
		}
		dims[i] = p
		if p == 1 {
			dims[i] = q
		}
	}
	y, err := made(dims...)
	if err != nil {
		return nil, err
	}
	sa, sb := steps(a.Dims, dims), steps(b.Dims, dims)
	at := make([]int, rank)
	pa, pb := 0, 0
	for i := range y.Data {
		y.Data[i] = f(a.Data[pa], b.Data[pb])
		for d := rank - 1; d >= 0; d-- {
			at[d]++
			pa, pb = pa+sa[d], pb+sb[d]
			if at[d] < dims[d] {
				break
			}
			pa, pb = pa-sa[d]*dims[d], pb-sb[d]*dims[d]
			at[d] = 0
		}
	}
	return y, nil
}

// dimOf is an axis of a shape with ones before it.
func dimOf(dims []int, rank, i int) int {
	if i -= rank - len(dims); i < 0 {
		return 1
	}
	return dims[i]
}

// steps are how far elements along each axis of a result are apart in a tensor.
func steps(dims, result []int) []int {
	s := make([]int, len(result))
	step := 1
	for i := len(result) - 1; i >= 0; i-- {
		d := dimOf(dims, len(result), i)
		if d != 1 {
			s[i] = step
		}
		step *= d
	}
	return s
}

// Bounds are those of a Clip: inputs from opset 11 on, attributes before.
func (n *Node) Bounds(constant func(i int) *Tensor) (low, high float64) {
	low, high = n.Float("min", math.Inf(-1)), n.Float("max", math.Inf(1))
	for i, to := range []*float64{&low, &high} {
		if t := constant(i + 1); t != nil && len(t.Data) == 1 {
			*to = t.Data[0]
		}
	}
	return low, high
}

func clip(_ *machine, n *Node, args []*Tensor) (*Tensor, error) {
	low, high := n.Bounds(func(i int) *Tensor {
		if i < len(args) {
			return args[i]
		}
		return nil
	})
	return mapped(args[0], func(v float64) float64 { return min(max(v, low), high) }), nil
}

func hardSigmoid(_ *machine, n *Node, args []*Tensor) (*Tensor, error) {
	alpha, beta := n.Float("alpha", 0.2), n.Float("beta", 0.5)
	return mapped(args[0], func(v float64) float64 { return max(0, min(1, alpha*v+beta)) }), nil
}

// whole gives the values as whole numbers, as of a shape.
func (t *Tensor) whole() []int {
	all := make([]int, len(t.Data))
	for i, v := range t.Data {
		all[i] = int(max(-1<<40, min(v, 1<<40)))
	}
	return all
}
