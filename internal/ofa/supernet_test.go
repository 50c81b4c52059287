package ofa

import (
	"errors"
	"maps"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/engine"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/safetensors"
	"github.com/tailor-nas/tailor/internal/tensorfile"
	"github.com/tailor-nas/tailor/supernet"
)

func micro(t *testing.T) *supernet.Space {
	t.Helper()
	s, err := supernet.ParseSpace("micro.yaml", []byte(microSpace))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// file writes weights under other names.
func (w weights) file(t *testing.T, name func(string) string) string {
	t.Helper()
	var all []tensorfile.Tensor
	for _, x := range w {
		x.Name = name(x.Name)
		all = append(all, x)
	}
	path := filepath.Join(t.TempDir(), "weights")
	if _, err := safetensors.Write(path, all, nil); err != nil {
		t.Fatal(err)
	}
	return path
}

// sorted are the tensors by name.
func (w weights) sorted() (all []tensorfile.Tensor) {
	for _, name := range slices.Sorted(maps.Keys(w)) {
		all = append(all, w[name])
	}
	return all
}

func same(name string) string { return name }

// TestSupernet compares all kinds of sub-networks with a computation in float64 that has nothing in
// common with the engine, and follows OFA's code.
func TestSupernet(t *testing.T) {
	w, space := microWeights(), micro(t)
	s, err := ReadSupernet(t.Context(), space, w.file(t, same))
	if err != nil || len(s.Unused) > 0 || s.Tensors != len(w) || len(s.SHA256) != 64 {
		t.Fatalf("%+v, %v", s, err)
	}
	pool := nn.NewPool(1)
	defer pool.Close()
	run, r := engine.NewRunner(s.Net, pool), rand.New(rand.NewPCG(5, 5))
	archs := []supernet.Arch{space.Max(), space.Min()}
	for range 30 {
		archs = append(archs, space.Random(r))
	}
	for _, a := range archs {
		run.Bind(space.Blocks(a), 1, nn.Infer)
		side := int(a.Resolution)
		image := blank(3, side)
		for i := range run.Input() {
			v := float32(r.NormFloat64())
			run.Input()[i], image[i%3].at[i/3] = v, float64(v)
		}
		got, want := run.Forward(), w.forward(image, space.Spec(a))
		for i := range want {
			if math.Abs(float64(got[i])-want[i]) > 1e-5*(1+math.Abs(want[i])) {
				t.Fatalf("%v: logits %v, expected %v", space.Spec(a), got, want)
			}
		}
	}
}

// TestNamings: all names that OFA's files have are the same weights.
func TestNamings(t *testing.T) {
	w, space := microWeights(), micro(t)
	plain, err := ReadSupernet(t.Context(), space, w.file(t, same))
	if err != nil {
		t.Fatal(err)
	}
	for what, name := range map[string]func(string) string{
		"published": func(s string) string {
			return strings.Replace(s, ".conv.", ".mobile_inverted_conv.", 1)
		},
		"plain":  plainName,
		"module": func(s string) string { return "module." + s },
		"twice": func(s string) string {
			return strings.Replace(s, "linear.", "linear.linear.", 1)
		},
	} {
		if what == "published" || what == "twice" { // what is in a block, or the classifier, alone
			change := name
			first := map[string]string{"published": "blocks.", "twice": "classifier."}[what]
			name = func(s string) string {
				if strings.HasPrefix(s, first) {
					return change(s)
				}
				return s
			}
		}
		s, err := ReadSupernet(t.Context(), space, w.file(t, name))
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		for i, x := range s.Net.Tensors() {
			if !slices.Equal(x.Data, plain.Net.Tensors()[i].Data) {
				t.Errorf("%s: another %s", what, x.Name)
			}
		}
	}
}

// TestOtherClasses: the classifier may tell apart any number of classes.
func TestOtherClasses(t *testing.T) {
	w, r := microWeights(), rand.New(rand.NewPCG(1, 1))
	w.add(r, "classifier.linear.weight", 7, 32)
	w.add(r, "classifier.linear.bias", 7)
	s, err := ReadSupernet(t.Context(), micro(t), w.file(t, same))
	if err != nil || s.Net.Space.Classes != 7 {
		t.Errorf("%v", err)
	}
}

// TestSupernetRefused: what does not fit is named, with what was expected.
func TestSupernetRefused(t *testing.T) {
	for want, change := range map[string]func(weights){
		"no tensor blocks.1.conv.depth_conv.conv.7to5_matrix, which space micro-ofa has": func(w weights) {
			delete(w, "blocks.1.conv.depth_conv.conv.7to5_matrix")
		},
		"tensor blocks.2.conv.point_linear.conv.conv.weight has shape [16 40 1 1], expected [16 48 1 1]": func(w weights) {
			w.add(rand.New(rand.NewPCG(1, 1)), "blocks.2.conv.point_linear.conv.conv.weight", 16, 40,
				1, 1)
		},
		"first_conv.bn.running_var has the value -1": func(w weights) {
			w["first_conv.bn.running_var"].Data[2] = -1
		},
		"first_conv.conv.weight has the value NaN": func(w weights) {
			w["first_conv.conv.weight"].Data[5] = float32(math.NaN())
		},
		"two tensors are called": func(w weights) {
			w["x"] = tensorfile.Tensor{Name: "first_conv.bn.bn.weight", Shape: []int{1},
				Data: []float32{1}}
		},
	} {
		w := microWeights()
		change(w)
		_, err := ReadSupernet(t.Context(), micro(t), w.file(t, same))
		if !errors.Is(err, ErrSupernet) || !strings.Contains(err.Error(), want) ||
			strings.Contains(err.Error(), "\n") {
			t.Errorf("%v, expected %q", err, want)
		}
	}
	for want, change := range map[string][2]string{
		"has the kernel matrix \"blocks.1.conv.depth_conv.conv.": {"kernel_transform: true", ""},
		"has the tensor \"blocks.2.conv.":                        {"[1, 2]", "[1]"},
	} {
		space, err := supernet.ParseSpace("x", []byte(strings.Replace(microSpace, change[0],
			change[1], 1)))
		if err != nil {
			t.Fatal(err)
		}
		_, err = fill(t.Context(), space, microWeights().sorted())
		if !errors.Is(err, ErrSupernet) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, expected %q", err, want)
		}
	}
	many := tensorfile.Tensor{Shape: []int{supernet.MaxClasses + 1, 32}}
	if _, err := withClassesOf(micro(t), many); !errors.Is(err, ErrSupernet) {
		t.Errorf("too many classes: %v", err)
	}
	w := microWeights()
	maps.Copy(w, weights{"more": {Name: "more.weight", Shape: []int{1}, Data: []float32{1}}})
	s, err := ReadSupernet(t.Context(), micro(t), w.file(t, same))
	if err != nil || !slices.Equal(s.Unused, []string{"more.weight"}) {
		t.Errorf("unused %v, %v", s, err)
	}
}
