package agent

import "github.com/tailor-nas/tailor/internal/runtime/protocol"

// Engine is a runtime as the agent has it.
type Engine interface {
	// Name is what requests call it.
	Name() string
	// Open finds the library and opens it, at path unless that is empty, and describes the runtime.
	// After the first success it gives the same again.
	Open(path string) protocol.Runtime
	// Load prepares a model of a runtime that is open. The file is the engine's to keep. It must
	// refuse a model whose input and output have other numbers of values than m says.
	Load(m protocol.Model, file []byte) (Model, error)
}

// Model is a network that is ready to run. How many values go in and out is what was loaded.
type Model interface {
	// SetInput copies what the next runs compute on.
	SetInput(values []float32) error
	Run() error
	// Output copies what the latest run computed.
	Output(values []float32) error
	// Close frees the model. It is called once.
	Close() error
}
