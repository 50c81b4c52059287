package nn

// CopyOutput copies the output, (N,out), of a unit that was run and finished.
func (u *Unit) CopyOutput(dst []float32) {
	if u.op == nil {
		copy(dst, u.source)
		return
	}
	c, pixels := u.out.c, u.g.n*u.out.pixels()
	for p := 0; p < pixels; p += u.tile {
		q := min(p+u.tile, pixels)
		tile := dst[p*c : q*c]
		copy(tile, u.output(tile, p, q, false))
	}
}
