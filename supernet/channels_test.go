package supernet_test

import (
	"testing"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
)

// TestKeepChannels: a network whose removed channels are zero gives the logits of the one without
// them.
func TestKeepChannels(t *testing.T) {
	eachNet(t, func(t *testing.T, net *supernet.Supernet) {
		_, _, sub := extract(t, net, net.Space.Max())
		keep := map[string][]int{}
		for _, c := range weights.Channels(sub) {
			b := block(sub.Blocks, c.Block)
			mids := b.Mids()
			if len(mids) == 0 {
				continue
			}
			n := mids[len(mids)/2]
			for ch := c.N - 1; ch >= 0; ch-- { // every other one, last first
				if (c.N-ch)%2 == 0 && len(keep[c.Block]) < n {
					keep[c.Block] = append(keep[c.Block], ch)
				}
			}
			for ch := 0; len(keep[c.Block]) < n; ch += 2 {
				keep[c.Block] = append(keep[c.Block], c.N-1-ch)
			}
			zeroOthers(c, keep[c.Block])
		}
		want := forward(runner(t, 1, sub), sub.Blocks, nn.Infer, 4, 3)
		narrow, err := sub.KeepChannels(keep)
		if err != nil {
			t.Fatal(err)
		}
		if d := difference(t, forward(runner(t, 1, narrow), narrow.Blocks, nn.Infer, 4,
			3), want); d > 1e-5 {
			t.Errorf("logits differ by %.3g of %.3g", d, largest(want))
		}
		if len(keep) > 0 && supernet.MACs(narrow.Blocks) >= supernet.MACs(sub.Blocks) {
			t.Errorf("%d MACs, before %d", supernet.MACs(narrow.Blocks), supernet.MACs(sub.Blocks))
		}
	})
}

func block(blocks []supernet.Block, name string) supernet.Block {
	for _, b := range blocks {
		if b.Name == name {
			return b
		}
	}
	return supernet.Block{}
}

func zeroOthers(c weights.MiddleChannels, keep []int) {
	kept := map[int]bool{}
	for _, ch := range keep {
		kept[ch] = true
	}
	for ch := range c.N {
		if kept[ch] {
			continue
		}
		for _, m := range c.Members {
			m.Each(ch, c.N, func(i int) { m.Param.Data[i] = 0 })
		}
	}
}

func TestKeepChannelsRefuses(t *testing.T) {
	net := newNet(t, everything)
	_, _, sub := extract(t, net, net.Space.Max())
	c := weights.Channels(sub)[0]
	for name, keep := range map[string]map[string][]int{
		"none":         {c.Block: {}},
		"out of range": {c.Block: {0, 1, 2, 3, 4, 5, 6, 7, c.N}},
		"twice":        {c.Block: {0, 1, 2, 3, 4, 5, 6, 7, 7}},
		"stem":         {"stem": {0}},
	} {
		if _, err := sub.KeepChannels(keep); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
