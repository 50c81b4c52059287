package data

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
)

// For gives the data set as a network takes it that tells these classes apart, in images with so
// many channels. Classes are found by their names; some of the network's may have no images. What
// is not the same as before has another SHA256.
func (d *Dataset) For(classes []string, channels int) (*Dataset, error) {
	if slices.Equal(classes, d.Classes) && channels == d.Channels {
		return d, nil
	}
	v, err := newView("it", d.Classes, classes, d.Channels, channels, d.Size)
	if err != nil {
		return nil, err
	}
	seen := *d
	seen.Train, seen.Val, seen.Test = v.of(d.Train), v.of(d.Val), v.of(d.Test)
	seen.Classes, seen.Channels = classes, channels
	seen.stats = nil
	sum := sha256.Sum256(fmt.Appendf(nil, "for/1 %q channels=%d\n%s", classes, channels, d.SHA256))
	seen.SHA256 = hex.EncodeToString(sum[:])
	return &seen, nil
}

// Normalised gives the data set with a mean and standard deviation that are not its own, but those
// of the images that a network was trained on.
func (d *Dataset) Normalised(mean, std []float32) (*Dataset, error) {
	if mean == nil || std == nil {
		return nil, fmt.Errorf("data: there is no mean or no standard deviation")
	}
	if err := (Transform{Mean: mean, Std: std}).check(d.Size, d.Channels); err != nil {
		return nil, err
	}
	seen := *d
	seen.stats = func() ([]float32, []float32) { return mean, std }
	return &seen, nil
}

// setView is how images of one network are seen by another.
type setView struct {
	labels []int32 // by the set's own
	// pixels of an image, where grey ones are to be RGB; 0 where channels stay
	pixels int
}

// newView relates the classes and channels of images to those of a network. where is what errors
// call the images.
func newView(where string, have, want []string, haveChannels, wantChannels, size int) (setView,
	error) {
	number := map[string]int32{}
	for i, c := range want {
		number[c] = int32(i)
	}
	v := setView{labels: make([]int32, len(have))}
	var unknown []string
	for i, c := range have {
		at, ok := number[c]
		if !ok {
			unknown = append(unknown, c)
		}
		v.labels[i] = at
	}
	if unknown != nil {
		return v, fmt.Errorf(
			"%w: %s has %s, but the network tells apart %s: name the classes of the images like these, in any order", ErrClasses, where, someOf(unknown), someOf(want))
	}
	switch {
	case haveChannels < wantChannels:
		v.pixels = size * size
	case haveChannels > wantChannels:
		return v, fmt.Errorf(
			"%s has colour images, the network is for grey ones: convert them to grey", where)
	}
	return v, nil
}

func (v setView) of(s Set) Set {
	if v.pixels > 0 {
		s = &coloured{s, v.pixels}
	}
	return &relabelled{s, v.labels}
}
