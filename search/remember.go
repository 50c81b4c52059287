package search

import "github.com/tailor-nas/tailor/supernet"

// rememberAtMost is how many values are kept at most, at about 300 bytes each.
const rememberAtMost = 1 << 19

// memory keeps the values that a predictor gave.
type memory struct {
	Predictor
	known map[supernet.Arch]float64
}

// Remember gives a predictor that keeps the values of p, so that several searches for one space
// predict each network once. It is not safe for concurrent use.
func Remember(p Predictor) Predictor { return &memory{p, map[supernet.Arch]float64{}} }

// Predict takes the values that are known, and asks the predictor for the others.
func (m *memory) Predict(archs []supernet.Arch) ([]float64, error) {
	values := make([]float64, len(archs))
	var fresh []supernet.Arch
	var at []int
	for i, a := range archs {
		v, ok := m.known[a]
		if !ok {
			fresh, at = append(fresh, a), append(at, i)
		}
		values[i] = v
	}
	predicted, err := m.Predictor.Predict(fresh)
	if err != nil {
		return nil, err
	}
	for i, v := range predicted {
		values[at[i]] = v
		if len(m.known) < rememberAtMost {
			m.known[fresh[i]] = v
		}
	}
	return values, nil
}

// nearPredictor is p, or what it remembers for, if that knows what is near; else nil.
func nearPredictor(p Predictor) NearPredictor {
	if m, ok := p.(*memory); ok {
		p = m.Predictor
	}
	n, _ := p.(NearPredictor)
	return n
}
