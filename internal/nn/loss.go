package nn

import "github.com/tailor-nas/tailor/internal/kernel"

// Softmax writes softmax(logits/temperature) of every row of (n,classes).
func Softmax(p, logits []float32, classes int, temperature float32) {
	for r := 0; r < len(logits); r += classes {
		kernel.Softmax(p[r:r+classes], logits[r:r+classes], temperature)
	}
}

// SmoothLabels writes the target distribution of every label: label smoothing spreads some
// probability over all classes.
func SmoothLabels(target []float32, labels []int32, classes int, smoothing float32) {
	for i, l := range labels {
		kernel.SmoothLabel(target[i*classes:][:classes], int(l), smoothing)
	}
}

// MixLabel moves a part of a label's probability to another label, of an image that is a mixture:
// target is the distribution of the label, smoothed, and share is what the label keeps.
func MixLabel(target []float32, label, other int32, smoothing, share float32) {
	moved := (1 - share) * (1 - smoothing)
	target[label] -= moved
	target[other] += moved
}

// CrossEntropy is the mean cross entropy between rows of target distributions and
// softmax(logits/temperature), both (n,classes), times weight. It writes the gradient with respect
// to the logits.
func CrossEntropy(grad, logits, target []float32, classes int, temperature,
	weight float32) float64 {
	return CrossEntropyOfRows(grad, logits, target, nil, classes, temperature, weight)
}

// CrossEntropyOfRows is [CrossEntropy] in which each row counts with a weight of its own; nil is 1
// for all. The sum is still divided by the number of rows.
func CrossEntropyOfRows(grad, logits, target, weights []float32, classes int, temperature,
	weight float32) float64 {
	rows := len(logits) / classes
	var loss float64
	for i := range rows {
		r := i * classes
		one := kernel.CrossEntropy(grad[r:r+classes], logits[r:r+classes], target[r:r+classes],
			temperature)
		if weights != nil {
			one *= float64(weights[i])
			for j := range classes {
				grad[r+j] *= weights[i]
			}
		}
		loss += one
	}
	scale := weight / float32(rows)
	for i := range grad[:len(logits)] {
		grad[i] *= scale
	}
	return loss / float64(rows) * float64(weight)
}

// Correct counts the rows of logits (n,classes) whose largest value is at the label; of equal
// values the first counts.
func Correct(logits []float32, labels []int32, classes int) int {
	n := 0
	for i, l := range labels {
		if largest(logits[i*classes:][:classes]) == int(l) {
			n++
		}
	}
	return n
}

// Largest gives the place of the largest value of every row of (n,classes), of equal values the
// first. The result is dst, grown if need be.
func Largest(dst []int32, logits []float32, classes int) []int32 {
	dst = grow(dst, len(logits)/classes)
	for i := range dst {
		dst[i] = int32(largest(logits[i*classes:][:classes]))
	}
	return dst
}

func largest(row []float32) int {
	best := 0
	for i, v := range row {
		if v > row[best] {
			best = i
		}
	}
	return best
}
