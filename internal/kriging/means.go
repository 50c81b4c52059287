package kriging

// Means are the values expected of points.
func (m *Model) Means(of *Points) []float64 {
	means := make([]float64, of.n)
	if m.prior.pairs && (m.effects != nil || m.cells() < len(m.genes)*of.n) {
		m.addEffects(of, means)
	} else {
		row := make([]float64, of.n)
		for i, w := range m.weights {
			m.covariances(&m.prior, m.points, i, of, row)
			for j, k := range row {
				means[j] += w * k
			}
		}
	}
	for j := range means {
		means[j] = m.mean + m.scale*means[j]
	}
	return means
}

// cells is the number of combinations of choices of a gene with itself and those before it.
func (m *Model) cells() (n int) {
	for i := range m.genes {
		for h := range i + 1 {
			n += m.genes[i].bins * m.genes[h].bins
		}
	}
	return n
}

// addEffects adds to the means of points the effects of genes and of pairs, each of which is a sum
// over what was observed: for many points that is less than as many sums.
func (m *Model) addEffects(of *Points, means []float64) {
	mean := m.meanEffect()
	for j := range means {
		means[j] += mean
	}
	pair := 0
	for i := range m.genes {
		for h := range i + 1 {
			table, bins := m.pairEffect(pair, i, h), m.genes[h].bins
			pair++
			with := of.columns[h]
			for j, v := range of.columns[i] {
				means[j] += table[int(v)*bins+int(with[j])]
			}
		}
	}
}

// meanEffect is what the observed say of the mean.
func (m *Model) meanEffect() (mean float64) {
	for _, w := range m.weights {
		mean += w * meanVariance * m.prior.total()
	}
	return mean
}

// tabulate keeps all effects, so that the means of a point are the same bits whatever others are
// asked for with it, in a look-up for each pair.
func (m *Model) tabulate() {
	if !m.prior.pairs {
		return
	}
	for i := range m.genes {
		for h := range i + 1 {
			m.effects = append(m.effects, m.effect(i, h))
		}
	}
}

// pairEffect is the effect of two genes, which are the pair of this number.
func (m *Model) pairEffect(pair, i, h int) []float64 {
	if m.effects != nil {
		return m.effects[pair]
	}
	return m.effect(i, h)
}

// effect is that of each choice of gene i with each of gene h, or, where they are the same, of the
// gene alone.
func (m *Model) effect(i, h int) []float64 {
	a, b := m.genes[i].bins, m.genes[h].bins
	table := make([]float64, a*b)
	for at, w := range m.weights {
		first := *m.row(&m.prior, i, m.points.columns[i][at])
		if i == h {
			for v := range a {
				table[v*a+v] += w * first[v]
			}
			continue
		}
		second := m.row(&m.prior, h, m.points.columns[h][at])
		for v := range a {
			k := w * m.prior.joint * first[v]
			for u := range b {
				table[v*b+u] += k * second[u]
			}
		}
	}
	return table
}
