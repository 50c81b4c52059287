package transfer

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/safetensors"
)

// counting is a tensor whose values are 1, 2, 3, ...
func counting(name string, shape ...int) safetensors.Tensor {
	t := safetensors.Tensor{Name: name, Shape: shape, Data: make([]float32, size(shape))}
	for i := range t.Data {
		t.Data[i] = float32(i + 1)
	}
	return t
}

// empty is a parameter of a value that no source has.
func empty(name string, shape ...int) *nn.Param {
	p := &nn.Param{Name: name, Shape: shape}
	p.Data = slices.Repeat([]float32{-1}, int(size(shape)))
	p.Grad, p.Momentum = make([]float32, len(p.Data)), make([]float32, len(p.Data))
	return p
}

func TestTakeCorners(t *testing.T) {
	for name, c := range map[string]struct {
		from safetensors.Tensor
		to   *nn.Param
		want string // the values, by hand
		part []int
		cut  int64
	}{
		"same":     {counting("a", 2, 2), empty("a", 2, 2), "1 2 3 4", nil, 0},
		"wider":    {counting("a", 2, 2), empty("a", 2, 3), "1 2 -1 3 4 -1", []int{2, 2}, 0},
		"narrower": {counting("a", 2, 3), empty("a", 2, 2), "1 2 4 5", nil, 2},
		"both":     {counting("a", 3, 1), empty("a", 2, 2), "1 -1 2 -1", []int{2, 1}, 1},
		"vector":   {counting("a", 2), empty("a", 3), "1 2 -1", []int{2}, 0},
		"kernel to its centre": {counting("a", 3, 3, 1), empty("a", 1, 1, 1), "5",
			nil, 8},
		"kernel into zeros": {counting("a", 1, 1, 2), empty("a", 3, 3, 1),
			"0 0 0 0 1 0 0 0 0", nil, 1},
		"dense kernel": {counting("a", 1, 1, 2, 2), empty("a", 3, 3, 2, 2),
			"0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 2 3 4 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0", nil, 0},
	} {
		got := Take(Target{Params: []*nn.Param{c.to}, Classifier: "head"},
			Source{Tensors: []safetensors.Tensor{c.from}})
		if text := join(c.to.Data); text != c.want {
			t.Errorf("%s: %s, want %s", name, text, c.want)
		}
		if !slices.Equal(got.Part["a"], c.part) || got.WeightsCut != c.cut {
			t.Errorf("%s: part %v and %d cut, want %v and %d", name, got.Part["a"], got.WeightsCut,
				c.part, c.cut)
		}
	}
}

// TestFresh: other names, other numbers of axes and kernels without a common centre do not fit.
func TestFresh(t *testing.T) {
	for _, from := range []safetensors.Tensor{counting("b", 3, 3, 2), counting("a", 2),
		counting("a", 2, 2, 2), counting("a", 1, 3, 2), {Name: "a", Shape: []int{3, 3, 2}}} {
		p := empty("a", 3, 3, 2)
		got := Take(Target{Params: []*nn.Param{p}, Classifier: "head"},
			Source{Tensors: []safetensors.Tensor{from}})
		if !slices.Equal(got.Fresh, []string{"a"}) || got.WeightsTaken != 0 ||
			slices.ContainsFunc(p.Data, func(v float32) bool { return v != -1 }) {
			t.Errorf("%s %v: %+v", from.Name, from.Shape, got)
		}
	}
}

// TestClassifier: its columns follow the names of the classes, or stay as they are.
func TestClassifier(t *testing.T) {
	for want, classes := range map[string][2]string{
		"1 2 3":    {"cat dog owl", "cat dog owl"},
		"3 1 2":    {"owl cat dog", "cat dog owl"},
		"-1 -1 -1": {"cat dog elk", "cat dog owl"},
	} {
		p := empty("head.bias", 3)
		Take(Target{Params: []*nn.Param{p}, Classifier: "head",
			Classes: strings.Fields(classes[0])},
			Source{Tensors: []safetensors.Tensor{counting("head.bias", 3)},
				Classes: strings.Fields(classes[1])})
		if got := join(p.Data); got != want {
			t.Errorf("%v: %s, want %s", classes, got, want)
		}
	}
	if SameClasses(nil, nil) || SameClasses([]string{"a", "a"}, []string{"a", "b"}) ||
		!SameClasses([]string{"a", "a"}, []string{"a", "a"}) {
		t.Error("classes without names, or with names that are there twice")
	}
}

// TestKernelMap: where the source makes smaller kernels by a learned map, so is the one that is
// taken over: here a map that turns the centre upside down.
func TestKernelMap(t *testing.T) {
	m := safetensors.Tensor{Name: "a.transform.5to3", Shape: []int{9, 9},
		Data: make([]float32, 81)}
	for i := range 9 {
		m.Data[i*9+8-i] = 1
	}
	p := empty("a.weight", 3, 3, 1)
	Take(Target{Params: []*nn.Param{p}, Classifier: "head"},
		Source{Tensors: []safetensors.Tensor{counting("a.weight", 5, 5, 1), m}})
	if got := join(p.Data); got != "19 18 17 14 13 12 9 8 7" {
		t.Errorf("the kernel is %s", got)
	}
}

// TestParts: every value is in one part, and the parts say what was taken over.
func TestParts(t *testing.T) {
	whole, fresh, part := empty("whole", 4), empty("fresh", 2), empty("part", 3, 2, 3)
	params := []*nn.Param{whole, fresh, part}
	taken := Take(Target{Params: params, Classifier: "head"}, Source{
		Tensors: []safetensors.Tensor{counting("whole", 4)}})
	taken.Fresh, taken.Part = []string{"fresh"}, map[string][]int{"part": {2, 2, 2}}
	for _, p := range taken.Parts(params, false) {
		for i := range p.Data {
			p.Data[i] = 0
			if p.Taken {
				p.Data[i] = 1
			}
		}
	}
	if got := join(whole.Data) + "|" + join(fresh.Data) + "|" + join(part.Data); got !=
		"1 1 1 1|0 0|1 1 0 1 1 0 1 1 0 1 1 0 0 0 0 0 0 0" {
		t.Errorf("parts %s", got)
	}
	if n := len(taken.Parts(params, true)); n != 3 {
		t.Errorf("%d parts, want 3", n)
	}
}

func join(v []float32) string { return strings.Trim(fmt.Sprint(v), "[]") }
