package torchfile

// The budget of a file. A state dict of ten thousand tensors stays below a third of each.
const (
	maxPickle       = 16 << 20 // bytes of a pickle
	maxValues       = 1 << 20  // that all pickles of a file push, each of which may take some words
	maxStack        = 1 << 20
	maxMemo         = 1 << 20
	maxGlobalLength = 256 // of a module's or a class's name
	maxDims         = 8   // more than any layer has
	// maxGrowth bounds memory: tensors may share storages, but all together they may be only so
	// many times larger than the file.
	maxGrowth = 8
)
