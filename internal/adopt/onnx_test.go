package adopt

import (
	"math/rand/v2"
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
	a, err := read(t.Context(), "model.onnx", data, Options{Mean: norm, Std: norm})
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
	net, err := a.Supernet(s)
	if err != nil {
		t.Fatal(err)
	}
	d, err := a.Check(net)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestONNXComesBack: networks of the builtin spaces, exported with folded batch norm, are adopted,
// and compute the same.
func TestONNXComesBack(t *testing.T) {
	for _, name := range supernet.Builtins() {
		t.Run(name, func(t *testing.T) {
			s := small(t, name)
			r := rand.New(rand.NewPCG(1, 2))
			for seed := range uint64(2) {
				arch := s.Random(r)
				_, got := adopted(t, exported(t, s, arch, seed, []int{13, 17}[seed]))
				want := s.Blocks(arch)
				blocks := got.Blocks(got.Max())
				if supernet.MACs(blocks) != supernet.MACs(want) ||
					supernet.Params(blocks) != supernet.Params(want) {
					t.Errorf("%s became another network", name)
				}
			}
		})
	}
}

// TestONNXRefused: what a space cannot hold is named with its node.
func TestONNXReadNames(t *testing.T) {
	g, err := onnxgraph.Read(exported(t, small(t, "mbv3-tiny"), small(t, "mbv3-tiny").Min(), 1, 17))
	if err != nil {
		t.Fatal(err)
	}
	if len(g.Nodes) == 0 || g.Opset != 17 || len(g.Inputs) != 1 {
		t.Errorf("%d nodes of opset %d with %d inputs", len(g.Nodes), g.Opset, len(g.Inputs))
	}
}
