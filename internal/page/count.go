package page

// Count is how many networks a view shows, and how many of these are winners.
func (v *View) Count() (networks, winners int) {
	for _, t := range v.Tradeoffs {
		for _, s := range t.Series {
			networks += len(s.Networks)
			for i := range s.Networks {
				if s.Networks[i].stands() {
					winners++
				}
			}
		}
	}
	return networks, winners
}
