package onnxruntime

import (
	"unsafe"

	"github.com/tailor-nas/tailor/internal/runtime/agent"
	"github.com/tailor-nas/tailor/internal/runtime/clib"
	"github.com/tailor-nas/tailor/internal/runtime/library"
	"github.com/tailor-nas/tailor/internal/runtime/protocol"
)

const name = "onnxruntime"

// Library is what is looked for.
func Library() library.Library {
	return library.Library{Name: "ONNX Runtime", Stem: "onnxruntime", Package: "onnxruntime/capi",
		Variable: "TAILOR_ONNXRUNTIME_LIBRARY", Install: "pip install onnxruntime"}
}

// Engine is ONNX Runtime, once opened.
type Engine struct {
	api     api
	env     unsafe.Pointer
	cpu     unsafe.Pointer // where tensors are
	memory  clib.Memory    // of texts, as long as the process
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
		Options: map[string]string{"graph_optimization": "all", "spinning": "off"}}, path,
		Library().Find, e.open)
	if ok {
		e.runtime = r
	}
	return r
}

// open opens the library, and makes what all sessions share.
func (e *Engine) open(path string) (version string, err error) {
	if e.api, version, err = openAPI(path); err != nil {
		return "", err
	}
	err = e.api.call(createEnv, logErrors, uintptr(e.memory.Text("tailor-agent")),
		uintptr(unsafe.Pointer(&e.env)))
	if err == nil {
		err = e.api.call(createCPUMemoryInfo, deviceAllocator, memoryDefault,
			uintptr(unsafe.Pointer(&e.cpu)))
	}
	return version, err
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
