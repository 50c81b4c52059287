// Package store writes files that survive and reads files with suspicion.
//
// A file or folder appears whole or not at all: [WriteFile] and [WriteDir] fill a temporary
// sibling, flush it to the disk and rename it. [ReplaceDir] exchanges a folder for its successor,
// and [RemoveDir] removes one whole. What a killed process leaves behind ends in ".partial" or
// ".old", and [CleanPartial], [CleanDirs] or [CleanNames] removes it. A [LineLog] grows by lines,
// and is cut back to what a saved state knew.
//
// A document ([WriteDocument], [ReadDocument]) is a JSON file that opens with its kind and version,
// a checksum of itself and the checksums of what it was made from, so that a manifest can be traced
// to the profile and the weights behind it, and [Header.Check] refuses a stale combination. Tensors
// are in a room of their own, internal/safetensors.
//
// Every error of a file is one line that names it and says what to do; the classes that a caller
// may decide on are the Err variables and the error types. Nothing here panics or waits, whatever a
// file holds: sizes are capped, and pipes and devices are refused. A checksum detects damage and
// edits, not forgery.
//
// The package keeps no state. Two processes may read and write the same names, and a reader sees
// one whole file or the other, but the last writer wins: who must be alone in a folder takes
// [LockDir].
//
// The formats are described in docs/formats.md. To read the code, begin with writeFile,
// encodeDocument and decodeDocument; each calls the rest in order.
package store
