package data

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"sync"
)

// source is a data set as it was found, before images are held out.
type source struct {
	name             string
	classes          []string
	channels, size   int
	train, val, test Set      // val and test are nil when the files have no such part
	content          [32]byte // SHA-256 over names, labels and bytes of all files used
	mean, std        []float32
	cache            *cached

	// What there is to say about it.
	valFolder, testFolder string // where these parts come from, "" if they were taken from train
	minSide, maxSide      int    // of the images as they are seen
	turned, clear         int    // images that are turned, or transparent in places
	leftOut               tally
	skipped               []string // files and folders that a data set was opened without
	emptied               []string // those of them that are folders
	seed                  *uint64  // of images that are drawn; else nil
}

// dataset sets a test part apart and holds out validation images, unless the files bring their own,
// and seals the result with its identity.
func (s *source) dataset(path string, o Options) (*Dataset, error) {
	if label, is := onlyLabel(s.train); is {
		return nil, fmt.Errorf("data: %q: all %d training images are of class %q: want 2 classes or more",
			path, s.train.Len(), s.classes[label])
	}
	if s.test == nil {
		divided := *s
		var err error
		if divided.train, divided.test, err = splitClasses(path, s.train, s.classes,
			o.Seed); err != nil {
			return nil, err
		}
		s = &divided
	}
	d := &Dataset{
		Name: s.name, Classes: s.classes, Channels: s.channels, Size: s.size,
		Train: s.train, Val: s.val, Test: s.test, cache: s.cache,
	}
	held, err := s.holdout(path, o)
	if err != nil {
		return nil, err
	}
	if s.val == nil {
		d.Train, d.Val = divide(s.train, held, o.Seed)
	}
	d.SHA256 = s.identity(held, o.Seed)
	d.stats = sync.OnceValues(func() (mean, std []float32) {
		if s.mean != nil {
			return s.mean, s.std
		}
		return d.computeStats()
	})
	d.Report = s.report(d)
	if len(o.Mean) == s.channels {
		return d.Normalised(o.Mean, o.Std)
	}
	return d, nil
}

// onlyLabel is the label that all images of s have, if they have one label.
func onlyLabel(s Set) (label int, is bool) {
	if s.Len() == 0 {
		return 0, false
	}
	for i := range s.Len() {
		if s.Label(i) != s.Label(0) {
			return 0, false
		}
	}
	return s.Label(0), true
}

// MaxHoldout bounds the tenth of the training images that is held out by default.
const MaxHoldout = 5000

// holdout resolves Options.Holdout to a number of images.
func (s *source) holdout(path string, o Options) (int, error) {
	n := s.train.Len()
	switch {
	case s.val != nil && o.Holdout > 0:
		return 0, fmt.Errorf(
			"data: %q has its own val/ of %d images: leave the hold-out at its default instead of %d",
			path, s.val.Len(), o.Holdout)
	case s.val != nil || o.Holdout == -1:
		return 0, nil
	case o.Holdout == 0:
		return min(n/10, MaxHoldout), nil
	case o.Holdout >= n:
		return 0, fmt.Errorf("data: %q has %d training images: cannot hold out %d of them", path, n,
			o.Holdout)
	}
	return o.Holdout, nil
}

// divide moves held images of s, chosen by seed, to a second set. Both keep the order of s.
func divide(s Set, held int, seed uint64) (rest, out Set) {
	// A whole permutation instead of single draws, so that the choice is exact for any share.
	order := make([]int32, s.Len())
	rng := newStream(seed, forHoldout, 0, 0)
	rng.permute(order)
	slices.Sort(order[:held])
	slices.Sort(order[held:])
	return pick(s, order[held:]), pick(s, order[:held])
}

// identity hashes everything that decides which pixels and labels the sets give. The first word is
// its version.
func (s *source) identity(held int, seed uint64) string {
	// Quoting keeps names apart whatever characters they have.
	h := sha256.New()
	fmt.Fprintf(h, "data/1 %s %q channels=%d size=%d holdout=%d seed=%d\n", s.name, s.classes,
		s.channels, s.size, held, seed)
	h.Write(s.content[:])
	return hex.EncodeToString(h.Sum(nil))
}
