package nn

// Descend is one step of stochastic gradient descent with Nesterov momentum, as PyTorch computes
// it:
//
//	g = grad + decay·w;  v = momentum·v + g;  w -= rate·(g + momentum·v)
func (p *Param) Descend(rate, momentum, decay float32) {
	if !p.Decay {
		decay = 0
	}
	w, v := p.Data[:len(p.Grad)], p.Momentum[:len(p.Grad)]
	for i, g := range p.Grad {
		g += decay * w[i]
		v[i] = momentum*v[i] + g
		w[i] -= rate * (g + momentum*v[i])
	}
}
