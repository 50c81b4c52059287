package data

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrClasses is returned for images of classes that a network does not tell apart.
var ErrClasses = errors.New("data of other classes")

// TestSet is data to test a network on, which may be other data than it was trained on.
type TestSet struct {
	Path     string
	Classes  []string
	Channels int
	Size     int
	// Set is the test part or, of data without parts, all of it: Whole says so.
	Set   Set
	Whole bool
	// Dataset is what [Open] gives of the same path and options. It is nil if that cannot be
	// divided, by one image a class for instance.
	Dataset *Dataset
	// Report says what was found, with all images to test on as test images.
	Report Report
}

// OpenTest opens data to test on.
func OpenTest(path string, o Options) (*TestSet, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	o.forTest = true
	src, err := loadOnly(path, o, defaultLimits())
	if err != nil {
		return nil, err
	}
	t := &TestSet{Path: path, Classes: src.classes, Channels: src.channels, Size: src.size,
		Set: src.test}
	if t.Whole = src.test == nil; t.Whole {
		t.Set = src.train
	}
	if d, err := src.dataset(path, o); err == nil {
		t.Dataset = d
	}
	t.Report = src.testReport(t)
	return t, nil
}

// For gives the images with the labels and channels of a network that tells these classes apart,
// found by their names. Some of its classes may have no images.
func (t *TestSet) For(classes []string, channels int) (Set, error) {
	v, err := newView(t.Path, t.Classes, classes, t.Channels, channels, t.Size)
	if err != nil {
		return nil, err
	}
	return v.of(t.Set), nil
}

// someOf lists names for an error, the first ten in full.
func someOf(names []string) string {
	const most = 10
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(slices.Clone(names[:most]), ", "), len(names)-
		most)
}

// relabelled is a set with its labels numbered as somebody else does.
type relabelled struct {
	Set
	labels []int32 // by the set's own
}

func (r *relabelled) Label(i int) int { return int(r.labels[r.Set.Label(i)]) }

// coloured is a grey set as RGB.
type coloured struct {
	Set
	pixels int // of an image
}

func (c *coloured) Image(i int, dst []uint8) error {
	if err := checkLen(dst, 3*c.pixels); err != nil {
		return err
	}
	grey := dst[2*c.pixels:] // pixel by pixel, what was read is not needed when it is written over
	if err := c.Set.Image(i, grey); err != nil {
		return err
	}
	for p := range c.pixels {
		v := grey[p]
		dst[3*p], dst[3*p+1], dst[3*p+2] = v, v, v
	}
	return nil
}
