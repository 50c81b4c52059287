package evaluate

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Model is a network that was read back: steps, each of which makes a value from earlier ones.
type Model struct {
	Properties map[string]string // the metadata
	Output     string            // name of what it gives
	Opset      int               // of ONNX's operators; 0 in TensorFlow Lite
	steps      []step
	shapes     [][]int // of values: the input's, then what each step gives
	work       int64   // products so far
	total      int64   // elements so far
	constants  int     // elements of constants so far
}

// step makes one value.
type step struct {
	args []int // the values that it takes
	run  func(args []value) []float64
}

// value is a map (height,width,channels), or a vector (n).
type value struct {
	shape []int
	data  []float64
}

func newModel() *Model { return &Model{Properties: map[string]string{}} }

// note keeps an entry of the metadata, of which none may be there twice.
func (m *Model) note(key, text string) error {
	_, taken := m.Properties[key]
	if taken || len(key)+len(text) > maxText || len(m.Properties) >= maxEntries {
		return refusef("its metadata %.40q is there twice, or too much", key)
	}
	m.Properties[key] = text
	return nil
}

// input begins with the image, (height,width,channels).
func (m *Model) input(shape []int) error {
	if _, ok := length(shape); !ok || len(shape) != 3 {
		return refusef("its input has the shape %v", shape)
	}
	m.shapes = append(m.shapes, shape)
	return nil
}

// add appends a step that gives a value of a shape, for so many products an element, and gives the
// value's place.
func (m *Model) add(shape []int, products int, run func([]value) []float64, args ...int) (int,
	error) {
	n, ok := length(shape)
	m.total += int64(n)
	m.work += int64(n) * int64(products)
	switch {
	case !ok:
		return 0, refusef("a value has the shape %v", shape)
	case len(m.steps) >= maxSteps || m.total > maxTotal || m.work > maxWork:
		return 0, refusef("it takes too much memory or time")
	}
	m.steps = append(m.steps, step{args, run})
	m.shapes = append(m.shapes, shape)
	return len(m.shapes) - 1, nil
}

// floats reads constants, little-endian 32-bit floats, of so many values.
func (m *Model) floats(raw []byte, n int) ([]float64, error) {
	if m.constants += n; m.constants > maxConstants {
		return nil, refusef("its constants take too much memory")
	}
	if len(raw) != 4*n {
		return nil, refusef("a constant of %d values has %d bytes", n, len(raw))
	}
	all := make([]float64, n)
	for i := range all {
		all[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:])))
	}
	return all, nil
}

// Input is the shape of an image: height, width, channels.
func (m *Model) Input() (height, width, channels int) {
	s := m.shapes[0]
	return s[0], s[1], s[2]
}

// Classes is how many values [Model.Run] gives.
func (m *Model) Classes() int { return m.shapes[len(m.shapes)-1][0] }

// Run computes the outputs for an image (height,width,channels).
func (m *Model) Run(image []float32) ([]float64, error) {
	in := value{shape: m.shapes[0]}
	if n, _ := length(in.shape); len(image) != n {
		return nil, fmt.Errorf("evaluate: an image of %d values, expected %d", len(image), n)
	}
	for _, v := range image {
		in.data = append(in.data, float64(v))
	}
	values := []value{in}
	for i, s := range m.steps {
		args := make([]value, len(s.args))
		for j, a := range s.args {
			args[j] = values[a]
		}
		values = append(values, value{m.shapes[i+1], s.run(args)})
	}
	return values[len(values)-1].data, nil
}

// finish checks that a model is whole: its output is the value that is made last, a vector.
func (m *Model) finish(output int) (*Model, error) {
	if len(m.steps) == 0 || output != len(m.shapes)-1 || len(m.shapes[output]) != 1 {
		return nil, refusef("its output is not a vector that the last operator gives")
	}
	return m, nil
}
