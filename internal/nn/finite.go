package nn

// NotFinite gives the first parameter with a value that is no finite number; nil if there is none.
// The loss does not always tell: where an activation takes NaN for 0, it stays finite.
func NotFinite(params []*Param) *Param {
	for _, p := range params {
		if !finite(p.Data) {
			return p
		}
	}
	return nil
}

// finite says whether all values are finite numbers: 0 times any other is NaN.
func finite(x []float32) bool {
	var sum float32
	for _, v := range x {
		sum += 0 * v
	}
	return sum == 0
}
