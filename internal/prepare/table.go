package prepare

// Table lists what every byte becomes, for each channel: (v/255 - mean) / std. A mean that is nil
// is 0, a std that is nil 1.
func Table(mean, std []float32, channels int) [][256]float32 {
	table := make([][256]float32, channels)
	for c := range table {
		m, s := 0.0, 1.0
		if mean != nil {
			m = float64(mean[c])
		}
		if std != nil {
			s = float64(std[c])
		}
		for v := range table[c] {
			table[c][v] = float32((float64(v)/255 - m) / s)
		}
	}
	return table
}
