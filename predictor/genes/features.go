package genes

// oneHotUpTo is up to how many choices an ordered gene has a feature for each, besides those of its
// place.
const oneHotUpTo = 8

// features are a configuration as numbers of about 1: for each choice whether it was taken, and of
// an ordered gene where on the list it stands, from -1 to 1, with the square of that. A gene with
// one choice says nothing.
func (s *Space) features(c Configuration) []float32 {
	var row []float32
	for i, g := range s.Genes {
		n := len(g.Choices)
		if n == 1 {
			continue
		}
		if !g.Ordered || n <= oneHotUpTo {
			at := len(row)
			row = append(row, make([]float32, n)...)
			row[at+int(c[i])] = 1
		}
		if g.Ordered {
			place := 2*float32(c[i])/float32(n-1) - 1
			row = append(row, place, place*place)
		}
	}
	if row == nil { // there is one configuration
		row = []float32{0}
	}
	return row
}

// rowsOf are the features of configurations.
func (s *Space) rowsOf(all []Configuration) [][]float32 {
	rows := make([][]float32, len(all))
	for i, c := range all {
		rows[i] = s.features(c)
	}
	return rows
}
