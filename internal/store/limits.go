package store

// The budget of a file: what reading it may take is bounded before it is taken, so that no file
// from outside, however it was made, takes more than a second or 512 MiB besides its own size. All
// is far over what networks need.
const (
	maxDocumentBytes   = 64 << 20
	maxDocumentObjects = 500_000   // an object of a few bytes may become a struct of some hundred
	maxDocumentValues  = 4_000_000 // so may a number in a list

	// the opening of a document takes less than 80, unless somebody has indented it
	sniffBytes = 4096
)
