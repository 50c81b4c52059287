package data

// Caps on what files may make this package allocate.
const (
	maxSize       = 1024     // side of a prepared image
	maxSide       = 1 << 15  // side of an image file
	maxPixels     = 1 << 25  // area of an image file: 33.5 megapixels
	maxImageBytes = 64 << 20 // one compressed image
	maxRawBytes   = 1 << 30  // one idx or CIFAR file, uncompressed
	maxNamesBytes = 1 << 16  // file of class names
	maxSetBytes   = 1 << 33  // prepared pixels of a binary data set
	maxDepth      = 8        // folders below the root
	maxSynthetic  = 10_000_000
)

// limits are the budgets that tests lower.
type limits struct {
	decoded    int64 // pixels of an image folder kept in memory; images beyond it are decoded when asked for
	compressed int64 // compressed images kept from a tar for that purpose
	entries    int   // images in a folder or tar
	synthetic  int64 // pixels of a synthetic set kept in memory
}

// defaultLimits suit a machine with some 8 GiB of memory: at 32x32, 700,000 images stay decoded.
func defaultLimits() limits {
	return limits{decoded: 2 << 30, compressed: 4 << 30, entries: 1 << 24, synthetic: 256 << 20}
}
