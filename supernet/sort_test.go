package supernet_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
)

// fullNetwork is the network at full width that a space has, though perhaps at less than full
// depth.
func fullNetwork(t *testing.T, s *supernet.Space) []supernet.Block {
	t.Helper()
	if strings.Contains(s.Name, "everything") {
		return widestBlocks(t, s)
	}
	return s.Blocks(s.Max())
}

// TestSortChannelsKeepsTheNetwork: at full width the output stays, whether batch norm uses the
// batch or calibration.
func TestSortChannelsKeepsTheNetwork(t *testing.T) {
	eachNet(t, func(t *testing.T, net *supernet.Supernet) {
		r := runner(t, 2, net)
		blocks := fullNetwork(t, net.Space)
		outputs := func() (train, infer []float32) {
			train = forward(r, blocks, nn.Train, 8, 3)
			calibrate(r, blocks)
			return train, forward(r, blocks, nn.Infer, 8, 3)
		}
		train, infer := outputs()
		was := weightsOf(net)
		net.SortChannels()
		if net.Space.Name == "everything" && !slices.ContainsFunc(weights.Params(net),
			func(p *nn.Param) bool { return !slices.Equal(p.Data, was[p.Name]) }) {
			t.Error("sorting random weights changed nothing")
		}
		trainSorted, inferSorted := outputs()
		if d := difference(t, train, trainSorted); d > 1e-4*largest(train) {
			t.Errorf("training: logits differ by %.3g of %.3g", d, largest(train))
		}
		if d := difference(t, infer, inferSorted); d > 1e-4*largest(infer) {
			t.Errorf("inference: logits differ by %.3g of %.3g", d, largest(infer))
		}
	})
}

func weightsOf(net *supernet.Supernet) map[string][]float32 {
	all := map[string][]float32{}
	for _, p := range weights.Params(net) {
		all[p.Name] = slices.Clone(p.Data)
	}
	return all
}

// norms are the L1 norms of a weight's rows, its first axis.
func norms(p *nn.Param) []float64 {
	v := make([]float64, p.Shape[0])
	for i, w := range p.Data {
		v[i/(len(p.Data)/len(v))] += math.Abs(float64(w))
	}
	return v
}

// TestSortChannelsOrders: leading channels have the larger norms, those of squeeze-and-excitation
// too; blocks whose middle channels are their input keep their order.
func TestSortChannelsOrders(t *testing.T) {
	eachNet(t, func(t *testing.T, net *supernet.Supernet) {
		was := weightsOf(net)
		net.SortChannels()
		byName := map[string]*nn.Param{}
		for _, p := range weights.Params(net) {
			byName[p.Name] = p
		}
		for name, p := range byName {
			block, part := split(name)
			switch {
			case part == "se.expand.weight", part == "project.weight" &&
				byName[block+".expand.weight"] != nil:
				v := norms(p)
				for i := 1; i < len(v); i++ {
					if v[i] > v[i-1]+1e-12 { // rounding of another order of addition
						t.Errorf("%s: channel %d has norm %g, the one before %g", name, i, v[i],
							v[i-1])
					}
				}
			case part == "project.weight":
				if !slices.Equal(p.Data, was[name]) {
					t.Errorf("%s was sorted, though its channels are the block's input", name)
				}
			}
		}
	})
}

// TestSortChannelsTwice changes nothing the second time: the order is stable.
func TestSortChannelsTwice(t *testing.T) {
	net := newNet(t, everything)
	net.SortChannels()
	once := weightsOf(net)
	net.SortChannels()
	for name, v := range weightsOf(net) {
		if !sameBits(v, once[name]) {
			t.Errorf("%s changes when sorted again", name)
		}
	}
}

// TestSortChannelsMovesMomentum with the weights: here both begin equal, so both end equal.
func TestSortChannelsMovesMomentum(t *testing.T) {
	net := newNet(t, everything)
	for _, p := range weights.Params(net) {
		copy(p.Momentum, p.Data)
	}
	net.SortChannels()
	for _, p := range weights.Params(net) {
		if !sameBits(p.Momentum, p.Data) {
			t.Errorf("the momentum of %s went elsewhere", p.Name)
		}
	}
}

// TestSortChannelsWithin: after channels were sorted between the widths of networks, all of these
// give what they gave, and the channels between two widths are in order.
func TestSortChannelsWithin(t *testing.T) {
	net := newNet(t, everything)
	s := net.Space
	r := runner(t, 2, net)
	narrow := s.Max()
	for i := range narrow.Expand {
		if narrow.Expand[i] > 0 {
			narrow.Expand[i] = map[float32]float32{3: 2, 4: 2}[narrow.Expand[i]]
		}
	}
	trained := [][]supernet.Block{s.Blocks(s.Max()), s.Blocks(narrow)}
	var before [][]float32
	for _, blocks := range trained {
		before = append(before, slices.Clone(forward(r, blocks, nn.Train, 8, 3)))
	}
	was := weightsOf(net)
	net.SortChannelsWithin(trained)
	for i, blocks := range trained {
		got := forward(r, blocks, nn.Train, 8, 3)
		if difference(t, got, before[i]) > 1e-4*largest(before[i]) {
			t.Errorf("network %d gives other logits", i)
		}
	}
	for _, p := range weights.Params(net) {
		if p.Name != "stages.1.0.project.weight" {
			continue
		}
		if slices.Equal(p.Data, was[p.Name]) {
			t.Error("nothing was sorted")
		}
		v := norms(p)
		for i := 1; i < len(v); i++ {
			if i != 16 && v[i] > v[i-1]+1e-12 { // 8 channels come in, times 2
				t.Errorf("channel %d has norm %g, the one before %g", i, v[i], v[i-1])
			}
		}
	}
}
