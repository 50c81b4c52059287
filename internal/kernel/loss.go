package kernel

import "math"

// Softmax writes softmax(logits / temperature).
func Softmax(p, logits []float32, temperature float32) {
	softmax(p[:len(logits)], logits, temperature)
}

// softmax also gives the logarithm of what it divides by: log softmax is (v - top)/temperature
// minus that.
func softmax(p, logits []float32, temperature float32) (top float32, logSum float64) {
	top = logits[0]
	for _, v := range logits {
		top = max(top, v)
	}
	var sum float64
	for j, v := range logits {
		e := math.Exp(float64(v-top) / float64(temperature))
		p[j] = float32(e)
		sum += e
	}
	for j := range p {
		p[j] = float32(float64(p[j]) / sum)
	}
	return top, math.Log(sum)
}

// CrossEntropy returns -Σ target*log softmax(logits/temperature) for a target distribution, and
// writes its gradient with respect to the logits, (softmax - target) / temperature. The target must
// sum to 1.
func CrossEntropy(grad, logits, target []float32, temperature float32) float64 {
	grad = grad[:len(logits)]
	top, logSum := softmax(grad, logits, temperature)
	var loss float64
	for j, t := range target[:len(grad)] {
		if t != 0 {
			loss += float64(t) * (logSum - float64(logits[j]-top)/float64(temperature))
		}
		grad[j] = (grad[j] - t) / temperature
	}
	return loss
}

// SmoothLabel writes the target distribution of a label with label smoothing (Szegedy et al., 2016,
// section 7): (1-smoothing) at the label plus smoothing spread over all classes.
func SmoothLabel(target []float32, label int, smoothing float32) {
	for j := range target {
		target[j] = smoothing / float32(len(target))
	}
	target[label] += 1 - smoothing
}
