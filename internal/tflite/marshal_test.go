package tflite

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/engine"
	"github.com/tailor-nas/tailor/internal/export"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
)

// network makes one with weights and statistics that no initialisation has.
func network(t testing.TB, blocks []supernet.Block, seed uint64) *supernet.Subnet {
	t.Helper()
	net, err := supernet.NewSubnet(blocks, 1e-3, seed)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(seed, 7))
	for _, p := range weights.Params(net) {
		for i := range p.Data {
			switch {
			case strings.HasSuffix(p.Name, ".var"):
				p.Data[i] *= float32(0.5 + r.Float64())
			case len(p.Shape) == 1:
				p.Data[i] += float32(r.NormFloat64() * 0.2)
			}
		}
	}
	return net
}

// logits are what tailor's own engine gives for an image: those, or what the last block gives.
func logits(t testing.TB, net *supernet.Subnet, image []float32) []float64 {
	t.Helper()
	pool := nn.NewPool(1)
	defer pool.Close()
	r := engine.NewRunner(net, pool)
	r.Bind(net.Blocks, 1, nn.Infer)
	copy(r.Input(), image)
	r.Forward()
	given := make([]float32, net.Blocks[len(net.Blocks)-1].Out.Len())
	r.Output(given)
	var out []float64
	for _, v := range given {
		out = append(out, float64(v))
	}
	return out
}

func image(n int, seed uint64) (x []float32, wide []float64) {
	r := rand.New(rand.NewPCG(seed, 3))
	for range n {
		v := float32(r.NormFloat64())
		x, wide = append(x, v), append(wide, float64(v))
	}
	return x, wide
}

// near fails where values differ by more than 1e-4 of the largest.
func near(t testing.TB, got, want []float64) {
	t.Helper()
	var scale float64
	for _, v := range want {
		scale = max(scale, math.Abs(v))
	}
	if len(got) != len(want) || !(scale > 1e-6) {
		t.Fatalf("%d values, expected %d, of which the largest is %g", len(got), len(want), scale)
	}
	for i, v := range want {
		if d := math.Abs(got[i] - v); !(d <= 1e-4*scale) {
			t.Fatalf("value %d is %g, the engine's is %g", i, got[i], v)
		}
	}
}

// same exports a network and compares what the file computes with the engine's logits.
func same(t testing.TB, net *supernet.Subnet) *file {
	t.Helper()
	data, err := Marshal(net, export.Meta{Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	f := read(t, data)
	f.check(t)
	x, wide := image(net.Blocks[0].In.Len(), 5)
	near(t, f.evaluate(t, wide), logits(t, net, x))
	return f
}

func space(t testing.TB, name string) *supernet.Space {
	t.Helper()
	s, err := supernet.LoadSpace(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSpaces: random networks of every space compute what the engine does, at even and odd sizes.
func TestSpaces(t *testing.T) {
	for _, name := range supernet.Builtins() {
		t.Run(name, func(t *testing.T) {
			s, r := space(t, name), rand.New(rand.NewPCG(1, 2))
			a := s.Random(r)
			for seed, side := range []uint16{20, 13} {
				a.Resolution = side
				same(t, network(t, s.Blocks(a), uint64(seed)))
				a = s.Min()
			}
		})
	}
}

// TestEfficientNet: blocks of its family, with channels removed and without.
func TestEfficientNet(t *testing.T) {
	s, r := space(t, "mbv3-tiny"), rand.New(rand.NewPCG(1, 3))
	for side := uint16(13); side < 16; side++ {
		a := s.Random(r)
		a.Resolution = side
		same(t, network(t, efficient(s.Blocks(a)), uint64(side)))
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

// TestAsymmetricPadding: networks padded as TensorFlow pads need no operator for it, and those
// padded evenly do where a side is even.
func TestAsymmetricPadding(t *testing.T) {
	s := space(t, "mbv3-tiny")
	a := s.Max()
	a.Resolution = 28 // 14, 7, 4
	even := same(t, network(t, s.Blocks(a), 2))
	blocks := s.Blocks(a)
	for i, b := range blocks {
		if b.Stride == 2 {
			blocks[i].Padding = supernet.TFSame
		}
	}
	asymmetric := same(t, network(t, blocks, 2))
	if e, a := even.count("PAD"), asymmetric.count("PAD"); e == 0 || a != 0 {
		t.Errorf("%d operators pad evenly and %d as TensorFlow does", e, a)
	}
}

// count is how many operators of a name there are.
func (f *file) count(name string) (n int) {
	for _, op := range f.operators {
		if op.code.String() == name {
			n++
		}
	}
	return n
}

func TestPublished(t *testing.T) {
	for _, name := range supernet.PublishedNames() {
		t.Run(name, func(t *testing.T) {
			blocks, err := supernet.Published(name)
			if err != nil {
				t.Fatal(err)
			}
			same(t, network(t, blocks, 3))
		})
	}
}

// TestPruned: zeros stay zeros, and networks that have lost channels are like any other.
func TestPruned(t *testing.T) {
	s := space(t, "mbv3-tiny")
	blocks := s.Blocks(s.Max())
	for i := range blocks {
		if blocks[i].Kind == supernet.MBConv {
			blocks[i].Zeros = 80
		}
	}
	net := network(t, blocks, 4)
	f := same(t, net)
	if got, want := f.zeros(), zeros(net); got < want || want < 1000 {
		t.Errorf("%d zeros, the network has %d", got, want)
	}

	keep := map[string][]int{}
	for _, m := range weights.Channels(net) {
		for c := 0; c < m.N; c += 2 {
			keep[m.Block] = append(keep[m.Block], c)
		}
	}
	narrow, err := net.KeepChannels(keep)
	if err != nil {
		t.Fatal(err)
	}
	same(t, narrow)
}

func (f *file) zeros() (n int) {
	for _, c := range f.tensors {
		for i := 0; c.kind == 0 && i+4 <= len(c.data); i += 4 {
			if bytes.Equal(c.data[i:i+4], make([]byte, 4)) {
				n++
			}
		}
	}
	return n
}

func zeros(net *supernet.Subnet) (n int) {
	for _, w := range net.Tensors() {
		for _, v := range w.Data {
			if v == 0 && len(w.Shape) > 1 {
				n++
			}
		}
	}
	return n
}

// TestPreprocessing: bytes in, probabilities out.
func TestPreprocessing(t *testing.T) {
	s := space(t, "mbv3-tiny")
	net := network(t, s.Blocks(s.Min()), 6)
	m := export.Meta{Name: "test", Mean: []float32{0.5, 0.45, 0.4}, Std: []float32{0.25, 0.2, 0.3}}
	m.Preprocessing = true
	data, err := Marshal(net, m)
	if err != nil {
		t.Fatal(err)
	}
	f := read(t, data)
	f.check(t)
	r := rand.New(rand.NewPCG(8, 8))
	var raw []float64
	var x []float32
	for i := range net.Blocks[0].In.Len() {
		v, c := float64(r.IntN(256)), i%3
		raw = append(raw, v)
		x = append(x, float32((v/255-float64(m.Mean[c]))/float64(m.Std[c])))
	}
	want := each(logits(t, net, x), math.Exp)
	var sum float64
	for _, v := range want {
		sum += v
	}
	near(t, f.evaluate(t, raw), each(want, func(v float64) float64 { return v / sum }))
}

// TestMeta: what is known of the network is in the file, and the same every time.
func TestMeta(t *testing.T) {
	blocks, err := supernet.Published("lenet-300-100")
	if err != nil {
		t.Fatal(err)
	}
	net := network(t, blocks, 9)
	m := export.Meta{
		Name: "a name", Labels: strings.Split("0123456789", ""),
		Mean: []float32{0.1}, Std: []float32{0.3}, Arch: `{"d":[2]}`,
		ManifestSHA256: "ab", WeightsSHA256: "cd", Version: "1.2",
	}
	first, err := Marshal(net, m)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Marshal(net, m)
	if err != nil || !bytes.Equal(first, again) {
		t.Errorf("a second time gives other bytes (%v)", err)
	}
	f := read(t, first)
	f.check(t)
	for i, p := range m.Properties() {
		if f.metadata[p.Key] != p.Value || f.order[i] != p.Key {
			t.Errorf("metadata %d is %s = %q, expected %s = %q", i, f.order[i], f.metadata[p.Key],
				p.Key, p.Value)
		}
	}
	if len(f.metadata) != 7 {
		t.Errorf("%d entries of metadata", len(f.metadata))
	}
}

func TestRefused(t *testing.T) {
	s := space(t, "mbv3-tiny")
	blocks := s.Blocks(s.Min())
	for what, f := range map[string]func() (*supernet.Subnet, export.Meta){
		"2 labels for": func() (*supernet.Subnet, export.Meta) {
			return network(t, blocks, 1), export.Meta{Labels: []string{"a", "b"}}
		},
		"expected a linear layer": func() (*supernet.Subnet, export.Meta) {
			m := export.Meta{Mean: []float32{0, 0, 0}, Std: []float32{1, 1, 1}}
			m.Preprocessing = true
			return network(t, blocks[:3], 1), m
		},
	} {
		_, err := Marshal(f())
		if err == nil || !strings.HasPrefix(err.Error(), "tflite: ") ||
			!strings.Contains(err.Error(), what) {
			t.Errorf("%v, expected %q", err, what)
		}
	}
}
