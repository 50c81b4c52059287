package clib

import (
	"fmt"
	"unsafe"

	"github.com/ebitengine/purego"
)

// Library is one that is open. It is never closed: libraries start threads that outlive that.
type Library struct {
	path   string
	handle uintptr
}

// Open opens the library of a path.
func Open(path string) (Library, error) { return opened(path, false) }

// OpenForAll opens the library of a path, or of a name that the system looks for, so that what it
// opens itself finds its symbols, as those that have plugins expect.
func OpenForAll(path string) (Library, error) { return opened(path, true) }

func opened(path string, all bool) (Library, error) {
	handle, err := open(path, all)
	if err != nil {
		return Library{}, fmt.Errorf("open the library %s: %w; is it one for this system and "+
			"processor?", path, err)
	}
	return Library{path, handle}, nil
}

// Func gives the address of a function.
func (l Library) Func(name string) (uintptr, error) {
	at, err := symbol(l.handle, name)
	if err != nil || at == 0 {
		return 0, fmt.Errorf("the library %s has no function %s: it is another, or of a version "+
			"that is not supported", l.path, name)
	}
	return at, nil
}

// Has says whether the library has a symbol.
func (l Library) Has(name string) bool {
	at, err := symbol(l.handle, name)
	return err == nil && at != 0
}

// Call calls a function with arguments that are integers or addresses, and gives what it returns.
//
// An address of Go memory must be converted in the argument list itself, as in
//
//	clib.Call(f, uintptr(unsafe.Pointer(&x)))
//
// so that x is on the heap and kept until Call returns.
//
//go:uintptrescapes
//go:noinline
func Call(function uintptr, args ...uintptr) uintptr {
	result, _, _ := purego.SyscallN(function, args...)
	return result
}

// Pointer is an address that a library gave, which is not of Go memory.
func Pointer(address uintptr) unsafe.Pointer {
	return *(*unsafe.Pointer)(unsafe.Pointer(&address))
}

// maxText bounds a text of a library.
const maxText = 1 << 16

// Text copies a text that a library has, up to its NUL.
func Text(at unsafe.Pointer) string {
	if at == nil {
		return ""
	}
	var text []byte
	for i := range maxText {
		c := *(*byte)(unsafe.Add(at, i))
		if c == 0 {
			break
		}
		text = append(text, c)
	}
	return string(text)
}
