package litert

import (
	"fmt"
	"reflect"

	"github.com/tailor-nas/tailor/internal/runtime/clib"
)

// api are the library's functions by the names of the fields, which follow LiteRt in the library.
type api struct {
	CreateEnvironment                   uintptr
	CreateModelFromBuffer               uintptr
	CreateOptions                       uintptr
	SetOptionsHardwareAccelerators      uintptr
	CreateOpaqueOptions                 uintptr
	AddOpaqueOptions                    uintptr
	CreateCompiledModel                 uintptr
	GetCompiledModelInputTensorLayout   uintptr
	GetCompiledModelOutputTensorLayouts uintptr
	CreateManagedTensorBuffer           uintptr
	LockTensorBuffer                    uintptr
	UnlockTensorBuffer                  uintptr
	RunCompiledModel                    uintptr
	DestroyTensorBuffer                 uintptr
	DestroyCompiledModel                uintptr
	DestroyOptions                      uintptr
	DestroyModel                        uintptr
	// CreateModelFromFd came with the version, 2.1.6, from which on the functions above take what
	// is given to them here.
	CreateModelFromFd uintptr

	malloc, free uintptr // of the C library
}

// openAPI finds the functions of the library at a path.
func openAPI(path string) (*api, error) {
	lib, err := clib.Open(path)
	if err != nil {
		return nil, err
	}
	a := &api{}
	fields := reflect.ValueOf(a).Elem()
	for i := range fields.NumField() {
		field := fields.Type().Field(i)
		if !field.IsExported() {
			continue
		}
		at, err := lib.Func("LiteRt" + field.Name)
		if err != nil {
			return nil, fmt.Errorf("%w (LiteRT is, from 2.1.6 on)", err)
		}
		fields.Field(i).SetUint(uint64(at))
	}
	if a.malloc, err = clib.System("malloc"); err == nil {
		a.free, err = clib.System("free")
	}
	return a, err
}

// call calls a function that gives a status. See [clib.Call] on arguments.
//
//go:uintptrescapes
//go:noinline
func call(what string, f uintptr, args ...uintptr) error {
	if status := int32(clib.Call(f, args...)); status != 0 {
		return fmt.Errorf("LiteRT cannot %s: status %d", what, status)
	}
	return nil
}
