package data

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/tailor-nas/tailor/internal/prepare"
)

// Options say how images are prepared when a data set is opened. The zero value is the default.
type Options struct {
	// side of the square images in pixels; 0 keeps the data set's own (32 for image folders)
	Size int
	// images held out of train as Val; 0: 10 %, at most 5000, or a folder's own val/; -1: none
	Holdout int
	// chooses the held-out images and the test part of a folder without one, and draws synthetic
	// data
	Seed        uint64
	Train, Test int // number of synthetic images; 0: 6000 and 1000; other data sets ignore them

	// SkipDamaged goes on without images that cannot be read and without class folders that have no
	// images. Without it, they are a ProblemsError.
	SkipDamaged bool

	// Mean and Std, by channel, are what images are normalised with in the place of the statistics
	// of the training images: those that a network was trained with. nil, or for another number of
	// channels than the images have: their own.
	Mean, Std []float32
	// Only are the classes to open, in the order of their labels; nil is all, sorted.
	Only []string
	// Cache is a folder for prepared images that do not fit the memory; "" decodes them whenever
	// they are needed. What is in it is used; [Dataset.FillCache] puts them there.
	Cache string

	forTest bool // images to test on: a part for training may be missing, and so may classes
}

// Dataset is what Open gives.
type Dataset struct {
	Name             string   // "mnist", "cifar10", "cifar100", "folder" or "synthetic"
	Classes          []string // class names, indexed by label
	Channels         int      // 1 (grey) or 3 (RGB)
	Size             int      // side of an image in pixels
	Train, Val, Test Set

	// SHA256 (hex) identifies the data's content and its preparation: size, hold-out and seed. An
	// image folder and a tar of it have the same.
	SHA256 string

	// Report says what was found, and what was left out.
	Report Report

	cache *cached // nil without
	stats func() (mean, std []float32)
}

// Set is an indexed list of labelled images, safe for concurrent use. An index outside [0, Len) is
// the caller's bug and panics as a slice's does.
type Set = interface {
	Len() int
	Label(i int) int
	// Image writes image i as (H,W,C) into dst, whose length must be Size*Size*Channels.
	Image(i int, dst []uint8) error
}

// Open recognises what lies at path and opens it. The word "synthetic" is the built-in set (write
// ./synthetic for a folder of that name); for everything else Open looks at the files: a folder of
// MNIST idx files, CIFAR-10 or CIFAR-100 binary files or class folders of images (JPEG, PNG, GIF,
// BMP, TIFF, WebP), or a tar, possibly gzipped, of one of these.
//
// Images are turned as their EXIF orientation says, and transparent pixels are laid on white. What
// has another size is cropped to its centre square and scaled with a Catmull-Rom kernel; images of
// the right size keep their bytes. Preparation describes it, and docs/formats.md in full.
func Open(path string, o Options) (*Dataset, error) { return open(path, o, defaultLimits()) }

// open is Open with budgets.
func open(path string, o Options, lim limits) (*Dataset, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	src, err := loadOnly(path, o, lim)
	if err != nil {
		return nil, err
	}
	return src.dataset(path, o)
}

// check names the first field that is out of range.
func (o Options) check() error {
	switch {
	case o.Size < 0 || o.Size > prepare.MaxSize:
		return fmt.Errorf("data: Options.Size is %d: want 0 (the data set's own) to %d pixels",
			o.Size, prepare.MaxSize)
	case o.Holdout < -1:
		return fmt.Errorf("data: Options.Holdout is %d: want a number of images, 0 (default) or -1 (none)", o.Holdout)
	case o.Train < 0 || o.Train > maxSynthetic:
		return fmt.Errorf("data: Options.Train is %d: want 0 (default) to %d images", o.Train,
			maxSynthetic)
	case o.Test < 0 || o.Test > maxSynthetic:
		return fmt.Errorf("data: Options.Test is %d: want 0 (default) to %d images", o.Test,
			maxSynthetic)
	case len(o.Mean) != len(o.Std):
		return fmt.Errorf("data: Options.Mean has %d values and Std %d: want one each a channel",
			len(o.Mean), len(o.Std))
	}
	if err := checkOnly(o.Only); err != nil {
		return err
	}
	return Transform{Mean: o.Mean, Std: o.Std}.check(1, len(o.Mean))
}

// load reads whatever is at path.
func load(path string, o Options, lim limits) (*source, error) {
	if path == "synthetic" {
		return loadSynthetic(o, lim)
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w (%w)", formError(path, "there is no such file or folder"),
			fs.ErrNotExist)
	case err != nil:
		return nil, fmt.Errorf("data: open %q: %w", path, err)
	case info.IsDir():
		return loadFolder(path, o, lim)
	case info.Mode().IsRegular():
		return loadTar(path, o, lim)
	}
	return nil, formError(path, "it is neither a folder nor a regular file")
}

// sizeOr gives the wanted size, or the data set's own.
func (o Options) sizeOr(own int) int {
	if o.Size > 0 {
		return o.Size
	}
	return own
}
