package torchfile

// The budget of a file. A state dict of ten thousand tensors stays below a third of each.
const (
	// MaxFile is the size of a file that should be given to [Read].
	MaxFile = 1 << 30

	maxPickle       = 16 << 20 // bytes of a pickle
	maxValues       = 1 << 20  // that all pickles of a file push, each of which may take some words
	maxStack        = 1 << 20
	maxMemo         = 1 << 20
	maxGlobalLength = 256 // of a module's or a class's name
	maxDims         = 8   // more than any layer has
	maxDepth        = 4   // of dicts around a state dict
	maxNamed        = 20  // of what was skipped, or is listed in an error
	// maxGrowth bounds memory: tensors may share storages, but all together they may be only so
	// many times larger than the file.
	maxGrowth = 8
)
