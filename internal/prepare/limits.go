package prepare

import "fmt"

// What one image may make this package spend. Everything is checked before it is spent, and time is
// counted in steps of work, so that what is refused does not depend on the machine.
const (
	MaxSize   = 1024      // side of a prepared image
	MaxFile   = 256 << 20 // bytes of one compressed image
	maxSide   = 1 << 15   // side of an image
	maxScans  = 100       // passes of a JPEG over its image
	maxPasses = 4 << 30   // pixels of a JPEG times its passes
	// maxResolution is the side of what a network takes.
	maxResolution = 1 << 12
)

// Memory for decoding an image.
const (
	// A file may always take so much: 108 megapixels of a PNG in colour. A file that is small for
	// what it claims to hold gets no more.
	alwaysDecoded = 448 << 20
	// Beyond that it may take so many bytes for each of its own, up to maxDecoded.
	decodedPerByte = 64
	maxDecoded     = 1 << 30
)

// checkMemory refuses an image that takes more memory than its file allows it.
func (h *Header) checkMemory(fileBytes int64) *Fault {
	most := min(max(alwaysDecoded, decodedPerByte*fileBytes), maxDecoded)
	if h.Memory <= most {
		return nil
	}
	return &Fault{-1, fmt.Sprintf("an image that takes at most %d MiB of memory", most>>20),
		fmt.Sprintf("%dx%d pixels, which take %d MiB: make it smaller", h.width, h.height,
			h.Memory>>20), nil}
}

// checkScans refuses a JPEG whose passes take too long.
func (f *jpegFacts) checkScans(width, height int) *Fault {
	if f.scans <= maxScans && int64(f.scans)*int64(width)*int64(height) <= maxPasses {
		return nil
	}
	return &Fault{-1, fmt.Sprintf(
		"a JPEG image of at most %d scans, and %d pixels in all of them together", maxScans,
		int64(maxPasses)),
		fmt.Sprintf("%d scans of %dx%d pixels: save it again", f.scans, width, height), nil}
}
