package trainer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tailor-nas/tailor/internal/data"
)

// AutoCache is a cache of prepared images in the run's folder, called as the word.
const AutoCache = "cache"

// CacheProgress says how far a cache of prepared images is filled.
type CacheProgress struct {
	Dir         string // that was asked for
	Done, Bytes int64  // that are there, and of all
}

// cache is the cache's folder as the run keeps it.
func (j Job) cache() string {
	if j.Cache == AutoCache {
		return AutoCache
	}
	return data.Keep(j.Dir, j.Cache)
}

// cacheDir is the cache's folder from the working folder, which need not be there.
func (d DataInfo) cacheDir(dir string) string {
	if d.Cache == "" || filepath.IsAbs(d.Cache) {
		return d.Cache
	}
	return filepath.Join(dir, d.Cache)
}

// checkCache refuses a cache that is no folder, or the one that the images are in.
func (j Job) checkCache() error {
	dir := j.Cache
	if dir == "" {
		return nil
	}
	if dir == AutoCache {
		dir = filepath.Join(j.Dir, AutoCache)
	}
	if info, err := os.Stat(j.Data); err == nil && j.Data != "synthetic" {
		if there, err := os.Stat(dir); err == nil && os.SameFile(info, there) {
			return fmt.Errorf("%w: the cache %s is the data itself: name another folder", ErrConfig,
				dir)
		}
	}
	for at := dir; ; at = filepath.Dir(at) {
		info, err := os.Stat(at)
		if err == nil && !info.IsDir() {
			return fmt.Errorf("%w: the cache %s cannot be made: %s is a file, expected a folder: "+
				"name another folder", ErrConfig, dir, at)
		}
		if err == nil || filepath.Dir(at) == at {
			return nil
		}
	}
}

// warnUselessCache says that no image needs the cache that was asked for.
func (j Job) warnUselessCache(d *data.Dataset) {
	if all, _ := d.CacheSize(); j.Cache != "" && all == 0 && j.Warn != nil {
		j.Warn("--cache has no effect: all images are in memory")
	}
}

// fillCache decodes the images that do not fit the memory, if there is to be a cache of them.
func (j Job) fillCache(ctx context.Context, i *Info, d *data.Dataset, state State) error {
	all, missing := d.CacheSize()
	if state.Done || missing == 0 {
		return nil
	}
	say := func(done int64) {
		if j.Caching != nil {
			j.Caching(CacheProgress{Dir: i.Data.cacheDir(j.Dir), Done: done, Bytes: all})
		}
	}
	say(all - missing)
	err := d.FillCache(ctx, say)
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return fmt.Errorf("%w while images were decoded to the cache; what is there is kept",
			ErrInterrupted)
	}
	return err
}
