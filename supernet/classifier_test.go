package supernet_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tailor-nas/tailor/internal/engine"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/supernet"
)

// tinyBlocks are those of the largest network of a small space.
func tinyBlocks(t *testing.T) []supernet.Block {
	t.Helper()
	s, err := supernet.LoadSpace("mbv3-tiny")
	if err != nil {
		t.Fatal(err)
	}
	return s.Blocks(s.Max())
}

// classifierNet gives a network with random weights, and some images for it.
func classifierNet(t *testing.T, blocks []supernet.Block, n int) (*supernet.Subnet, []float32) {
	t.Helper()
	net, err := supernet.NewSubnet(blocks, 1e-5, 1)
	if err != nil {
		t.Fatal(err)
	}
	images := make([]float32, n*net.Blocks[0].In.Len())
	r := rand.New(rand.NewPCG(1, 2))
	for i := range images {
		images[i] = float32(r.NormFloat64())
	}
	return net, images
}

// TestClassifierIsTheRunner: the logits are those of the engine that tests and times networks, for
// any number of images and workers, in one batch or in several.
func TestClassifierIsTheRunner(t *testing.T) {
	const most = 35
	perceptron, errP := supernet.Published("lenet-300-100")
	lenet5, errL := supernet.Published("lenet-5-caffe")
	if err := errors.Join(errP, errL); err != nil {
		t.Fatal(err)
	}
	for _, blocks := range [][]supernet.Block{tinyBlocks(t), perceptron, lenet5} {
		net, images := classifierNet(t, blocks, most)
		in := net.Blocks[0].In.Len()
		pool := nn.NewPool(1)
		run := engine.NewRunner(net, pool)
		var want []float32
		for i := range most {
			run.Bind(net.Blocks, 1, nn.Infer)
			copy(run.Input(), images[i*in:][:in])
			want = append(want, run.Forward()...)
		}
		pool.Close()
		for _, workers := range []int{1, 2, 5} {
			c, err := net.Classifier(workers)
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range []int{1, 3, most, 2} {
				got, err := c.Logits(images[:n*in])
				if err != nil || !slices.Equal(got, want[:n*c.Classes()]) {
					t.Errorf("%s: %d images with %d workers have other logits (%v)", blocks[0].Name,
						n, workers, err)
				}
			}
			c.Close()
		}
	}
}

// TestClassifiersAtOnce: several of one network do not disturb one another.
func TestClassifiersAtOnce(t *testing.T) {
	net, images := classifierNet(t, tinyBlocks(t), 4)
	alone, err := net.Classifier(1)
	if err != nil {
		t.Fatal(err)
	}
	defer alone.Close()
	want, err := alone.Logits(images)
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			c, err := net.Classifier(2)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			for range 3 {
				if got, err := c.Logits(images); err != nil || !slices.Equal(got, want) {
					t.Errorf("beside others a classifier gives other logits (%v)", err)
				}
			}
		})
	}
	wait.Wait()
}

func TestClassifierRefuses(t *testing.T) {
	net, images := classifierNet(t, tinyBlocks(t), 1)
	headless, err := supernet.NewSubnet(net.Blocks[:len(net.Blocks)-1], net.BNEps, 1)
	if err != nil {
		t.Fatal(err)
	}
	for words, try := range map[string]func() (*supernet.Classifier, error){
		"no network": func() (*supernet.Classifier,
			error) {
			return (*supernet.Subnet)(nil).Classifier(1)
		},
		"0 workers": func() (*supernet.Classifier, error) { return net.Classifier(0) },
		"1048576 workers": func() (*supernet.Classifier,
			error) {
			return net.Classifier(1 << 20)
		},
		"must end in a linear": func() (*supernet.Classifier,
			error) {
			return headless.Classifier(1)
		},
	} {
		if _, err := try(); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%v, want %q", err, words)
		}
	}
	c, err := net.Classifier(1)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 1, len(images) - 1} {
		if _, err := c.Logits(images[:n]); err == nil || !strings.Contains(err.Error(),
			"whole images") {
			t.Errorf("%d values: %v", n, err)
		}
	}
	c.Close()
	c.Close()
	(*supernet.Classifier)(nil).Close()
	for _, closed := range []*supernet.Classifier{c, nil} {
		if _, err := closed.Logits(images); !errors.Is(err, supernet.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	}
}
