package nn

import "github.com/tailor-nas/tailor/internal/kernel"

// AddSum makes the unit's output act of the sum of itself, which has no activation, and the output
// of an earlier unit of the same shape, which [AddSkip] would leave as it is. act is ReLU or ReLU6,
// whose slope the output tells.
func (u *Unit) AddSum(from *Unit, act Act) {
	u.AddSkip(from)
	u.after = act
}

// learns says whether the unit wants the gradient of its output: those that stand for images do
// not.
func (u *Unit) learns() bool { return u.op != nil || u.grad != nil }

// addSkip computes the unit's output of its raw convolution z and of what comes over the shortcut.
func (u *Unit) addSkip(dst, z, skip []float32) {
	norm := &u.BN.norm
	if norm.Act == Identity {
		kernel.MapAdd(dst, z, skip, norm.Scale, norm.Shift)
	} else {
		kernel.Map(dst, z, norm.Scale, norm.Shift, norm.Act)
		kernel.Add(dst, skip)
	}
	switch u.after {
	case ReLU:
		for i, v := range dst {
			dst[i] = max(v, 0)
		}
	case ReLU6:
		for i, v := range dst {
			dst[i] = min(max(v, 0), 6)
		}
	}
}

// acceptSum takes the gradient d of the unit's output, from a value of the batch on, to that of the
// sum, which goes over the shortcut too.
func (u *Unit) acceptSum(d []float32, from int) {
	if u.after != Identity {
		for i, y := range u.y[from:][:len(d)] {
			if y <= 0 || u.after == ReLU6 && y >= 6 {
				d[i] = 0
			}
		}
	}
	if u.sum != nil {
		copy(u.sum[from:], d)
	}
}

// sumGrad is the gradient of the sum, once the unit has accepted its own.
func (u *Unit) sumGrad() []float32 {
	if u.sum != nil {
		return u.sum
	}
	return u.grad
}
