package onnxruntime

import (
	"fmt"
	"unsafe"

	"github.com/tailor-nas/tailor/internal/runtime/clib"
	"github.com/tailor-nas/tailor/internal/runtime/protocol"
)

// session is a model in ONNX Runtime, with its input and output in Go memory.
type session struct {
	api     api
	session unsafe.Pointer
	memory  clib.Memory
	in, out end
}

// end is the input or the output of a model.
type end struct {
	name   unsafe.Pointer // text
	shape  []int64
	values []float32
	tensor unsafe.Pointer
}

func (s *session) load(e *Engine, m protocol.Model, file []byte) error {
	options, err := s.options(e, m.Threads)
	defer s.api.release(releaseSessionOptions, options)
	if err != nil {
		return err
	}
	if len(file) == 0 {
		return fmt.Errorf("ONNX Runtime: an empty file is no model")
	}
	err = s.api.call(createSessionFromArray, uintptr(e.env), uintptr(unsafe.Pointer(&file[0])),
		uintptr(len(file)), uintptr(options), uintptr(unsafe.Pointer(&s.session)))
	if err != nil {
		return err
	}
	if err := s.checkCounts(); err != nil {
		return err
	}
	in := kind{sessionGetInputTypeInfo, sessionGetInputName}
	if s.in, err = s.end(e, in, m.Input); err != nil {
		return fmt.Errorf("input: %w", err)
	}
	out := kind{sessionGetOutputTypeInfo, sessionGetOutputName}
	if s.out, err = s.end(e, out, m.Output); err != nil {
		return fmt.Errorf("output: %w", err)
	}
	return nil
}

// options are those of a session: threads that sleep when there is nothing to do, since others need
// the processors.
func (s *session) options(e *Engine, threads int) (options unsafe.Pointer, err error) {
	if err = s.api.call(createSessionOptions, uintptr(unsafe.Pointer(&options))); err != nil {
		return nil, err
	}
	for _, set := range []struct {
		f     function
		value uintptr
	}{{setIntraOpNumThreads, uintptr(threads)}, {setInterOpNumThreads, 1},
		{setSessionGraphOptimization, optimizeAll}} {
		if err := s.api.call(set.f, uintptr(options), set.value); err != nil {
			return options, err
		}
	}
	return options, s.api.call(addSessionConfigEntry, uintptr(options),
		uintptr(s.memory.Text("session.intra_op.allow_spinning")), uintptr(s.memory.Text("0")))
}

// checkCounts wants one input and one output.
func (s *session) checkCounts() error {
	var in, out uintptr
	if err := s.api.call(sessionGetInputCount, uintptr(s.session),
		uintptr(unsafe.Pointer(&in))); err != nil {
		return err
	}
	if err := s.api.call(sessionGetOutputCount, uintptr(s.session),
		uintptr(unsafe.Pointer(&out))); err != nil {
		return err
	}
	if in != 1 || out != 1 {
		return fmt.Errorf("the model has %d inputs and %d outputs, expected one each", in, out)
	}
	return nil
}

// kind are the functions that tell about an input or an output.
type kind struct{ info, name function }

// end makes the tensor of an input or output.
func (s *session) end(e *Engine, k kind, shape []int) (made end, err error) {
	n, err := protocol.Len(shape)
	if err != nil {
		return end{}, err
	}
	dims, err := s.shape(k.info, n)
	if err != nil {
		return end{}, err
	}
	if made.name, err = s.name(k.name); err != nil {
		return end{}, err
	}
	made.values, made.shape = s.memory.Floats(n), dims
	err = s.api.call(createTensorWithDataAsOrtValue, uintptr(e.cpu),
		uintptr(unsafe.Pointer(&made.values[0])), uintptr(4*n),
		uintptr(unsafe.Pointer(&made.shape[0])), uintptr(len(dims)), elementFloat,
		uintptr(unsafe.Pointer(&made.tensor)))
	return made, err
}

func (s *session) SetInput(values []float32) error {
	copy(s.in.values, values)
	return nil
}

// Run computes into the output's tensor.
func (s *session) Run() error {
	return s.api.call(run, uintptr(s.session), 0, uintptr(unsafe.Pointer(&s.in.name)),
		uintptr(unsafe.Pointer(&s.in.tensor)), 1, uintptr(unsafe.Pointer(&s.out.name)), 1,
		uintptr(unsafe.Pointer(&s.out.tensor)))
}

func (s *session) Output(values []float32) error {
	copy(values, s.out.values)
	return nil
}

func (s *session) Close() error {
	s.api.release(releaseValue, s.in.tensor)
	s.api.release(releaseValue, s.out.tensor)
	s.api.release(releaseSession, s.session)
	s.memory.Free()
	return nil
}
