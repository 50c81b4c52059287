package trainer

import (
	"fmt"

	"github.com/tailor-nas/tailor/internal/data"
)

// Data is images to train on and to test with. [OpenData] and [Run.OpenData] give it; a program
// that has images of its own can fill one in.
type Data struct {
	Name           string   // "mnist", "cifar10", "cifar100", "folder" or "synthetic"
	Classes        []string // class names, indexed by label
	Channels, Size int      // 1 (grey) or 3 (RGB); the side of an image in pixels
	// Val are held out of Train, to choose by; Test are for the end. Both may be nil.
	Train, Val, Test Set
	// SHA256 (hex) identifies the images and how they were opened.
	SHA256 string
	// Stats gives mean and standard deviation of each channel over Train, in units of 0..1; nil:
	// those of up to 10,000 images.
	Stats func() (mean, std []float32)
	// Report says in a line what was found and what was left out. It may be nil.
	Report fmt.Stringer
}

// Set is an indexed list of labelled images, safe for concurrent use: of [Data] or any other. An
// index outside [0, Len) is the caller's bug and panics as a slice's does. Image writes image i as
// (H,W,C) into dst, whose length must be Size*Size*Channels.
type Set = interface {
	Len() int
	Label(i int) int
	Image(i int, dst []uint8) error
}

// DataOptions say how images are opened. The zero value is the default.
type DataOptions struct {
	// side of the square images in pixels; 0 keeps the data set's own (32 for image folders)
	Size int
	// images held out of training as Val; 0: 10 %, at most 5000, or a folder's own val/; -1: none
	Holdout int
	// chooses the held-out images and the test part of a folder without one, and draws synthetic
	// data
	Seed        uint64
	Train, Test int // number of synthetic images; 0: 6000 and 1000; other data sets ignore them
	// SkipDamaged goes on without images that cannot be read and without class folders that have no
	// images. Without it, they are an error.
	SkipDamaged bool
	// Mean and Std, by channel, are what images are normalised with in the place of the statistics
	// of the training images: those that a network was trained with. nil, or for another number of
	// channels than the images have: their own.
	Mean, Std []float32
	// Only are the classes to open, in the order of their labels; nil is all, sorted.
	Only []string
}

// OpenData opens what lies at path: a folder of MNIST idx files, CIFAR-10 or CIFAR-100 binary files
// or class folders of images (JPEG, PNG, GIF, BMP, TIFF, WebP), or a tar, possibly gzipped, of one
// of these. The word "synthetic" is the built-in set.
func OpenData(path string, o DataOptions) (*Data, error) {
	return opened(data.Open(path, o.internal()))
}

func (o DataOptions) internal() data.Options {
	return data.Options{Size: o.Size, Holdout: o.Holdout, Seed: o.Seed, Train: o.Train,
		Test: o.Test, SkipDamaged: o.SkipDamaged, Only: o.Only, Mean: o.Mean, Std: o.Std}
}

// Sample gives n images of a set, drawn without replacement and fixed by seed, in random order.
// With n >= s.Len() it is all of them, shuffled. Of nil it is nil.
func Sample(s Set, n int, seed uint64) Set {
	if s == nil {
		return nil
	}
	return data.Subset(s, n, seed)
}

// opened is what others see of a data set.
func opened(d *data.Dataset, err error) (*Data, error) {
	if err != nil {
		return nil, err
	}
	return (*Data)(d.Parts()), nil
}

// dataset is what the package works with.
func (d *Data) dataset() (*data.Dataset, error) {
	set, err := (*data.Parts)(d).Dataset()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return set, nil
}

// Preparation is what happens to an image between its file and a network, in this order.
// docs/formats.md says each step exactly.
type Preparation struct {
	Orientation string `json:"orientation"` // "exif": mirrored and turned as the file's EXIF says
	Background  string `json:"background"`  // "white": under transparent pixels
	Crop        string `json:"crop"`        // "centre-square"
	SizePx      int    `json:"size_px"`     // side that the square is scaled to
	Filter      string `json:"filter"`      // "catmull-rom-antialias": of that scaling
	Channels    string `json:"channels"`    // "rgb", in this order, or "grey"
	// Range is what the bytes 0 and 255 become before the mean is subtracted and the rest divided
	// by the standard deviation.
	Range [2]float64 `json:"range"`
	Mean  []float32  `json:"mean"` // by channel
	Std   []float32  `json:"std"`
	// Resize is the filter that scales the result from SizePx to the resolution of a network:
	// "bilinear-antialias".
	Resize string `json:"resize"`
}
