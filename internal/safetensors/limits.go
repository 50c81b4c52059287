package safetensors

// The budget of a file, see package store: what reading it may take is bounded before it is taken.
const (
	maxHeaderBytes  = 8 << 20   // of safetensors, whose own limit is 100,000,000
	maxNameBytes    = 1 << 10   // of tensors and keys: errors quote them
	maxTensorsBytes = 4 << 30   // that are in the file
	maxCompactBytes = 256 << 20 // of compact tensors at full size, which a small file may have
	maxRank         = 64        // as numpy
)

// bufferBytes is the unit in which files are read, and values are converted.
const bufferBytes = 1 << 16
