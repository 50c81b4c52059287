package search

import "github.com/tailor-nas/tailor/supernet"

// rememberAtMost bounds the memory of a memory: some 300 bytes a network.
const rememberAtMost = 1 << 19

// memory asks a predictor once for each network.
type memory struct {
	Predictor
	known map[supernet.Arch]float64
}

// Remember gives a predictor that asks p only about networks that it has not seen, for several
// searches that share one. It is for one goroutine.
func Remember(p Predictor) Predictor { return &memory{p, map[supernet.Arch]float64{}} }

// Predict asks about the unknown ones, each once.
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
