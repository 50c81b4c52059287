package passes

import (
	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/prepare"
)

// Inputs brings batches to the resolution of a network.
type Inputs struct {
	// Each, if set, is told how many images were brought, batch by batch: to show progress.
	Each     func(images int)
	pool     *nn.Pool
	resizers map[[2]int]*prepare.Resizer
}

// NewInputs makes one that works on a pool.
func NewInputs(pool *nn.Pool) Inputs { return Inputs{nil, pool, map[[2]int]*prepare.Resizer{}} }

// Fill writes the batch, scaled to size, to dst.
func (in Inputs) Fill(dst []float32, size int, b *data.Batch) {
	key := [2]int{b.Size, size}
	r := in.resizers[key]
	if r == nil {
		r = prepare.NewResizer(b.Size, size)
		in.resizers[key] = r
	}
	to, from := size*size*b.Channels, b.Size*b.Size*b.Channels
	in.pool.Run(b.N, func(_, i int) {
		r.Resize(dst[i*to:][:to], b.X[i*from:][:from], 1,
			b.Channels)
	})
	if in.Each != nil {
		in.Each(b.N)
	}
}
