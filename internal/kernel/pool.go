package kernel

// MeanPool averages image x (pixels,c) over its pixels.
func MeanPool(mean, x []float32, pixels, c int) {
	mean = mean[:c]
	clear(mean)
	for p := range pixels {
		Add(mean, x[p*c:][:c])
	}
	for j := range mean {
		mean[j] /= float32(pixels)
	}
}

// MeanPoolInput is the input gradient of [MeanPool].
func MeanPoolInput(dx, dmean []float32, pixels, c int) {
	for j, v := range dmean[:c] {
		dx[j] = v / float32(pixels)
	}
	for p := 1; p < pixels; p++ {
		copy(dx[p*c:][:c], dx[:c])
	}
}

// Gate multiplies every pixel of image x (pixels,c) by a gate of c channels.
func Gate(y, x, gate []float32, pixels int) {
	c := len(gate)
	for p := range pixels {
		yr, xr := y[p*c:][:c], x[p*c:][:c]
		for j, g := range gate {
			yr[j] = xr[j] * g
		}
	}
}

// GateSlope sums x*dy over the pixels of an image: the gradient of [Gate] with respect to the gate.
func GateSlope(dgate, x, dy []float32, pixels int) {
	c := len(dgate)
	clear(dgate)
	for p := range pixels {
		mulAdd(dgate, x[p*c:][:c], dy[p*c:][:c])
	}
}
