package data

import (
	"context"
	"runtime"

	"golang.org/x/sync/semaphore"
)

// What one file may make this package spend: bytes, names, depth and time. Everything is checked
// before it is spent, and time is counted in steps of work, so that what is refused does not depend
// on the machine.
const (
	maxClasses  = 1 << 16 // class folders
	maxDepth    = 8       // folders below the root
	maxFolders  = 1 << 20 // folders of a data set
	maxName     = 1 << 12 // bytes of a path in a tar, as Linux has it
	maxProblems = 10_000  // damaged files of a data set, after which the search for more ends
	maxKinds    = 20      // kinds of files that are counted apart
	maxRawBytes = 1 << 30 // one idx or CIFAR file, unpacked
	maxSetBytes = 1 << 33 // prepared pixels of a binary data set
	maxNames    = 1 << 16 // bytes of a file of class names

	maxSynthetic = 10_000_000 // images
)

// together is memory that is shared by images that are decoded at the same time; an image that
// takes more is decoded alone.
const together = 128 << 20

// Unpacking a gzip stream: what holds images shrinks little, and what shrinks a hundredfold is made
// to fill the memory or the time of whoever opens it.
const (
	freeUnpacked    = 128 << 20
	unpackedPerByte = 100
)

// The images of a binary data set may take so much memory however small they are stored, and beyond
// that so many bytes for each that is stored: MNIST at 224 pixels has 64.
const (
	freeEnlarged    = 256 << 20
	enlargedPerByte = 64
)

// limits are the budgets that tests lower.
type limits struct {
	// pixels of an image folder kept in memory; images beyond it are decoded when asked for
	decoded    int64
	compressed int64 // compressed images kept from a tar for that purpose
	entries    int   // images in a folder or tar
	synthetic  int64 // pixels of a synthetic set kept in memory
}

// defaultLimits suit a machine with some 8 GiB of memory: at 32x32, 700,000 images stay decoded.
func defaultLimits() limits {
	return limits{decoded: 2 << 30, compressed: 4 << 30, entries: 1 << 24, synthetic: 256 << 20}
}

// gate lets images be decoded at the same time as long as they take little memory together.
type gate struct{ free *semaphore.Weighted }

func newGate() gate { return gate{semaphore.NewWeighted(together)} }

// pass runs f when there are so many bytes of memory for it. What takes all runs alone, and the
// memory that it and others leave behind is collected at once rather than when the heap has
// doubled.
func (g gate) pass(bytes int64, f func()) {
	alone := bytes >= together
	// Acquire fails by its context alone, which does not end.
	_ = g.free.Acquire(context.Background(), min(bytes, together))
	defer g.free.Release(min(bytes, together))
	if alone {
		runtime.GC()
		defer runtime.GC()
	}
	f()
}
