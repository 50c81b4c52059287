package safetensors

import "errors"

// Errors of reading, wrapped with the name of the file and what to do about it. A file over the
// limits is [store.ErrTooLarge], a missing one [io/fs.ErrNotExist].
var (
	// ErrFormat is returned for a file that breaks the rules of safetensors, or is truncated.
	ErrFormat = errors.New("not valid safetensors")
	// ErrDtype is returned for a valid tensor whose elements are not 32-bit floats.
	ErrDtype = errors.New("unsupported tensor type")
)
