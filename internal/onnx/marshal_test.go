package onnx

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/engine"
	"github.com/tailor-nas/tailor/internal/export"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/onnx/pb"
	"github.com/tailor-nas/tailor/supernet"
)

// tolerance is how far outputs may be apart, relative to the largest.
const tolerance = 1e-4

// makeNet makes a network with random weights, batch norm and biases among them.
func makeNet(t *testing.T, blocks []supernet.Block, eps float64, seed uint64) *supernet.Subnet {
	t.Helper()
	net, err := supernet.NewSubnet(blocks, eps, seed)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(seed, 1))
	for _, w := range net.Tensors() {
		low, high := -0.3, 0.3
		switch {
		case strings.HasSuffix(w.Name, ".bn.weight"), strings.HasSuffix(w.Name, ".bn.var"):
			low, high = 0.5, 1.5
		case !strings.HasSuffix(w.Name, ".bias") && !strings.HasSuffix(w.Name, ".bn.mean"):
			continue
		}
		for i := range w.Data {
			w.Data[i] = float32(low + (high-low)*r.Float64())
		}
	}
	return net
}

// ourLogits are what the engine gives for an image (H,W,C): logits, or what the last block gives.
func ourLogits(net *supernet.Subnet, x []float32) []float64 {
	pool := nn.NewPool(1)
	defer pool.Close()
	r := engine.NewRunner(net, pool)
	r.Bind(net.Blocks, 1, nn.Infer)
	copy(r.Input(), x)
	r.Forward()
	given := make([]float32, net.Blocks[len(net.Blocks)-1].Out.Len())
	r.Output(given)
	var out []float64
	for _, v := range given {
		out = append(out, float64(v))
	}
	return out
}

// images are an image of bytes (H,W,C) and what the normalisation makes of it.
func images(in supernet.Shape, m export.Meta, seed uint64) (raw []float64, normal []float32) {
	r := rand.New(rand.NewPCG(seed, 2))
	for i := range in.Len() {
		v := float64(r.IntN(256))
		raw = append(raw, v)
		c := i % in.C
		normal = append(normal, float32((v/255-float64(m.Mean[c]))/float64(m.Std[c])))
	}
	return raw, normal
}

// nchw turns (H,W,C).
func nchw(s supernet.Shape, x []float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i%s.C*s.H*s.W+i/s.C] = float64(v)
	}
	return out
}

func metaFor(in supernet.Shape) export.Meta {
	return export.Meta{
		Mean: []float32{0.49, 0.45, 0.4}[:in.C], Std: []float32{0.25, 0.2, 0.3}[:in.C],
		Version: "test", Name: "net",
	}
}

// ways are those in which a file can be written.
var ways = []export.Options{{Opset: 13}, {Opset: 17}, {Preprocessing: true}}

// checkNet compares files with the engine.
func checkNet(t *testing.T, net *supernet.Subnet, ways ...export.Options) {
	t.Helper()
	in := net.Blocks[0].In
	m := metaFor(in)
	raw, x := images(in, m, 3)
	logits := ourLogits(net, x)
	for _, way := range ways {
		m.Options = way
		input, want := nchw(in, x), logits
		if way.Preprocessing {
			input, want = raw, probabilities(logits)
		}
		wantClose(t, fmt.Sprintf("%+v", way), runModel(t, marshal(t, net, m), input), want)
	}
}

func marshal(t *testing.T, net *supernet.Subnet, m export.Meta) []byte {
	t.Helper()
	data, err := Marshal(net, m)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func probabilities(logits []float64) []float64 {
	out, sum := slices.Clone(logits), 0.0
	for i, v := range out {
		out[i] = math.Exp(v - slices.Max(logits))
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

func wantClose(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d outputs, expected %d", what, len(got), len(want))
	}
	size, worst := 0.0, 0.0
	for i, w := range want {
		size, worst = max(size, math.Abs(w)), max(worst, math.Abs(got[i]-w))
	}
	if !(worst <= tolerance*size) {
		t.Errorf("%s: off by %g where the largest is %g", what, worst, size)
	}
}

// spaceBlocks is a random network of a built-in space, at a resolution small enough for a test.
func spaceBlocks(
	t *testing.T, name string, resolution uint16, seed uint64,
) ([]supernet.Block, *supernet.Space) {
	t.Helper()
	space, err := supernet.LoadSpace(name)
	if err != nil {
		t.Fatal(err)
	}
	a := space.Random(rand.New(rand.NewPCG(seed, 0)))
	a.Resolution = resolution
	return space.Blocks(a), space
}

func TestSpaces(t *testing.T) {
	for _, name := range supernet.Builtins() {
		for seed := range uint64(2) {
			t.Run(fmt.Sprint(name, "/", seed), func(t *testing.T) {
				// an odd side, an even one
				blocks, space := spaceBlocks(t, name, 23+uint16(seed), seed)
				checkNet(t, makeNet(t, blocks, space.BNEps, seed), ways[2*seed])
			})
		}
	}
}

func TestPublished(t *testing.T) {
	for _, name := range supernet.PublishedNames() {
		t.Run(name, func(t *testing.T) {
			blocks, err := supernet.Published(name)
			if err != nil {
				t.Fatal(err)
			}
			checkNet(t, makeNet(t, blocks, 1e-5, 1), ways...)
		})
	}
}

// TestEfficientNet has blocks of its family.
func TestEfficientNet(t *testing.T) {
	for seed := range uint64(3) {
		blocks, space := spaceBlocks(t, "mbv3-tiny", 23+uint16(seed), seed)
		checkNet(t, makeNet(t, efficient(blocks), space.BNEps, seed), ways...)
	}
}

// efficient makes blocks such as EfficientNet's: silu, and a sigmoid gate.
func efficient(blocks []supernet.Block) []supernet.Block {
	for i := range blocks {
		b := &blocks[i]
		if b.Act != "" {
			b.Act = supernet.SiLU
		}
		if b.SE > 0 {
			b.SE, b.SEAct, b.SEGate = max(1, b.In.C/4), supernet.SiLU, supernet.Sigmoid
		}
	}
	return blocks
}

// TestPadded has convolutions with bias and padding, strides on odd and even sides, and all
// activations.
func TestPadded(t *testing.T) {
	at := func(h, w, c int) supernet.Shape { return supernet.Shape{H: h, W: w, C: c} }
	blocks := []supernet.Block{
		{Name: "input", Kind: supernet.Conv, In: at(9, 12, 2), Out: at(5, 6, 5),
			Kernel: 5, Stride: 2, Act: supernet.ReLU6, Bias: true},
		{Name: "logits", Kind: supernet.Conv, In: at(5, 6, 5), Out: at(5, 6, 4),
			Kernel: 3, Stride: 1, Act: supernet.HSwish, Bias: true},
		{Name: "pool", Kind: supernet.MaxPool, In: at(5, 6, 4), Out: at(2, 2, 4), Kernel: 3,
			Stride: 2},
		{Name: "fc1", Kind: supernet.Linear, In: at(2, 2, 4), Out: at(1, 1, 6),
			Act: supernet.HSwish},
		{Name: "fc2", Kind: supernet.Linear, In: at(1, 1, 6), Out: at(1, 1, 3)},
	}
	checkNet(t, makeNet(t, blocks, 1e-5, 1), ways...)
}

// TestFeatures: convolutions of a single pixel, before and after linear layers.
func TestFeatures(t *testing.T) {
	at := func(c int) supernet.Shape { return supernet.Shape{H: 1, W: 1, C: c} }
	feature := func(name string, in, out int) supernet.Block {
		return supernet.Block{Name: name, Kind: supernet.Conv, In: at(in), Out: at(out),
			Kernel: 1, Stride: 1, Act: supernet.ReLU6}
	}
	linear := func(name string, in, out int) supernet.Block {
		return supernet.Block{Name: name, Kind: supernet.Linear, In: at(in), Out: at(out)}
	}
	blocks := []supernet.Block{
		feature("a", 3, 7), linear("b", 7, 5), feature("c", 5, 6), linear("d", 6, 4),
	}
	checkNet(t, makeNet(t, blocks, 1e-5, 1), ways...)
}

// TestTensorFlowPadding: where a side is even, there is a zero more at its end.
func TestTensorFlowPadding(t *testing.T) {
	for _, resolution := range []uint16{31, 32} {
		blocks, space := spaceBlocks(t, "mbv3-tiny", resolution, 1)
		changed := 0
		for i := range blocks {
			if blocks[i].Stride == 2 {
				blocks[i].Padding = supernet.TFSame
				changed++
			}
		}
		if changed == 0 {
			t.Fatal("no block has stride 2")
		}
		checkNet(t, makeNet(t, blocks, space.BNEps, 1), ways...)
	}
}

// TestPruned: networks of which single weights, runs and channels were removed. Zeros stay zeros.
func TestPruned(t *testing.T) {
	amounts := map[supernet.Structure]int{"weights": 80, "vectors8": 60, "channels": 16}
	for structure, amount := range amounts {
		t.Run(string(structure), func(t *testing.T) {
			blocks, space := spaceBlocks(t, "mbv3-tiny", 32, 5)
			for i, b := range blocks {
				if b.Prunable(structure) {
					if b, err := b.Remove(structure, amount); err == nil {
						blocks[i] = b
					}
				}
			}
			net := makeNet(t, blocks, space.BNEps, 1)
			checkNet(t, net, ways...)
			weights, nonZero := net.NonZero()
			zeros := zerosOf(t, marshal(t, net, metaFor(blocks[0].In)))
			if zeros < weights-nonZero {
				t.Errorf("%d zeros in the file, %d in the network", zeros, weights-nonZero)
			}
		})
	}
}

func zerosOf(t *testing.T, data []byte) (n int64) {
	for _, c := range readModel(t, data).Graph.Initializer {
		for _, v := range constantOf(t, c).data {
			if v == 0 {
				n++
			}
		}
	}
	return n
}

// TestHeader: what a reader sees before the graph.
func TestHeader(t *testing.T) {
	blocks, space := spaceBlocks(t, "mbv3-tiny", 32, 1)
	net := makeNet(t, blocks, space.BNEps, 1)
	m := metaFor(blocks[0].In)
	m.Arch, m.WeightsSHA256, m.ManifestSHA256 = `{"r":32}`, "aa", "bb"
	data := marshal(t, net, m)
	if !bytes.Equal(data, marshal(t, net, m)) {
		t.Error("two files of one network differ")
	}
	model := readModel(t, data)
	if model.IrVersion != 8 || model.OpsetImport[0].Version != 17 ||
		model.ProducerVersion != "test" {
		t.Errorf("IR %d, opset %v, %s", model.IrVersion, model.OpsetImport, model.ProducerVersion)
	}
	said := map[string]string{}
	for _, p := range model.MetadataProps {
		said[p.Key] = p.Value
	}
	for _, p := range m.Properties() {
		if said[p.Key] != p.Value {
			t.Errorf("%s is %q, expected %q", p.Key, said[p.Key], p.Value)
		}
	}
	in := model.Graph.Input[0]
	if in.Name != "input" || !slices.Equal(dimsOf(in), []int{1, 3, 32, 32}) {
		t.Errorf("input %v", in)
	}
	m.Preprocessing = true
	in = readModel(t, marshal(t, net, m)).Graph.Input[0]
	elem := in.Type.GetTensorType().ElemType
	if elem != pb.TensorProto_UINT8 || !slices.Equal(dimsOf(in), []int{1, 32, 32, 3}) {
		t.Errorf("input with preprocessing %v", in)
	}
}

// TestGateFirst: OpenCV gets the other order of squeeze-and-excitation wrong.
func TestGateFirst(t *testing.T) {
	blocks, space := spaceBlocks(t, "mbv3-tiny", 32, 1)
	data := marshal(t, makeNet(t, blocks, space.BNEps, 1), metaFor(blocks[0].In))
	seen := 0
	for _, n := range readModel(t, data).Graph.Node {
		if n.OpType == "Mul" {
			seen++
			if !strings.HasSuffix(n.Input[0], ".h_sigmoid") {
				t.Errorf("%s multiplies %v", n.Name, n.Input)
			}
		}
	}
	if seen == 0 {
		t.Error("the network has no squeeze-and-excitation")
	}
}

func TestRefuses(t *testing.T) {
	blocks, space := spaceBlocks(t, "mbv3-tiny", 32, 1)
	headless, err := supernet.NewSubnet(blocks[:len(blocks)-1], space.BNEps, 1)
	if err != nil {
		t.Fatal(err)
	}
	net := makeNet(t, blocks, space.BNEps, 1)
	for want, try := range map[string]func() ([]byte, error){
		"opset 12 cannot be written": func() ([]byte, error) {
			return Marshal(net, export.Meta{Options: export.Options{Opset: 12}})
		},
		"ends in a": func() ([]byte, error) {
			m := metaFor(blocks[0].In)
			m.Preprocessing = true
			return Marshal(headless, m)
		},
		"labels": func() ([]byte, error) {
			return Marshal(net,
				export.Meta{Labels: []string{"a"}})
		},
	} {
		if _, err := try(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, expected %q", err, want)
		}
	}
}

// TestUnknown: what may be added to networks one day is refused until it is known here.
func TestUnknown(t *testing.T) {
	l := lowering{newGraph(DefaultOpset, 1, "net"), export.Weights{}}
	x := value{"x", []int64{1, 2, 3, 3}}
	for _, o := range []supernet.Op{{Kind: "attention"}, {Kind: supernet.OpMean, Act: "gelu"}} {
		if _, err := l.op(o, []value{x}); err == nil || !strings.Contains(err.Error(), "as ONNX") {
			t.Errorf("%+v gives error %v", o, err)
		}
	}
}
