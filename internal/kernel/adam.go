package kernel

import "math"

// Adam is a step of an optimiser (Kingma and Ba, ICLR 2015) with decoupled weight decay.
type Adam struct {
	First, Second float32 // shares of a gradient in the running means of it and of its square
	Keep          float32 // what decay leaves of a weight
	Rate          float32 // of learning, corrected for a first mean that started at 0
	Scale         float32 // corrects the second mean likewise
	Epsilon       float32
}

// Step moves the running means by a gradient and the weights by the means. Vector instructions give
// the same bits as this loop does on the same processor, which rounds after each operation.
func (a *Adam) Step(w, first, second, gradient []float32) {
	first, second, gradient = first[:len(w)], second[:len(w)], gradient[:len(w)]
	if a.vector(w, first, second, gradient) {
		return
	}
	for i, g := range gradient {
		first[i] += a.First * (g - first[i])
		second[i] += a.Second * (g*g - second[i])
		root := float32(math.Sqrt(float64(a.Scale * second[i])))
		w[i] = a.Keep*w[i] - a.Rate*first[i]/(root+a.Epsilon)
	}
}
