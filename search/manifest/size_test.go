package manifest_test

import (
	"math/rand/v2"
	"testing"

	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
)

// TestSizeAtMost compares with the files of networks of two spaces: never less, and at most twenty
// digits for each tensor more.
func TestSizeAtMost(t *testing.T) {
	for _, name := range []string{"mbv3-tiny", "mbv3-cifar"} {
		s, err := supernet.LoadSpace(name)
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(1, 2))
		net, err := supernet.NewSubnet(s.Blocks(s.Random(r)), s.BNEps, 1)
		if err != nil {
			t.Fatal(err)
		}
		bytes, err := manifest.WeightsBytes(net)
		if err != nil {
			t.Fatal(err)
		}
		most := manifest.SizeAtMost(net.Blocks)
		if spare := most - bytes; spare < 0 || spare > int64(20*len(net.Tensors())+7) {
			t.Errorf("%s: the file has %d bytes of at most %d", name, bytes, most)
		}
	}
}
