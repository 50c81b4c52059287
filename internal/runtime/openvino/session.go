package openvino

import (
	"errors"
	"fmt"
	"strconv"
	"unsafe"

	"github.com/tailor-nas/tailor/internal/runtime/clib"
	"github.com/tailor-nas/tailor/internal/runtime/protocol"
)

// Settings that a latency depends on.
const (
	precision = "f32"
	streams   = "1" // of runs at once
)

const precisionKey = "INFERENCE_PRECISION_HINT"

// session is a model in OpenVINO, with its input and output in the library's memory.
type session struct {
	api      *api
	compiled unsafe.Pointer
	request  unsafe.Pointer
	in, out  tensor
}

func (s *session) load(e *Engine, m protocol.Model, file []byte) error {
	if len(file) == 0 {
		return errors.New("OpenVINO: an empty file is no model")
	}
	if err := e.configure(m.Threads); err != nil {
		return err
	}
	if err := s.compile(e, file); err != nil {
		return err
	}
	if err := s.checkCompiled(); err != nil {
		return err
	}
	err := s.api.call("prepare a run", s.api.CreateRequest, uintptr(s.compiled),
		uintptr(unsafe.Pointer(&s.request)))
	if err != nil {
		return err
	}
	if s.in, err = s.tensor(s.api.GetInput, m.Input); err != nil {
		return fmt.Errorf("input: %w", err)
	}
	if s.out, err = s.tensor(s.api.GetOutput, m.Output); err != nil {
		return fmt.Errorf("output: %w", err)
	}
	return nil
}

// configure says how models that are compiled from now on are to run. Who pins threads to
// processors is the agent, which times them.
func (e *Engine) configure(threads int) error {
	var memory clib.Memory
	defer memory.Free()
	var all []property
	for _, s := range [][2]string{{precisionKey, precision}, {"NUM_STREAMS", streams},
		{"INFERENCE_NUM_THREADS", strconv.Itoa(threads)}, {"ENABLE_CPU_PINNING", "NO"}} {
		all = append(all, property{memory.Text(s[0]), memory.Text(s[1])})
	}
	return e.api.set(e.core, e.device, all)
}

// compile reads the file and makes of it what runs. The library copies what it keeps.
func (s *session) compile(e *Engine, file []byte) error {
	var model unsafe.Pointer
	defer func() { s.api.release(s.api.FreeModel, model) }()
	err := s.api.call("read the model", s.api.ReadModel, uintptr(e.core),
		uintptr(unsafe.Pointer(&file[0])), uintptr(len(file)), 0, uintptr(unsafe.Pointer(&model)))
	if err != nil {
		return err
	}
	return s.api.call("compile the model", s.api.Compile, uintptr(e.core), uintptr(model),
		uintptr(e.device), 0, uintptr(unsafe.Pointer(&s.compiled)))
}

// checkCompiled wants one input, one output, and the precision that was asked for.
func (s *session) checkCompiled() error {
	var in, out uintptr
	var text unsafe.Pointer
	key := append([]byte(precisionKey), 0)
	for _, ask := range []struct {
		f    uintptr
		args [2]unsafe.Pointer
	}{{s.api.CountInputs, [2]unsafe.Pointer{unsafe.Pointer(&in)}},
		{s.api.CountOutputs, [2]unsafe.Pointer{unsafe.Pointer(&out)}},
		{s.api.GetProperty, [2]unsafe.Pointer{unsafe.Pointer(&key[0]), unsafe.Pointer(&text)}}} {
		err := s.api.call("describe the model", ask.f, uintptr(s.compiled),
			uintptr(ask.args[0]), uintptr(ask.args[1]))
		if err != nil {
			return err
		}
	}
	computes := clib.Text(text)
	s.api.release(s.api.FreeText, text)
	switch {
	case in != 1 || out != 1:
		return fmt.Errorf("the model has %d inputs and %d outputs, expected one each", in, out)
	case computes != precision:
		return fmt.Errorf("OpenVINO computes the model in %q, expected %q", computes, precision)
	}
	return nil
}

func (s *session) SetInput(values []float32) error {
	copy(s.in.values, values)
	return nil
}

func (s *session) Run() error {
	return s.api.call("run the model", s.api.Infer, uintptr(s.request))
}

func (s *session) Output(values []float32) error {
	copy(values, s.out.values)
	return nil
}

func (s *session) Close() error {
	s.api.release(s.api.FreeTensor, s.in.tensor)
	s.api.release(s.api.FreeTensor, s.out.tensor)
	s.api.release(s.api.FreeRequest, s.request)
	s.api.release(s.api.FreeCompiled, s.compiled)
	s.in.values, s.out.values = nil, nil
	return nil
}
