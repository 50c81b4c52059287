package supernet

// NonZero counts the weights of convolutions and linear layers, those of squeeze-and-excitation
// included, and how many of them are not zero. Biases and batch norm are not counted.
func (s *Subnet) NonZero() (weights, nonZero int64) {
	s.eachWeight(func(data []float32, _ int64) {
		weights += int64(len(data))
		nonZero += countNonZero(data)
	})
	return weights, nonZero
}

// MACsNonZero counts the multiply-accumulates of one image as [MACs] does, but only those with a
// weight that is not zero.
func (s *Subnet) MACsNonZero() (n int64) {
	s.eachWeight(func(data []float32, pixels int64) { n += pixels * countNonZero(data) })
	return n
}

func countNonZero(data []float32) (n int64) {
	for _, v := range data {
		if v != 0 {
			n++
		}
	}
	return n
}

// eachWeight gives the weights that MACs are counted of, with the number of pixels that each
// element is multiplied at.
func (s *Subnet) eachWeight(see func(data []float32, pixels int64)) {
	params := s.params.ByName()
	for _, b := range s.Blocks {
		for _, o := range b.MustOps() {
			if o.Weight != "" {
				see(params[o.Weight].Data, int64(o.Out.H)*int64(o.Out.W))
			}
		}
	}
}
