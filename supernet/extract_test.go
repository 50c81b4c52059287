package supernet_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/safetensors"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
)

// extract calibrates a sub-network of a supernet, runs it, and copies it out.
func extract(t *testing.T, net *supernet.Supernet, a supernet.Arch) (blocks []supernet.Block,
	logits []float32, sub *supernet.Subnet) {
	t.Helper()
	r := runner(t, 2, net)
	blocks = net.Space.Blocks(a)
	calibrate(r, blocks)
	logits = forward(r, blocks, nn.Infer, 6, 7)
	return blocks, logits, r.Extract(blocks, net.Space.BNEps)
}

// TestExtractedNetwork gives the logits that it gave inside the supernet, also after a round trip
// through a file.
func TestExtractedNetwork(t *testing.T) {
	eachNet(t, func(t *testing.T, net *supernet.Supernet) {
		for i, a := range sampleArchs(net.Space, 8) {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				blocks, want, sub := extract(t, net, a)
				got := forward(runner(t, 2, sub), blocks, nn.Infer, 6, 7)
				if d := difference(t, got, want); d > 1e-5 {
					t.Errorf("%s: logits differ by %.3g of %.3g", show(net.Space, a), d,
						largest(want))
				}
				loaded, err := supernet.LoadSubnet(blocks, sub.BNEps, roundTrip(t, sub.Tensors()))
				if err != nil {
					t.Fatal(err)
				}
				if again := forward(runner(t, 1, loaded), blocks, nn.Infer, 6,
					7); !sameBits(again, got) {
					t.Errorf("%s: a file changes the logits", show(net.Space, a))
				}
			})
		}
	})
}

// TestExtractedParams: an extracted network holds exactly the parameters that its blocks are said
// to have, and the statistics of batch norm.
func TestExtractedParams(t *testing.T) {
	eachNet(t, func(t *testing.T, net *supernet.Supernet) {
		for _, a := range sampleArchs(net.Space, 8) {
			blocks, _, sub := extract(t, net, a)
			var trained, statistics, scales int64
			for _, p := range sub.Tensors() {
				n := int64(len(p.Data))
				switch {
				case strings.HasSuffix(p.Name, ".mean"), strings.HasSuffix(p.Name, ".var"):
					statistics += n
				default:
					trained += n
				}
				if strings.HasSuffix(p.Name, ".bn.weight") {
					scales += n
				}
			}
			if want := supernet.Params(blocks); trained != want || statistics != 2*scales {
				t.Errorf("%s: %d parameters, blocks have %d; %d statistics of %d channels",
					show(net.Space, a), trained, want, statistics, scales)
			}
		}
	})
}

// TestExtractCopies: training goes on without changing what was extracted.
func TestExtractCopies(t *testing.T) {
	net := newNet(t, everything)
	blocks, _, sub := extract(t, net, net.Space.Max())
	want := forward(runner(t, 1, sub), blocks, nn.Infer, 3, 1)
	for _, p := range weights.Params(net) {
		for i := range p.Data {
			p.Data[i] = 9
		}
	}
	if got := forward(runner(t, 1, sub), blocks, nn.Infer, 3, 1); !sameBits(got,
		want) {
		t.Error("the extracted network shares memory with its supernet")
	}
}

// TestExtractedIsCalibratedAgain: a network that stands alone can be calibrated too, and its
// runners share the result.
func TestExtractedIsCalibratedAgain(t *testing.T) {
	net := newNet(t, everything)
	blocks, want, sub := extract(t, net, net.Space.Max())
	r := runner(t, 1, sub)
	forward(r, blocks, nn.Calibrate, 12, 77)
	r.FinishCalibration()
	other := forward(runner(t, 1, sub), blocks, nn.Infer, 6, 7)
	if d := difference(t, other, want); d == 0 {
		t.Error("a calibration on other images changed nothing")
	}
	calibrate(r, blocks)
	if again := forward(runner(t, 1, sub), blocks, nn.Infer, 6, 7); difference(t,
		again, want) > 1e-5 {
		t.Error("the first calibration repeated does not bring the logits back")
	}
}

// TestNewSubnet: a network for timing has the seed's weights and needs no calibration to give
// finite logits.
func TestNewSubnet(t *testing.T) {
	s := builtin(t, "mbv3-tiny")
	blocks := s.Blocks(s.Min())
	logits := func(seed uint64) []float32 {
		sub, err := supernet.NewSubnet(blocks, s.BNEps, seed)
		if err != nil {
			t.Fatal(err)
		}
		return forward(runner(t, 1, sub), blocks, nn.Infer, 2, 1)
	}
	one := logits(1)
	if !sameBits(one, logits(1)) || slices.Equal(one, logits(2)) {
		t.Error("weights do not follow the seed")
	}
	if difference(t, one, make([]float32, len(one))) == 0 {
		t.Error("all logits are zero")
	}
}

// roundTrip writes tensors to a file and reads them back.
func roundTrip(t *testing.T, tensors []safetensors.Tensor) []safetensors.Tensor {
	t.Helper()
	file := t.TempDir() + "/weights.safetensors"
	if _, err := safetensors.Write(file, tensors, nil); err != nil {
		t.Fatal(err)
	}
	f, err := safetensors.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	return f.Tensors
}
