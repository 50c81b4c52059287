package litert

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/tailor-nas/tailor/internal/runtime/clib"
	"github.com/tailor-nas/tailor/internal/runtime/protocol"
)

// session is a model in LiteRT.
type session struct {
	api       *api
	memory    clib.Memory // of the file, which the model refers to
	model     unsafe.Pointer
	options   unsafe.Pointer
	compiled  unsafe.Pointer
	in, out   unsafe.Pointer // tensor buffers
	inN, outN int
}

// Values of the library's enumerations.
const (
	onProcessor = 1
	hostMemory  = 1
	forReading  = 0
	forWriting  = 1
	float32Type = 1
)

func (s *session) load(e *Engine, m protocol.Model, file []byte) (err error) {
	if s.inN, err = protocol.Len(m.Input); err != nil {
		return err
	}
	if s.outN, err = protocol.Len(m.Output); err != nil {
		return err
	}
	if err := checkFile(file); err != nil {
		return err
	}
	err = call("read the model", s.api.CreateModelFromBuffer, uintptr(e.env),
		uintptr(s.memory.Bytes(file)), uintptr(len(file)), uintptr(unsafe.Pointer(&s.model)))
	if err != nil {
		return err
	}
	if err := s.compile(e, m.Threads); err != nil {
		return err
	}
	return s.buffers(e)
}

// checkFile wants what begins like a TFLite file. The library checks the rest, but not this.
func checkFile(file []byte) error {
	if len(file) < 8 || string(file[4:8]) != "TFL3" {
		return fmt.Errorf("%d bytes that are no TFLite model", len(file))
	}
	return nil
}

// compile prepares the model for so many threads.
func (s *session) compile(e *Engine, threads int) error {
	err := call("make options", s.api.CreateOptions, uintptr(unsafe.Pointer(&s.options)))
	if err == nil {
		err = call("choose the processor", s.api.SetOptionsHardwareAccelerators,
			uintptr(s.options), onProcessor)
	}
	if err == nil {
		err = s.setThreads(threads)
	}
	if err == nil {
		err = call("compile the model", s.api.CreateCompiledModel, uintptr(e.env),
			uintptr(s.model), uintptr(s.options), uintptr(unsafe.Pointer(&s.compiled)))
	}
	return err
}

// setThreads gives the options of XNNPACK, as TOML in memory that the library frees.
func (s *session) setThreads(threads int) error {
	text := append(fmt.Appendf(nil, "num_threads = %d\n", threads), 0)
	payload := clib.Pointer(clib.Call(s.api.malloc, uintptr(len(text))))
	if payload == nil {
		return errors.New("LiteRT: out of memory")
	}
	copy(unsafe.Slice((*byte)(payload), len(text)), text)
	var opaque unsafe.Pointer
	err := call("set threads", s.api.CreateOpaqueOptions, uintptr(s.memory.Text("xnnpack")),
		uintptr(payload), s.api.free, uintptr(unsafe.Pointer(&opaque)))
	if err != nil {
		return err
	}
	return call("set threads", s.api.AddOpaqueOptions, uintptr(s.options), uintptr(opaque))
}

// SetInput copies values into the input's buffer.
func (s *session) SetInput(values []float32) error {
	return s.locked(s.in, forWriting, func(at unsafe.Pointer) {
		copy(unsafe.Slice((*float32)(at), s.inN), values)
	})
}

func (s *session) Run() error {
	return call("run the model", s.api.RunCompiledModel, uintptr(s.compiled), 0,
		1, uintptr(unsafe.Pointer(&s.in)), 1, uintptr(unsafe.Pointer(&s.out)))
}

// Output copies values out of the output's buffer.
func (s *session) Output(values []float32) error {
	return s.locked(s.out, forReading, func(at unsafe.Pointer) {
		copy(values, unsafe.Slice((*float32)(at), s.outN))
	})
}

// locked runs f with the address of a buffer's numbers.
func (s *session) locked(buffer unsafe.Pointer, mode uintptr, f func(unsafe.Pointer)) error {
	var at unsafe.Pointer
	err := call("lock a buffer", s.api.LockTensorBuffer, uintptr(buffer),
		uintptr(unsafe.Pointer(&at)), mode)
	if err != nil {
		return err
	}
	f(at)
	return call("unlock a buffer", s.api.UnlockTensorBuffer, uintptr(buffer))
}

func (s *session) Close() error {
	for _, one := range []struct {
		destroy uintptr
		object  unsafe.Pointer
	}{{s.api.DestroyTensorBuffer, s.in}, {s.api.DestroyTensorBuffer, s.out},
		{s.api.DestroyCompiledModel, s.compiled}, {s.api.DestroyOptions, s.options},
		{s.api.DestroyModel, s.model}} {
		if one.object != nil {
			clib.Call(one.destroy, uintptr(one.object))
		}
	}
	s.memory.Free()
	return nil
}
