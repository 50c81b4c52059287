package data

import (
	"context"
	"fmt"
	"runtime"

	"golang.org/x/sync/semaphore"
)

// What one file may make this package spend: bytes, names, depth and time. Everything is checked before it is
// spent, and time is counted in steps of work, so that what is refused does not depend on the machine.
const (
	maxSize     = 1024      // side of a prepared image
	maxSide     = 1 << 15   // side of an image file
	maxClasses  = 1 << 16   // class folders
	maxDepth    = 8         // folders below the root
	maxFolders  = 1 << 20   // folders of a data set
	maxName     = 1 << 12   // bytes of a path in a tar, as Linux has it
	maxProblems = 10_000    // damaged files of a data set, after which the search for more ends
	maxKinds    = 20        // kinds of files that are counted apart
	maxScans    = 100       // passes of a JPEG over its image
	maxPasses   = 4 << 30   // pixels of a JPEG times its passes
	maxRawBytes = 1 << 30   // one idx or CIFAR file, unpacked
	maxSetBytes = 1 << 33   // prepared pixels of a binary data set
	maxNames    = 1 << 16   // bytes of a file of class names
	maxImage    = 256 << 20 // bytes of one compressed image

	maxSynthetic = 10_000_000 // images
)

// Memory for decoding an image.
const (
	// together is shared by images that are decoded at the same time; an image that takes more is decoded alone.
	together = 128 << 20
	// A file may always take so much: 108 megapixels of a PNG in colour. A file that is small for what it claims
	// to hold gets no more.
	alwaysDecoded = 448 << 20
	// Beyond that it may take so many bytes for each of its own, up to maxDecoded.
	decodedPerByte = 64
	maxDecoded     = 1 << 30
)

// Unpacking a gzip stream: what holds images shrinks little, and what shrinks a hundredfold is made to fill the
// memory or the time of whoever opens it.
const (
	freeUnpacked    = 128 << 20
	unpackedPerByte = 100
)

// The images of a binary data set may take so much memory however small they are stored, and beyond that so many bytes for each that is
// stored: MNIST at 224 pixels has 64.
const (
	freeEnlarged    = 256 << 20
	enlargedPerByte = 64
)

// limits are the budgets that tests lower.
type limits struct {
	decoded    int64 // pixels of an image folder kept in memory; images beyond it are decoded when asked for
	compressed int64 // compressed images kept from a tar for that purpose
	entries    int   // images in a folder or tar
	synthetic  int64 // pixels of a synthetic set kept in memory
	classes    int   // the least that there may be
}

// defaultLimits suit a machine with some 8 GiB of memory: at 32x32, 700,000 images stay decoded.
func defaultLimits() limits {
	return limits{decoded: 2 << 30, compressed: 4 << 30, entries: 1 << 24, synthetic: 256 << 20, classes: 2}
}

// checkMemory refuses an image that takes more memory than its file allows it.
func (h *header) checkMemory(fileBytes int64) *fault {
	most := min(max(alwaysDecoded, decodedPerByte*fileBytes), maxDecoded)
	if h.memory <= most {
		return nil
	}
	return &fault{-1, fmt.Sprintf("an image that takes at most %d MiB of memory", most>>20),
		fmt.Sprintf("%dx%d pixels, which take %d MiB: make it smaller", h.width, h.height, h.memory>>20), nil}
}

// checkScans refuses a JPEG whose passes take too long.
func (f *jpegFacts) checkScans(width, height int) *fault {
	if f.scans <= maxScans && int64(f.scans)*int64(width)*int64(height) <= maxPasses {
		return nil
	}
	return &fault{-1, fmt.Sprintf("a JPEG image of at most %d scans, and %d pixels in all of them together", maxScans, int64(maxPasses)),
		fmt.Sprintf("%d scans of %dx%d pixels: save it again", f.scans, width, height), nil}
}

// gate lets images be decoded at the same time as long as they take little memory together.
type gate struct{ free *semaphore.Weighted }

func newGate() gate { return gate{semaphore.NewWeighted(together)} }

// pass runs f when there are so many bytes of memory for it. What takes all runs alone, and the memory that it and
// others leave behind is collected at once rather than when the heap has doubled.
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
