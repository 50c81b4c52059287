package openvino

import (
	"unsafe"

	"github.com/tailor-nas/tailor/internal/runtime/agent"
	"github.com/tailor-nas/tailor/internal/runtime/clib"
	"github.com/tailor-nas/tailor/internal/runtime/library"
	"github.com/tailor-nas/tailor/internal/runtime/protocol"
)

const name = "openvino"

// Library is what is looked for.
func Library() library.Library {
	return library.Library{Name: "OpenVINO", Stem: "openvino_c", Package: "openvino/libs",
		Variable: "TAILOR_OPENVINO_LIBRARY", Install: "pip install openvino"}
}

// Engine is OpenVINO, once opened.
type Engine struct {
	api     *api
	core    unsafe.Pointer
	memory  clib.Memory // of texts, as long as the process
	device  unsafe.Pointer
	runtime protocol.Runtime
}

// New gives an engine that is not open.
func New() *Engine { return &Engine{} }

// Name is that of the runtime.
func (e *Engine) Name() string { return name }

// Open finds and opens the library.
func (e *Engine) Open(path string) protocol.Runtime {
	if e.runtime.Found() {
		return e.runtime
	}
	r, ok := agent.Found(protocol.Runtime{Name: name, Format: "onnx",
		Options: map[string]string{"precision": precision, "streams": streams,
			"cpu_pinning": "off"}}, path, Library().Find, e.open)
	if ok {
		e.runtime = r
	}
	return r
}

// open opens the library, and makes what all sessions share.
func (e *Engine) open(path string) (version string, err error) {
	if e.api, err = openAPI(path); err != nil {
		return "", err
	}
	if version, err = e.api.versionOf(); err != nil {
		return "", err
	}
	e.device = e.memory.Text("CPU")
	return version, e.api.call("begin", e.api.CreateCore, uintptr(unsafe.Pointer(&e.core)))
}

// Load prepares a model.
func (e *Engine) Load(m protocol.Model, file []byte) (agent.Model, error) {
	s := &session{api: e.api}
	if err := s.load(e, m, file); err != nil {
		_ = s.Close() // gives no error
		return nil, err
	}
	return s, nil
}
