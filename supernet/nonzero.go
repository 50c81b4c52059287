package supernet

// NonZero counts the weights of convolutions and linear layers, those of squeeze-and-excitation included, and how many of them
// are not zero. Biases and batch norm are not counted.
func (s *Subnet) NonZero() (weights, nonZero int64) {
	s.eachWeight(func(data []float32, _ int64) {
		weights += int64(len(data))
		nonZero += countNonZero(data)
	})
	return weights, nonZero
}

// MACsNonZero counts the multiply-accumulates of one image as [MACs] does, but only those with a weight that is not zero.
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

// eachWeight gives the weights that MACs are counted of, with the number of pixels that each element is multiplied at.
func (s *Subnet) eachWeight(see func(data []float32, pixels int64)) {
	for _, b := range s.Blocks {
		in, out := int64(b.In.H)*int64(b.In.W), int64(b.Out.H)*int64(b.Out.W)
		switch l := s.layers[b.Name].(type) {
		case *stemLayer:
			see(l.unit.Weight().Data, out)
		case *pointwiseLayer:
			see(l.unit.Weight().Data, out)
		case *linearLayer:
			see(l.linear.Weight.Data, 1)
		case *mbconv:
			if l.expand != nil {
				see(l.expand.Weight().Data, in)
			}
			see(l.depthwise.Weight().Data, out)
			if l.se != nil { // it works on the mean over pixels
				see(l.se.Reduce.Data, 1)
				see(l.se.Expand.Data, 1)
			}
			see(l.project.Weight().Data, out)
		}
	}
}
