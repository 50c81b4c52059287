// Package torchfile reads what torch.save wrote: a state dict, as names with tensors, in the format
// of PyTorch 1.6 and later, or in that of before, which many published models are kept in. A
// checkpoint that holds a state dict beside other things is read, too.
//
// The old format is a row of five pickles (a magic number, the version of the protocol, facts about
// the machine, the state dict, the keys of the storages) and then the storages, each a count and
// its elements. The new one is a zip archive (zip.go) of a pickle and the storages. A pickle is a
// program for a stack machine that may call anything Python can import, so that to load a foreign
// file with PyTorch may be to run it. The machine here (machine.go) knows the two dozen
// instructions that a state dict takes and calls nothing: the few globals that it accepts are names
// that it acts out itself (globals.go). Whatever else a file asks for is an [*OpcodeError] or a
// [*GlobalError]; bytes that are no such file are a [*FormatError].
//
// Memory is bounded by the size of the file and by limits.go, and nothing panics or waits, whatever
// the bytes are.
package torchfile
