package litert

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unsafe"

	"github.com/tailor-nas/tailor/internal/runtime/agent"
	"github.com/tailor-nas/tailor/internal/runtime/library"
	"github.com/tailor-nas/tailor/internal/runtime/protocol"
)

const name = "litert"

// Library is what is looked for.
func Library() library.Library {
	return library.Library{Name: "LiteRT", Stem: "LiteRt", Package: "ai_edge_litert",
		Variable: "TAILOR_LITERT_LIBRARY", Install: "pip install ai-edge-litert"}
}

// Engine is LiteRT, once opened.
type Engine struct {
	api     *api
	env     unsafe.Pointer
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
	r, ok := agent.Found(protocol.Runtime{Name: name, Format: "tflite",
		Options: map[string]string{"delegate": "xnnpack"}}, path, Library().Find,
		func(path string) (string, error) {
			if err := e.open(path); err != nil {
				return "", err
			}
			return versionOf(path)
		})
	if ok {
		e.runtime = r
	}
	return r
}

// environmentOption is one of the library's: 24 bytes.
type environmentOption struct {
	tag   int32
	kind  int32 // of the value
	_     int32
	_     int32
	value int64
}

// open opens the library, and makes what all sessions share.
func (e *Engine) open(path string) (err error) {
	if e.api, err = openAPI(path); err != nil {
		return err
	}
	const logLevel, integer, errorsOnly = 25, 2, 3
	options := &environmentOption{tag: logLevel, kind: integer, value: errorsOnly}
	return call("begin", e.api.CreateEnvironment, 1, uintptr(unsafe.Pointer(options)),
		uintptr(unsafe.Pointer(&e.env)))
}

// Load prepares a model.
func (e *Engine) Load(m protocol.Model, file []byte) (agent.Model, error) {
	s := &session{api: e.api}
	if err := s.load(e, m, file); err != nil {
		_ = s.Close() // the first error says more
		return nil, err
	}
	return s, nil
}

// versionOf is what the Python package that a library is in says of itself or, of a library that is
// in none, the beginning of its SHA-256.
func versionOf(path string) (string, error) {
	entries, err := os.ReadDir(filepath.Dir(filepath.Dir(path)))
	for _, e := range entries {
		version, ours := strings.CutPrefix(e.Name(), "ai_edge_litert-")
		version, info := strings.CutSuffix(version, ".dist-info")
		if err == nil && ours && info && filepath.Base(filepath.Dir(path)) == "ai_edge_litert" {
			return version, nil
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("LiteRT: %w", err)
	}
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:6]), nil
}
