package supernet_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
)

// readData reads a file of the shared test data, which is not part of the project.
func readData(t *testing.T, name string) []byte {
	t.Helper()
	dir := os.Getenv("TAILOR_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "data")
	}
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Skipf("no test data: %v; set TAILOR_DATA to the folder that has %s", err, name)
	}
	return text
}

// published is one of OFA's sub-networks as its authors released it.
type published struct {
	ID        string  `json:"id"`
	ImageSize int     `json:"image_size"`
	Params    float64 `json:"readme_params_m"`
	MACs      float64 `json:"readme_macs_m"`
	Config    struct {
		Name      string
		FirstConv struct {
			Out int    `json:"out_channels"`
			Act string `json:"act_func"`
		} `json:"first_conv"`
		Blocks []struct {
			Conv     publishedConv `json:"mobile_inverted_conv"`
			Shortcut *struct{}     `json:"shortcut"`
		}
		Expand   *publishedLayer `json:"final_expand_layer"`
		Features publishedLayer  `json:"feature_mix_layer"`
		Bn       struct{ Eps float64 }
	} `json:"net_config"`
}

type publishedConv struct {
	In     int     `json:"in_channels"`
	Out    int     `json:"out_channels"`
	Kernel int     `json:"kernel_size"`
	Stride int     `json:"stride"`
	Expand float64 `json:"expand_ratio"`
	Mid    *int    `json:"mid_channels"`
	Act    string  `json:"act_func"`
	SE     bool    `json:"use_se"`
}

type publishedLayer struct {
	In  int    `json:"in_channels"`
	Out int    `json:"out_channels"`
	BN  bool   `json:"use_bn"`
	Act string `json:"act_func"`
}

// space is the shipped space that the sub-network comes from.
func (p *published) space(t *testing.T) *supernet.Space {
	t.Helper()
	switch {
	case p.Config.Name == "ProxylessNASNets":
		return builtin(t, "ofa-proxyless")
	case p.Config.FirstConv.Out == 24:
		return builtin(t, "ofa-mbv3-w1.2")
	}
	return builtin(t, "ofa-mbv3")
}

// arch finds the genes: depths by runs of one output width, since no two stages in a row have the
// same.
func (p *published) arch(t *testing.T, s *supernet.Space) supernet.Arch {
	t.Helper()
	spec := s.Spec(s.Min())
	clear(spec.D)
	stage, index := -1, 0
	blocks := p.Config.Blocks[1:] // the first is fixed
	for i, b := range blocks {
		if i == 0 || b.Conv.Out != blocks[i-1].Conv.Out {
			stage, index = stage+1, 0
		}
		spec.D[stage]++
		spec.KS[4*stage+index], spec.E[4*stage+index] = b.Conv.Kernel, b.Conv.Expand
		index++
	}
	a, err := s.Arch(spec)
	if err != nil {
		t.Fatal(err)
	}
	a.Resolution = uint16(p.ImageSize) // some are beyond the space's
	return a
}

// misprinted is the one figure that the network's own published configuration contradicts: layer by
// layer it has 75.8 M MACs at its 160 pixels, not 79 M.
var misprinted = map[string]float64{"note10_lat-8ms_top1-71.4_finetune-25": 75.8}

func TestPublishedNetworks(t *testing.T) {
	var all []published
	if err := json.Unmarshal(readData(t, filepath.Join("ofa", "published_subnets.json")),
		&all); err != nil {
		t.Fatal(err)
	}
	if len(all) != 25 {
		t.Errorf("%d published networks, want 25", len(all))
	}
	for _, p := range all {
		t.Run(p.ID, func(t *testing.T) {
			s := p.space(t)
			blocks := s.Blocks(p.arch(t, s))
			p.checkBlocks(t, blocks)
			p.checkEnds(t, s, blocks)
			macs, params := float64(supernet.MACs(blocks))/1e6, float64(supernet.Params(blocks))/1e6
			if m, ok := misprinted[p.ID]; ok {
				p.MACs = m
			}
			if math.Abs(macs-p.MACs) > max(1, 0.012*p.MACs) {
				t.Errorf("%.1f M MACs, published are %g M", macs, p.MACs)
			}
			if math.Abs(params-p.Params) > 0.1 {
				t.Errorf("%.2f M parameters, published are %g M", params, p.Params)
			}
		})
	}
}

// checkBlocks compares the inverted residual blocks one by one.
func (p *published) checkBlocks(t *testing.T, blocks []supernet.Block) {
	t.Helper()
	var mb []supernet.Block
	for _, b := range blocks {
		if b.Kind == supernet.MBConv {
			mb = append(mb, b)
		}
	}
	if len(mb) != len(p.Config.Blocks) {
		t.Fatalf("%d blocks, published are %d", len(mb), len(p.Config.Blocks))
	}
	for i, want := range p.Config.Blocks {
		b, c := mb[i], want.Conv
		mid := c.In // without an expand convolution the file gives none
		if c.Mid != nil {
			mid = *c.Mid
		}
		got := publishedConv{b.In.C, b.Out.C, b.Kernel, b.Stride, c.Expand, c.Mid, string(b.Act),
			b.SE > 0}
		if got != c || b.Mid != mid || b.Skip != (want.Shortcut != nil) {
			t.Errorf("block %d is %+v\npublished is %+v, middle channels %d, shortcut %v", i, b, c,
				mid, want.Shortcut != nil)
		}
	}
}

// checkEnds compares what stands before and after the blocks.
func (p *published) checkEnds(t *testing.T, s *supernet.Space, blocks []supernet.Block) {
	t.Helper()
	if s.BNEps != p.Config.Bn.Eps {
		t.Errorf("batch norm epsilon %g, published is %g", s.BNEps, p.Config.Bn.Eps)
	}
	stem := blocks[0]
	if stem.Out.C != p.Config.FirstConv.Out || string(stem.Act) != p.Config.FirstConv.Act {
		t.Errorf("first convolution is %+v, published is %+v", stem, p.Config.FirstConv)
	}
	var layers []publishedLayer
	for _, b := range blocks[1:] {
		if b.Kind == supernet.Conv {
			layers = append(layers, publishedLayer{b.In.C, b.Out.C, b.BN, string(b.Act)})
		}
	}
	want := []publishedLayer{p.Config.Features}
	if p.Config.Expand != nil {
		want = []publishedLayer{*p.Config.Expand, p.Config.Features}
	}
	if len(layers) != len(want) {
		t.Fatalf("%d convolutions after the blocks, published are %d", len(layers), len(want))
	}
	for i := range want {
		if layers[i] != want[i] {
			t.Errorf("convolution after the blocks is %+v, published is %+v", layers[i], want[i])
		}
	}
}
