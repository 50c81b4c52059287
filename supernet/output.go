package supernet

// Output copies what the latest [runner.Forward] gave into dst, (N,H,W,C) of the last block's
// output: the logits or, of blocks that do not end in a classifier, the maps.
func (r *runner) Output(dst []float32) {
	if r.last.vector != nil {
		copy(dst, r.last.vector.Data)
		return
	}
	r.last.unit.CopyOutput(dst)
}
