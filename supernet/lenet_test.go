package supernet_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
)

// TestPublished counts what the literature counts: weights and biases apart, and
// multiply-accumulates of an image.
func TestPublished(t *testing.T) {
	for name, want := range map[string]struct{ weights, biases, macs int64 }{
		"lenet-300-100": {266_200, 410, 266_200},
		"lenet-5-caffe": {430_500, 580, 24*24*25*20 + 8*8*25*20*50 + 800*500 + 500*10},
	} {
		blocks, err := supernet.Published(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := supernet.CheckBlocks(blocks); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		sub, err := supernet.NewSubnet(blocks, 1e-5, 1)
		if err != nil {
			t.Fatal(err)
		}
		var matrices, biases int64
		for _, p := range weights.Params(sub) {
			if strings.HasSuffix(p.Name, ".bias") {
				biases += int64(len(p.Data))
			} else {
				matrices += int64(len(p.Data))
			}
		}
		if matrices != want.weights || biases != want.biases {
			t.Errorf("%s has %d weights and %d biases, want %d and %d", name, matrices, biases,
				want.weights, want.biases)
		}
		if got := supernet.Params(blocks); got != matrices+biases {
			t.Errorf("the blocks of %s are said to have %d parameters, they have %d", name, got,
				matrices+biases)
		}
		if got := supernet.MACs(blocks); got != want.macs {
			t.Errorf("%s takes %d multiply-accumulates, want %d", name, got, want.macs)
		}
	}
}

// TestPublishedNames: each name gives a network, each call a list of its own; other names are
// refused with the names there are.
func TestPublishedNames(t *testing.T) {
	names := supernet.PublishedNames()
	if !slices.Equal(names, []string{"lenet-300-100", "lenet-5-caffe"}) {
		t.Errorf("the names are %v", names)
	}
	first, _ := supernet.Published(names[0])
	first[0].Name = "changed"
	if second, _ := supernet.Published(names[0]); second[0].Name == "changed" {
		t.Error("two calls share a list")
	}
	for _, name := range []string{"", "LeNet", "mbv3-tiny"} {
		if blocks, err := supernet.Published(name); blocks != nil || err == nil ||
			!strings.Contains(err.Error(), "lenet-300-100, lenet-5-caffe") {
			t.Errorf("%q gives %d blocks and the error %v", name, len(blocks), err)
		}
	}
}

// TestPlainNetsInFiles: blocks as JSON and weights as a file give the same network, and so does a
// copy.
func TestPlainNetsInFiles(t *testing.T) {
	eachPlainNet(t, func(t *testing.T, blocks []supernet.Block) {
		sub := newPlainNet(t, blocks)
		text, err := json.Marshal(blocks)
		if err != nil {
			t.Fatal(err)
		}
		var read []supernet.Block
		if err := json.Unmarshal(text, &read); err != nil || !slices.Equal(read, blocks) {
			t.Fatalf("%s reads as %+v (%v)", text, read, err)
		}
		loaded, err := supernet.LoadSubnet(read, 1e-5, roundTrip(t, sub.Tensors()))
		if err != nil {
			t.Fatal(err)
		}
		r := runner(t, 1, sub)
		want := forward(r, blocks, nn.Infer, 2, 1)
		for what, other := range map[string]*supernet.Subnet{"loaded": loaded,
			"extracted": r.Extract(blocks, 1e-5)} {
			if !sameBits(forward(runner(t, 1, other), blocks, nn.Infer, 2, 1), want) {
				t.Errorf("the %s network has other logits", what)
			}
		}
	})
}

// TestKeysOfPlainBlocks: what the work is, is in the key.
func TestKeysOfPlainBlocks(t *testing.T) {
	var keys []string
	for _, b := range everyPlain() {
		keys = append(keys, b.Key())
	}
	for _, want := range []string{
		"conv-14x13x3-14x13x5-k3-s1-relu-bias-f32", "maxpool-14x13x5-6x6x5-k3-s2-f32",
		"conv-3x3x8-1x1x33-k3-s1-bias-valid-f32",
		"linear-1x1x33-1x1x20-h_swish-f32", "linear-1x1x20-1x1x6-f32",
	} {
		if !slices.Contains(keys, want) {
			t.Errorf("no key is %s: %v", want, keys)
		}
	}
}
