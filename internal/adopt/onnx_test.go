package adopt

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/export"
	"github.com/tailor-nas/tailor/internal/onnx"
	"github.com/tailor-nas/tailor/internal/onnxgraph"
	"github.com/tailor-nas/tailor/supernet"
)

// small is a builtin space with few classes, at a small resolution.
func small(t *testing.T, name string) *supernet.Space {
	t.Helper()
	s, err := supernet.LoadSpace(name)
	if err != nil {
		t.Fatal(err)
	}
	s = s.For(5, 3)
	s.Resolutions = []int{32}
	return s
}

// exported is a network with random weights and statistics as an ONNX file.
func exported(t *testing.T, s *supernet.Space, a supernet.Arch, seed uint64, opset int) []byte {
	t.Helper()
	net, err := supernet.NewSubnet(s.Blocks(a), s.BNEps, seed)
	if err != nil {
		t.Fatal(err)
	}
	shake(net, seed)
	data, err := onnx.Marshal(net, export.Meta{Options: export.Options{Opset: opset}})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// shake moves batch norm away from where it begins.
func shake(net *supernet.Subnet, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 3))
	for _, tensor := range net.Tensors() {
		if len(tensor.Shape) == 1 {
			for i := range tensor.Data {
				tensor.Data[i] += float32(0.3 * (r.Float64() - 0.4))
			}
		}
	}
}

// adopted reads a file and checks that the largest network of its space computes what it does.
func adopted(t *testing.T, data []byte) (*Adopted, *supernet.Space) {
	t.Helper()
	norm := []float32{0.5, 0.5, 0.5}
	g, err := onnxgraph.Read(data)
	if err != nil {
		t.Fatal(err)
	}
	a, err := fromGraph(t.Context(), g, Options{Mean: norm, Std: norm})
	if err != nil {
		t.Fatal(err)
	}
	s, err := a.Network.Space("adopted", a.Facts)
	if err != nil {
		t.Fatal(err)
	}
	if d := a.differs(t, s); d > Tolerance {
		t.Errorf("the largest network is %g away from the file's", d)
	}
	return a, s
}

// differs is how far the largest network of a space is from the file's.
func (a *Adopted) differs(t *testing.T, s *supernet.Space) float64 {
	t.Helper()
	net, err := a.Supernet(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	d, err := a.Check(net)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestResidualNetworksAreRefused names the node that no space of MBConv blocks can hold.
func TestResidualNetworksAreRefused(t *testing.T) {
	s, norm := small(t, "ofa-resnet50"), []float32{0.5, 0.5, 0.5}
	g, err := onnxgraph.Read(exported(t, s, s.Max(), 1, 17))
	if err == nil {
		_, err = fromGraph(t.Context(), g, Options{Mean: norm, Std: norm})
	}
	if err == nil || !strings.Contains(err.Error(), "node stem") {
		t.Errorf("%v, want an error that names a node of the stem", err)
	}
}

// TestONNXComesBack: networks of the builtin spaces, exported with folded batch norm, are adopted,
// and compute the same.
func TestONNXComesBack(t *testing.T) {
	for i, name := range supernet.Builtins() {
		if name == "ofa-resnet50" { // of dense convolutions, which are refused
			continue
		}
		t.Run(name, func(t *testing.T) {
			s := small(t, name)
			r := rand.New(rand.NewPCG(1, 2))
			arch := s.Random(r)
			_, got := adopted(t, exported(t, s, arch, 1, []int{13, 17}[i%2]))
			want := s.Blocks(arch)
			blocks := got.Blocks(got.Max())
			if supernet.MACs(blocks) != supernet.MACs(want) ||
				supernet.Params(blocks) != supernet.Params(want) {
				t.Errorf("%s became another network", name)
			}
		})
	}
}

// TestUnfold: batch norm that is put back with what images give is that of the images, and changes
// nothing.
func TestUnfold(t *testing.T) {
	s := small(t, "mbv3-tiny")
	a, space := adopted(t, exported(t, s, s.Max(), 1, 17))
	if !a.Folded() {
		t.Fatal("nothing was folded")
	}
	if _, err := a.Unfold(t.Context(), Invented(3, 32, 3)); err != nil {
		t.Fatal(err)
	}
	if d := a.differs(t, space); d > Tolerance {
		t.Errorf("the network has changed by %g", d)
	}
	for _, tensor := range must(a.Network.Tensors(space)) {
		if tensor.Name == "stem.bn.var" && tensor.Data[0] == float32(1-space.BNEps) {
			t.Error("the variance of the stem was not measured")
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestLargerKernel: a space that was edited may have larger kernels, around which there are zeros,
// and nothing else that is larger.
func TestLargerKernel(t *testing.T) {
	s := small(t, "mbv3-tiny")
	a, space := adopted(t, exported(t, s, s.Min(), 1, 17))
	text := string(YAML(space))
	at := strings.LastIndex(text, "kernel: [")
	end := at + strings.Index(text[at:], "]")
	wider, err := supernet.ParseSpace("x", []byte(text[:end]+", 7"+text[end:]))
	if err != nil {
		t.Fatal(err)
	}
	if d := a.differs(t, wider); d > Tolerance {
		t.Errorf("with zeros around a kernel the network is %g away", d)
	}
	deeper := strings.Replace(text, "depth: [1]", "depth: [1, 2]", 1)
	more, err := supernet.ParseSpace("x", []byte(deeper))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Network.Tensors(more); err == nil {
		t.Error("a space whose largest network is deeper was filled")
	}
}

// TestHugeOutputs: a file whose outputs float32 does not hold is refused for that.
func TestHugeOutputs(t *testing.T) {
	s, norm := small(t, "mbv3-tiny"), []float32{0.5, 0.5, 0.5}
	g := must(onnxgraph.Read(exported(t, s, s.Min(), 1, 17)))
	last := g.Nodes[len(g.Nodes)-1]
	for _, name := range last.Inputs {
		if c := g.Constants[name]; c != nil {
			for i := range c.Data {
				c.Data[i] = 3e38
			}
		}
	}
	_, err := fromGraph(t.Context(), g, Options{Mean: norm, Std: norm})
	if !errors.Is(err, ErrNetwork) || !strings.Contains(err.Error(), "not finite numbers") {
		t.Errorf("%v, expected an error about its outputs", err)
	}
}

// TestMetadata: what metadata says is checked as flags are, and flags say otherwise.
func TestMetadata(t *testing.T) {
	s := small(t, "mbv3-tiny")
	g := must(onnxgraph.Read(exported(t, s, s.Min(), 1, 17)))
	good := []float32{0.5, 0.5, 0.5}
	for _, c := range []struct{ mean, std, want string }{
		{"[0.5,0.5,1e30]", "[0.5,0.5,0.5]", "the mean in its metadata"},
		{"[0.5,0.5,0.5]", "[0.5,-1,0.5]", "the std in its metadata"},
		{"[0.5,0.5,0.5]", "[0.5,0,0.5]", "--std"}, {"[0.5,0.5,0]", "[0.5,10,0.5]", ""},
	} {
		g.Properties = map[string]string{"mean": c.mean, "std": c.std}
		_, err := fromGraph(t.Context(), g, Options{})
		if c.want == "" && err != nil || c.want != "" && (!errors.Is(err, ErrUnknown) ||
			!strings.Contains(err.Error(), c.want)) {
			t.Errorf("%+v: %v", c, err)
		}
		if _, err := fromGraph(t.Context(), g, Options{Mean: good, Std: good}); err != nil {
			t.Errorf("%+v with flags: %v", c, err)
		}
	}
	for labels, want := range map[string]string{`["a","b","c","d","a"]`: "classes 1 and 5",
		`["a","b"," ","d","e"]`: "class 3 has no name", `["a","b","c","d","e"]`: ""} {
		g.Properties["labels"] = labels
		a, err := fromGraph(t.Context(), g, Options{Mean: good, Std: good})
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Facts.CheckLabels(); want == "" && err != nil ||
			want != "" && (!errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", labels, err)
		}
	}
}

// TestUnknown: what a file does not say is asked for.
func TestUnknown(t *testing.T) {
	s := small(t, "mbv3-tiny")
	g := must(onnxgraph.Read(exported(t, s, s.Min(), 1, 17)))
	_, err := fromGraph(t.Context(), g, Options{})
	if !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), "--mean") {
		t.Errorf("%v, expected a question for the normalisation", err)
	}
	g.Inputs[0].Dims[2], g.Inputs[0].Dims[3] = 0, 0
	if _, err = fromGraph(t.Context(), g, Options{}); !errors.Is(err, ErrNetwork) ||
		!strings.Contains(err.Error(), "--resolution") {
		t.Errorf("%v, expected a question for the resolution", err)
	}
}

// TestUnrecognised: what no space holds is named with its node.
func TestUnrecognised(t *testing.T) {
	s := small(t, "mbv3-tiny")
	for op, want := range map[string]string{"Relu": "Tanh", "Conv": "LRN", "Gemm": "Einsum",
		"GlobalAveragePool": "GlobalMaxPool"} {
		g := must(onnxgraph.Read(exported(t, s, s.Min(), 1, 17)))
		for i := range g.Nodes {
			if n := &g.Nodes[i]; n.Op == op {
				n.Op = want
				_, err := fromGraph(t.Context(), g, Options{})
				if !errors.Is(err, ErrNetwork) || !strings.Contains(err.Error(), n.Name) {
					t.Errorf("%v, expected node %s (%s) named", err, n.Name, want)
				}
				break
			}
		}
	}
}

// FuzzGraph: whatever a file holds, it is adopted or refused.
func FuzzGraph(f *testing.F) {
	s := must(supernet.LoadSpace("mbv3-tiny")).For(2, 1)
	s.Resolutions = []int{8}
	net := must(supernet.NewSubnet(s.Blocks(s.Min()), s.BNEps, 1))
	f.Add(must(onnx.Marshal(net, export.Meta{})))
	f.Add(must(onnx.Marshal(net, export.Meta{Options: export.Options{Opset: 13}})))
	f.Add([]byte{0x08, 0x08})
	f.Fuzz(func(t *testing.T, data []byte) {
		g, err := onnxgraph.Read(data)
		if err != nil {
			return
		}
		for _, in := range g.Inputs {
			for _, d := range in.Dims {
				if d > 64 { // an honest file may take a while
					return
				}
			}
		}
		a, err := fromGraph(t.Context(), g, Options{Mean: []float32{0}, Std: []float32{1}})
		if err != nil {
			return
		}
		if s, err := a.Network.Space("x", a.Facts); err == nil {
			_, _ = a.Supernet(t.Context(), s)
		}
	})
}
