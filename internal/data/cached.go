package data

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/tailor-nas/tailor/internal/imagecache"
)

// cached are the images of a folder or tar that do not fit the memory, with the files that keep
// them decoded.
type cached struct {
	files          *imagecache.Cache
	pictures       []*picture // by their number in the cache
	size, channels int
	gate           gate
}

// openCache looks for the pictures that are not in memory in a folder of caches, and numbers them.
// Without any it is nil.
func openCache(dir string, pictures []*picture, size, channels int, g gate) (*cached, error) {
	c := &cached{size: size, channels: channels, gate: g}
	h := sha256.New()
	fmt.Fprintf(h, "prepared/1 size=%d channels=%d\n", size, channels)
	for _, p := range pictures {
		if p.pixels == nil {
			c.pictures = append(c.pictures, p)
			h.Write(p.sum[:])
		}
	}
	if len(c.pictures) == 0 {
		return nil, nil
	}
	var err error
	c.files, err = imagecache.Open(dir, [sha256.Size]byte(h.Sum(nil)), len(c.pictures),
		size*size*channels)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	for i, p := range c.pictures {
		p.cached, p.slot = c.files, i
	}
	return c, nil
}

// CacheSize is how many bytes of prepared images do not fit the memory and are kept in files, and
// how many of them are not there yet. Both are 0 without Options.Cache.
func (d *Dataset) CacheSize() (all, missing int64) {
	if d.cache == nil {
		return 0, 0
	}
	return d.cache.files.Bytes(), d.cache.files.Missing()
}

// FillCache decodes the images that are missing in the cache, on all processors. done is told how
// many bytes there are so far. It must not run while images are read.
func (d *Dataset) FillCache(ctx context.Context, done func(bytes int64)) error {
	if d.cache == nil {
		return nil
	}
	if err := d.cache.files.Fill(ctx, d.cache.decode, done); err != nil {
		return fmt.Errorf("data: %w", err)
	}
	return nil
}

// decode writes images from to to.
func (c *cached) decode(ctx context.Context, dst []uint8, from, to int) error {
	length := c.size * c.size * c.channels
	return forEach(to-from, func(i int) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		pixels, err := c.pictures[from+i].late(c.size, c.gate)
		if err != nil {
			return err
		}
		spread(dst[i*length:][:length], pixels)
		return nil
	})
}
