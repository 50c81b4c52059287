package evaluate_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/evaluate"
	"github.com/tailor-nas/tailor/internal/export"
	"github.com/tailor-nas/tailor/internal/onnx"
	"github.com/tailor-nas/tailor/internal/tflite"
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
	for _, p := range net.Tensors() {
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

// formats are the ways in which a network is written and read back.
var formats = map[string]struct {
	write func(*supernet.Subnet, export.Meta) ([]byte, error)
	read  func([]byte) (*evaluate.Model, error)
	opset int
}{
	"onnx":    {onnx.Marshal, evaluate.ReadONNX, 0},
	"onnx 13": {onnx.Marshal, evaluate.ReadONNX, 13},
	"tflite":  {tflite.Marshal, evaluate.ReadTFLite, 0},
}

// same writes a network in each format, and compares what the files compute with the engine.
func same(t *testing.T, net *supernet.Subnet) {
	t.Helper()
	c, err := net.Classifier(1)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	image, r := make([]float32, c.Input().Len()), rand.New(rand.NewPCG(1, 2))
	for i := range image {
		image[i] = float32(r.NormFloat64())
	}
	want, err := c.Logits(image)
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range formats {
		meta := export.Meta{Name: "test", Arch: "{}", Options: export.Options{Opset: f.opset}}
		data, err := f.write(net, meta)
		if err != nil {
			t.Fatal(err)
		}
		m, err := f.read(data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := m.Run(image)
		if err != nil || len(got) != len(want) || m.Classes() != len(want) {
			t.Fatalf("%s: %v, %d values, expected %d", name, err, len(got), len(want))
		}
		if m.Properties["tailor.arch"] != "{}" {
			t.Errorf("%s: metadata %v", name, m.Properties)
		}
		worst, scale := 0.0, 0.0
		for i, v := range want {
			worst = max(worst, math.Abs(got[i]-float64(v)))
			scale = max(scale, math.Abs(float64(v)))
		}
		if !(worst <= 1e-4*scale) {
			t.Errorf("%s: the difference is %g of %g", name, worst, scale)
		}
	}
}

// TestNetworks: files of random networks of small spaces, of the published ones, and with other
// padding, compute what the engine does.
func TestNetworks(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 0))
	for _, name := range []string{"mbv3-tiny", "mbv3-cifar"} {
		space, err := supernet.LoadSpace(name)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			blocks := space.Blocks(space.Random(r))
			if i == 0 {
				for j := range blocks {
					if blocks[j].Stride == 2 {
						blocks[j].Padding = supernet.TFSame
					}
				}
			}
			same(t, network(t, blocks, uint64(i)))
		}
	}
	for _, name := range supernet.PublishedNames() {
		blocks, err := supernet.Published(name)
		if err != nil {
			t.Fatal(err)
		}
		same(t, network(t, blocks, 1))
	}
	same(t, network(t, smallBlocks(t), 2))
	proxyless, err := supernet.LoadSpace("ofa-proxyless") // has ReLU6
	if err != nil {
		t.Fatal(err)
	}
	least := proxyless.Min()
	least.Resolution = uint16(proxyless.Resolutions[0])
	same(t, network(t, proxyless.Blocks(least), 1))
}

// smallBlocks are those of every sort.
func smallBlocks(t testing.TB) []supernet.Block {
	t.Helper()
	space, err := supernet.ParseSpace("small.yaml", []byte(`
tailor: space/1
name: small
classes: 3
resolutions: [8]
stem: {width: 8, stride: 2, act: relu6}
stages:
  - {width: 8, stride: 1, act: h_swish, se: true, depth: [2], kernel: [3], expand: [2]}
  - {width: 8, stride: 1, act: silu, se: {of: input, divisor: 1, act: silu, gate: sigmoid}, depth: [1], kernel: [3], expand: [2]}
head: {expand: 8, act: relu}
`))
	if err != nil {
		t.Fatal(err)
	}
	return space.Blocks(space.Max())
}

// small is a file of a network with every kind of operator but pooling.
func small(t testing.TB, format string) []byte {
	t.Helper()
	f := formats[format]
	data, err := f.write(network(t, smallBlocks(t), 1), export.Meta{Name: "small",
		Options: export.Options{Opset: f.opset}})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestDamage: a file that is cut short or changed anywhere is refused or computes something, in
// bounded time and memory.
func TestDamage(t *testing.T) {
	for name, f := range formats {
		good := small(t, name)
		try := func(data []byte) {
			t.Helper()
			m, err := f.read(data)
			if err != nil {
				if !errors.Is(err, evaluate.ErrFile) {
					t.Fatalf("%s: %v", name, err)
				}
				return
			}
			h, w, c := m.Input()
			if h*w*c > 8*8*3 { // it would take its time
				return
			}
			if _, err := m.Run(make([]float32, h*w*c)); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		for i := 0; i < len(good); i += 23 {
			try(good[:i])
			for _, b := range []byte{0, 0x7f, 0xff} {
				bad := append([]byte(nil), good...)
				bad[i] = b
				try(bad)
			}
		}
	}
}

func fuzz(f *testing.F, format string) {
	f.Add(small(f, format))
	read := formats[format].read
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := read(data)
		if err != nil {
			return
		}
		h, w, c := m.Input()
		if h*w*c > 1<<10 {
			return
		}
		if _, err := m.Run(make([]float32, h*w*c)); err != nil {
			t.Error(err)
		}
	})
}

func FuzzONNX(f *testing.F)   { fuzz(f, "onnx") }
func FuzzTFLite(f *testing.F) { fuzz(f, "tflite") }
