package store

// The budget of a file: what reading it may take is bounded before it is taken, so that no file
// from outside, however it was made, takes more than a second or 512 MiB besides its own size. All
// is far over what networks need.
const (
	maxDocumentBytes   = 64 << 20
	maxDocumentObjects = 500_000   // an object of a few bytes may become a struct of some hundred
	maxDocumentValues  = 4_000_000 // so may a number in a list

	maxHeaderBytes  = 8 << 20   // of safetensors, whose own limit is 100,000,000
	maxNameBytes    = 1 << 10   // of tensors and keys: errors quote them
	maxTensorsBytes = 4 << 30   // that are in the file
	maxCompactBytes = 256 << 20 // of compact tensors at full size, which a small file may have
	maxRank         = 64        // as numpy

	// the opening of a document takes less than 80, unless somebody has indented it
	sniffBytes = 4096
)
