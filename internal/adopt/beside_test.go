package adopt

import (
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/internal/tensorfile"
	"github.com/tailor-nas/tailor/supernet"
)

// under are tensors with a prefix before their names, each value changed by add.
func under(prefix string, tensors []supernet.Tensor, add float32) (all []supernet.Tensor) {
	for _, t := range tensors {
		t.Name, t.Data = prefix+t.Name, slices.Clone(t.Data)
		for i := range t.Data {
			t.Data[i] += add
		}
		all = append(all, t)
	}
	return all
}

// TestSecondNetwork: of several networks in a file the trained one is taken, and the others named.
func TestSecondNetwork(t *testing.T) {
	net, own := grey(t)
	other := []supernet.Tensor{{Name: "decay", Data: []float32{1}}}
	for name, c := range map[string]struct {
		file  tensorfile.File
		taken string
		left  []string
	}{
		"alone":     {tensorfile.File{Tensors: own}, "", nil},
		"a wrapper": {tensorfile.File{Tensors: under("net.model.", own, 0)}, "", nil},
		"an average before it": {tensorfile.File{Tensors: slices.Concat(
			under("ema_model.module.", own, 1), under("model.", own, 0))}, "model",
			[]string{"ema_model.module"}},
		"an average inside": {tensorfile.File{Tensors: slices.Concat(under("model.", own, 0),
			under("model.ema.", own, 1))}, "model", []string{"model.ema"}},
		"an average of other names": {tensorfile.File{Tensors: slices.Concat(under("model.", own, 0),
			under("model_ema.", other, 0))}, "model", []string{"model_ema"}},
		"a teacher beside no prefix": {tensorfile.File{Tensors: slices.Concat(own,
			under("teacher.", own, 1))}, "", []string{"teacher"}},
		"a checkpoint": {tensorfile.File{Tensors: own, Taken: "state_dict",
			Beside: []string{"optimizer"}}, "state_dict", []string{"optimizer"}},
		"both": {tensorfile.File{Tensors: slices.Concat(under("student.", own, 0),
			under("teacher.", own, 1)), Taken: "model", Beside: []string{"model_ema"}},
			"model.student", []string{"model_ema", "teacher"}},
	} {
		a, err := fromTensors("x", &c.file, Options{Resolution: 32, Mean: []float32{0.5},
			Std: []float32{0.5}})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if f := a.Facts; f.Taken != c.taken || !slices.Equal(f.Left, c.left) {
			t.Errorf("%s: took %q, left %q", name, f.Taken, f.Left)
		}
		s := must(a.Network.Space("y", a.Facts))
		sameLogits(t, must(supernet.LoadSubnet(s.Blocks(s.Max()), s.BNEps,
			must(a.Network.Tensors(s)))), net)
	}
}

// TestStrayTensor: a tensor that the network has no place for is still refused beside a teacher.
func TestStrayTensor(t *testing.T) {
	_, own := grey(t)
	stray := []supernet.Tensor{{Name: "extra.weight", Shape: []int{1}, Data: []float32{1}}}
	file := inFile(slices.Concat(under("model.", own, 0), under("model.", stray, 0),
		under("teacher.", own, 0)))
	if _, err := fromTensors("x", file, Options{}); err == nil {
		t.Error("a part of the network was left out in silence")
	}
}
