package onnxruntime

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/tailor-nas/tailor/internal/runtime/clib"
)

// apiVersion is the oldest version of the table that has what is used here: that of ONNX Runtime
// 1.16. Newer libraries give the table of old versions too.
const apiVersion = 16

// function is a place in the table of functions (OrtApi in onnxruntime_c_api.h).
type function int

const (
	getErrorMessage                function = 2
	createEnv                      function = 3
	createSessionFromArray         function = 8
	run                            function = 9
	createSessionOptions           function = 10
	setSessionGraphOptimization    function = 23
	setIntraOpNumThreads           function = 24
	setInterOpNumThreads           function = 25
	sessionGetInputCount           function = 30
	sessionGetOutputCount          function = 31
	sessionGetInputTypeInfo        function = 33
	sessionGetOutputTypeInfo       function = 34
	sessionGetInputName            function = 36
	sessionGetOutputName           function = 37
	createTensorWithDataAsOrtValue function = 49
	castTypeInfoToTensorInfo       function = 55
	getTensorElementType           function = 60
	getDimensionsCount             function = 61
	getDimensions                  function = 62
	getTensorShapeElementCount     function = 64
	createCPUMemoryInfo            function = 69
	allocatorFree                  function = 76
	getAllocatorWithDefaultOptions function = 78
	releaseStatus                  function = 93
	releaseMemoryInfo              function = 94
	releaseSession                 function = 95
	releaseValue                   function = 96
	releaseTypeInfo                function = 98
	releaseSessionOptions          function = 100
	addSessionConfigEntry          function = 130
	functions                               = 131
)

// Values of the library's enumerations.
const (
	logErrors       = 3
	optimizeAll     = 99
	elementFloat    = 1
	deviceAllocator = 0
	memoryDefault   = 0
)

// api is the table of an open library.
type api struct{ table *[functions]uintptr }

// openAPI gives the table of the library at a path, and the library's version.
func openAPI(path string) (api, string, error) {
	lib, err := clib.Open(path)
	if err != nil {
		return api{}, "", err
	}
	getBase, err := lib.Func("OrtGetApiBase")
	if err != nil {
		return api{}, "", err
	}
	base := (*[2]uintptr)(clib.Pointer(clib.Call(getBase)))
	if base == nil {
		return api{}, "", fmt.Errorf("%s has no OrtApiBase", path)
	}
	version := clib.Text(clib.Pointer(clib.Call(base[1])))
	table := (*[functions]uintptr)(clib.Pointer(clib.Call(base[0], apiVersion)))
	if table == nil || version == "" {
		return api{}, "", fmt.Errorf("%s is ONNX Runtime %q, expected 1.%d or newer", path, version,
			apiVersion)
	}
	return api{table}, version, nil
}

// call calls a function that gives a status, which is nil for success. See [clib.Call] on
// arguments.
//
//go:uintptrescapes
//go:noinline
func (a api) call(f function, args ...uintptr) error {
	return a.check(clib.Call(a.table[f], args...))
}

// check turns a status into an error, and releases it.
func (a api) check(status uintptr) error {
	if status == 0 {
		return nil
	}
	text := clib.Text(clib.Pointer(clib.Call(a.table[getErrorMessage], status)))
	a.release(releaseStatus, clib.Pointer(status))
	return errors.New("ONNX Runtime: " + text)
}

// release frees an object of the library; nil is none.
func (a api) release(f function, object unsafe.Pointer) {
	if object != nil {
		clib.Call(a.table[f], uintptr(object))
	}
}
