package kernel

// Moments adds the sums over rows of x (rows,c) and of its squares to sum and square, both of
// length c.
func Moments(x []float32, c int, sum, square []float64) {
	sum, square = sum[:c], square[:c]
	for ; len(x) >= c; x = x[c:] {
		for j, v := range x[:c] {
			f := float64(v)
			sum[j] += f
			square[j] += f * f
		}
	}
}

// ScaleShift computes y = act(x*scale + shift) by channel. It may run in place.
func ScaleShift(y, x, scale, shift []float32, act Act) {
	c := len(scale)
	shift = shift[:c]
	for ; len(x) >= c; x, y = x[c:], y[c:] {
		yr, xr := y[:c], x[:c]
		switch act {
		case Identity:
			for j, v := range xr {
				yr[j] = v*scale[j] + shift[j]
			}
		case ReLU:
			for j, v := range xr {
				yr[j] = max(v*scale[j]+shift[j], 0)
			}
		default:
			for j, v := range xr {
				yr[j] = act.Value(v*scale[j] + shift[j])
			}
		}
	}
}

// Norm is one batch normalisation of c channels with the activation behind it, as its backward pass
// needs it: y = act(x*Scale + Shift), with the normalised value x*InvStd - Mean*InvStd.
type Norm struct {
	Mean, InvStd []float32
	Scale, Shift []float32
	Act          Act
}

// BackwardSums adds, over rows of x and the output gradient dy, the gradients of the batch norm's
// shift and scale: Σ g and Σ g*x̂ with g = dy * act'(x*Scale+Shift).
func (n *Norm) BackwardSums(x, dy []float32, dShift, dScale []float64) {
	c := len(n.Scale)
	dShift, dScale = dShift[:c], dScale[:c]
	for ; len(x) >= c; x, dy = x[c:], dy[c:] {
		xr, dr := x[:c], dy[:c]
		for j, v := range xr {
			g := dr[j] * n.Act.Slope(v*n.Scale[j]+n.Shift[j])
			dShift[j] += float64(g)
			dScale[j] += float64(g * ((v - n.Mean[j]) * n.InvStd[j]))
		}
	}
}

// BackwardInput writes the input gradient of the batch norm (Ioffe and Szegedy, 2015, section 3):
// dx = Scale * (g - mean(g) - x̂*mean(g*x̂)), given the means of both over the batch.
func (n *Norm) BackwardInput(dx, x, dy, meanG, meanGX []float32) {
	c := len(n.Scale)
	meanG, meanGX = meanG[:c], meanGX[:c]
	for ; len(x) >= c; x, dy, dx = x[c:], dy[c:], dx[c:] {
		xr, dr, out := x[:c], dy[:c], dx[:c]
		for j, v := range xr {
			g := dr[j] * n.Act.Slope(v*n.Scale[j]+n.Shift[j])
			out[j] = n.Scale[j] * (g - meanG[j] - (v-n.Mean[j])*n.InvStd[j]*meanGX[j])
		}
	}
}
