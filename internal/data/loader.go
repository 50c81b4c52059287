package data

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"

	"github.com/tailor-nas/tailor/internal/prepare"
	"github.com/tailor-nas/tailor/internal/settings"
)

// LoaderConfig says how a Set is cut into batches.
type LoaderConfig struct {
	Batch     int    // images in a batch
	Seed      uint64 // of order and augmentation
	Shuffle   bool   // a new order in every epoch; otherwise the Set's
	DropLast  bool   // leave out the last batch when it is smaller
	Transform Transform
	Prefetch  int // batches prepared ahead of the one in use; 0: 2
	Workers   int // goroutines that prepare batches; 0: one a processor, at most 4
	// From and To say which images of a batch are wanted, if not all are, as with 0 and 0: the
	// others are left out where the recipe does not mix images, and only have labels.
	From, To int
}

// Batch is a run of prepared images.
type Batch struct {
	Index             int // of the batch in its epoch
	N, Size, Channels int
	X                 []float32 // (N,H,W,C)
	Labels            []int32   // N
	// Others are the labels of the images that each image is mixed with, nil without mixing; Share
	// is what an image has in its mixture, and the other has the rest.
	Others []int32
	Share  float32
}

// Loader prepares the batches of epochs. It is safe for concurrent use, also by several Epochs at
// once.
type Loader struct {
	set            Set
	size, channels int
	config         LoaderConfig
	table          [][256]float32

	mu   sync.Mutex
	free []*slot // buffers between epochs
}

// slot holds the buffers of one batch.
type slot struct {
	batch   Batch
	x       []float32
	labels  []int32
	pixels  []uint8 // one image
	columns []int
	edits   *edits // nil where the recipe asks for nothing
}

// NewLoader checks the configuration; its error names the field that is wrong.
func NewLoader(s Set, size, channels int, c LoaderConfig) (*Loader, error) {
	if s == nil || s.Len() == 0 {
		return nil, errors.New("data: NewLoader: the set has no images")
	}
	if size < 1 || size > prepare.MaxSize {
		return nil, fmt.Errorf("data: NewLoader: size is %d: want 1 to %d pixels", size,
			prepare.MaxSize)
	}
	if channels != 1 && channels != 3 {
		return nil, fmt.Errorf("data: NewLoader: channels is %d: want 1 or 3", channels)
	}
	if err := c.check(s.Len(), size*size*channels); err != nil {
		return nil, err
	}
	if err := c.Transform.check(size, channels); err != nil {
		return nil, err
	}
	if c.Prefetch == 0 {
		c.Prefetch = 2
	}
	// Reading decoded images takes some microseconds each, so a few workers feed any network; the
	// other processors are left to it.
	if c.Workers == 0 {
		c.Workers = min(runtime.GOMAXPROCS(0), 4)
	}
	return &Loader{set: s, size: size, channels: channels, config: c,
		table: prepare.Table(c.Transform.Mean, c.Transform.Std, channels)}, nil
}

// check takes the number of images and the length of one. Batches are capped so that their values
// can be counted in int32.
func (c LoaderConfig) check(n, imageLen int) error {
	switch {
	case c.Batch < 1 || c.Batch > math.MaxInt32/imageLen:
		return fmt.Errorf("data: LoaderConfig.Batch is %d: want 1 to %d images", c.Batch,
			math.MaxInt32/imageLen)
	case c.DropLast && c.Batch > n:
		return fmt.Errorf("data: LoaderConfig.Batch is %d: the set has %d images, so DropLast would leave no batch", c.Batch, n)
	case c.Prefetch < 0 || c.Prefetch > 1024:
		return fmt.Errorf("data: LoaderConfig.Prefetch is %d: want 0 (default) to 1024 batches",
			c.Prefetch)
	case c.Workers < 0 || c.Workers > settings.MaxWorkers:
		return fmt.Errorf("data: LoaderConfig.Workers is %d: want 0 (default) to %d", c.Workers,
			settings.MaxWorkers)
	}
	return nil
}

// Batches gives the number of batches in an epoch.
func (l *Loader) Batches() int {
	n, b := l.set.Len(), l.config.Batch
	if l.config.DropLast {
		return n / b
	}
	return (n + b - 1) / b
}

// order gives the images of an epoch, nil for the Set's own order.
func (l *Loader) order(epoch int) []int32 {
	if !l.config.Shuffle {
		return nil
	}
	order := make([]int32, l.set.Len())
	rng := newStream(l.config.Seed, forShuffle, uint64(epoch), 0)
	rng.permute(order)
	return order
}

// fill prepares batch b of an epoch.
func (l *Loader) fill(ctx context.Context, s *slot, epoch, b int, order []int32) error {
	lo := b * l.config.Batch
	n := min(l.config.Batch, l.set.Len()-lo)
	length := l.size * l.size * l.channels
	for k := range n {
		if err := ctx.Err(); err != nil {
			return err
		}
		// The set's own order needs no list.
		i := lo + k
		if order != nil {
			i = int(order[i])
		}
		s.labels[k] = int32(l.set.Label(i))
		if l.leavesOut(k) {
			continue
		}
		if err := l.set.Image(i, s.pixels); err != nil {
			return fmt.Errorf("data: image %d: %w", i, err)
		}
		// By the image's number in the set, not by its place in the epoch.
		v := l.config.Transform.draw(l.config.Seed, epoch, i)
		x := s.x[k*length : (k+1)*length]
		s.edits.before(epoch, i, s.pixels)
		v.apply(x, s.pixels, s.columns, l.size, l.channels, l.table)
		s.edits.after(epoch, i, x)
	}
	s.batch = Batch{Index: b, N: n, Size: l.size, Channels: l.channels, X: s.x[:n*length],
		Labels: s.labels[:n]}
	s.edits.mix(epoch, &s.batch)
	return nil
}

// leavesOut says whether nobody wants image k of a batch.
func (l *Loader) leavesOut(k int) bool {
	c := &l.config
	return c.To > 0 && (k < c.From || k >= c.To) && !c.Transform.Recipe.Mixes()
}

// take gives a free slot or a new one.
func (l *Loader) take() *slot {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.free); n > 0 {
		s := l.free[n-1]
		l.free = l.free[:n-1]
		return s
	}
	// Batches of one Loader are alike, so any free buffer fits any batch.
	length, n := l.size*l.size*l.channels, min(l.config.Batch, l.set.Len())
	return &slot{
		x: make([]float32, n*length), labels: make([]int32, n),
		pixels: make([]uint8, length), columns: make([]int, l.size),
		edits: newEdits(l.config.Transform.Recipe, l.config.Seed, l.size, l.channels),
	}
}

// give takes buffers back. They are as many as epochs at once ever needed.
func (l *Loader) give(slots []*slot) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.free = append(l.free, slots...)
}
