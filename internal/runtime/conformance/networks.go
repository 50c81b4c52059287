package conformance

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/internal/engine"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/supernet"
)

// network is one to run. Those of one block stand for all that a profile times.
type network struct {
	name string
	net  *supernet.Subnet
}

// networks are small ones of all kinds of blocks: whole, pruned, and each block alone.
func networks(t *testing.T) (all []network) {
	t.Helper()
	lists := whole(t)
	for _, name := range slices.Sorted(maps.Keys(lists)) {
		all = append(all, network{name, subnet(t, lists[name])})
	}
	blocks := single(lists)
	for _, key := range slices.Sorted(maps.Keys(blocks)) {
		all = append(all, network{key, subnet(t, []supernet.Block{blocks[key]})})
	}
	return all
}

// whole lists the blocks of whole networks by name.
func whole(t *testing.T) map[string][]supernet.Block {
	t.Helper()
	space, err := supernet.LoadSpace("mbv3-tiny")
	if err != nil {
		t.Fatal(err)
	}
	lists := map[string][]supernet.Block{
		"smallest": space.Blocks(space.Min()), "largest": space.Blocks(space.Max()),
	}
	for _, name := range supernet.PublishedNames() {
		if lists[name], err = supernet.Published(name); err != nil {
			t.Fatal(err)
		}
	}
	for structure, amount := range map[supernet.Structure]int{
		supernet.Weights: 80, supernet.Vectors8: 90, supernet.Vectors16: 98, supernet.Channels: 8,
	} {
		for _, name := range []string{"smallest", "lenet-5-caffe"} {
			without := fmt.Sprintf("%s without %s", name, structure)
			lists[without] = pruned(lists[name], structure, amount)
		}
	}
	return lists
}

// pruned removes from each block that it can be removed from.
func pruned(blocks []supernet.Block, structure supernet.Structure, amount int) []supernet.Block {
	var all []supernet.Block
	for _, b := range blocks {
		if less, err := b.Remove(structure, amount); err == nil {
			b = less
		}
		all = append(all, b)
	}
	return all
}

// single lists the blocks of all networks, each kind of work once, by key.
func single(lists map[string][]supernet.Block) map[string]supernet.Block {
	blocks := map[string]supernet.Block{}
	for _, list := range lists {
		for _, b := range list {
			blocks[b.Key()] = b
		}
	}
	return blocks
}

// subnet has weights that no initialisation has: biases are not 0 and batch norm is not neutral.
func subnet(t *testing.T, blocks []supernet.Block) *supernet.Subnet {
	t.Helper()
	net, err := supernet.NewSubnet(blocks, 1e-5, 1)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 3))
	for _, tensor := range net.Tensors() {
		for i := range tensor.Data {
			if len(tensor.Shape) == 1 {
				// Not below what it was: a variance stays above 0.
				tensor.Data[i] += float32(math.Abs(random.NormFloat64()) / 10)
			}
		}
	}
	return net
}

// images are a batch of random ones for a network.
func images(net *supernet.Subnet, batch int, seed uint64) []float32 {
	random := rand.New(rand.NewPCG(seed, 5))
	x := make([]float32, batch*net.Blocks[0].In.Len())
	for i := range x {
		x[i] = float32(random.NormFloat64())
	}
	return x
}

// expected is what tailor's engine gives with one thread, one image after the other, and without
// leaving out zeros.
func expected(net *supernet.Subnet, batch []float32) (all []float32) {
	pool := nn.NewPool(1)
	defer pool.Close()
	pool.Dense = true
	r := engine.NewRunner(net, pool)
	r.Bind(net.Blocks, 1, nn.Infer)
	in, out := net.Blocks[0].In.Len(), make([]float32, net.Blocks[len(net.Blocks)-1].Out.Len())
	for i := 0; i < len(batch); i += in {
		copy(r.Input(), batch[i:i+in])
		r.Forward()
		r.Output(out)
		all = append(all, out...)
	}
	return all
}
