package openvino

import (
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"unsafe"

	"github.com/tailor-nas/tailor/internal/runtime/clib"
)

// api are the library's functions; the tags are their names there.
type api struct {
	Version       uintptr `c:"ov_get_openvino_version"`
	FreeVersion   uintptr `c:"ov_version_free"`
	LastError     uintptr `c:"ov_get_last_err_msg"`
	CreateCore    uintptr `c:"ov_core_create"`
	FreeText      uintptr `c:"ov_free"`
	ReadModel     uintptr `c:"ov_core_read_model_from_memory_buffer"`
	FreeModel     uintptr `c:"ov_model_free"`
	Compile       uintptr `c:"ov_core_compile_model"`
	GetProperty   uintptr `c:"ov_compiled_model_get_property"`
	CountInputs   uintptr `c:"ov_compiled_model_inputs_size"`
	CountOutputs  uintptr `c:"ov_compiled_model_outputs_size"`
	FreeCompiled  uintptr `c:"ov_compiled_model_free"`
	CreateRequest uintptr `c:"ov_compiled_model_create_infer_request"`
	GetInput      uintptr `c:"ov_infer_request_get_input_tensor"`
	GetOutput     uintptr `c:"ov_infer_request_get_output_tensor"`
	Infer         uintptr `c:"ov_infer_request_infer"`
	FreeRequest   uintptr `c:"ov_infer_request_free"`
	CountValues   uintptr `c:"ov_tensor_get_size"`
	CountBytes    uintptr `c:"ov_tensor_get_byte_size"`
	GetData       uintptr `c:"ov_tensor_data"`
	FreeTensor    uintptr `c:"ov_tensor_free"`

	SetProperty uintptr `c:"ov_core_set_property"` // variadic
	// SetProperties does the same without being variadic. It came with 2026.4; 0 before.
	SetProperties uintptr `c:"ov_core_set_properties,optional"`
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
		name, optional := strings.CutSuffix(fields.Type().Field(i).Tag.Get("c"), ",optional")
		at, err := lib.Func(name)
		switch {
		case err == nil:
			fields.Field(i).SetUint(uint64(at))
		case !optional:
			return nil, fmt.Errorf("%w (OpenVINO is, from 2024.6 on)", err)
		}
	}
	if a.SetProperties == 0 && !variadicIsFixed() {
		return nil, fmt.Errorf("%s: OpenVINO must be 2026.4 or newer on %s/%s", path,
			runtime.GOOS, runtime.GOARCH)
	}
	return a, nil
}

// variadicIsFixed says whether the arguments of variadic functions, where all are integers or
// addresses, are passed as those of others. So it is wherever tailor-agent is built for, but for
// Apple's arm64, which has them on the stack.
func variadicIsFixed() bool { return runtime.GOOS != "darwin" || runtime.GOARCH != "arm64" }

// call calls a function that gives a status. See [clib.Call] on arguments.
//
//go:uintptrescapes
//go:noinline
func (a *api) call(what string, f uintptr, args ...uintptr) error {
	if status := int32(clib.Call(f, args...)); status != 0 {
		text := strings.Join(strings.Fields(clib.Text(clib.Pointer(clib.Call(a.LastError)))), " ")
		return fmt.Errorf("OpenVINO cannot %s: status %d: %s", what, status, text)
	}
	return nil
}

// release frees an object of the library; nil is none.
func (a *api) release(free uintptr, object unsafe.Pointer) {
	if object != nil {
		clib.Call(free, uintptr(object))
	}
}

// property is a setting of a device, as the library takes it.
type property struct{ key, value unsafe.Pointer }

// set makes the settings of a device.
func (a *api) set(core, device unsafe.Pointer, properties []property) error {
	const what = "take its settings"
	if a.SetProperties != 0 {
		return a.call(what, a.SetProperties, uintptr(core), uintptr(device),
			uintptr(len(properties)), uintptr(unsafe.Pointer(&properties[0])))
	}
	for _, p := range properties {
		err := a.call(what, a.SetProperty, uintptr(core), uintptr(device), uintptr(p.key),
			uintptr(p.value))
		if err != nil {
			return err
		}
	}
	return nil
}

// versionOf is the library's version and its build, as in 2026.4.1-22982.
func (a *api) versionOf() (string, error) {
	var v struct{ build, description unsafe.Pointer }
	if err := a.call("tell its version", a.Version, uintptr(unsafe.Pointer(&v))); err != nil {
		return "", err
	}
	parts := strings.SplitN(clib.Text(v.build), "-", 3)
	clib.Call(a.FreeVersion, uintptr(unsafe.Pointer(&v)))
	if version := strings.Join(parts[:min(2, len(parts))], "-"); version != "" {
		return version, nil
	}
	return "", errors.New("OpenVINO does not tell its version")
}
