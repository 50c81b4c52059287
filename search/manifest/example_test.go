package manifest_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
)

// A winner of `tailor search` is opened like the folder that this example writes: a network with
// random weights, which is shown one image.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "winner")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	if err := ship(filepath.Join(dir, "best")); err != nil {
		fmt.Println(err)
		return
	}

	m, network, err := manifest.Open(filepath.Join(dir, "best"))
	if err != nil {
		fmt.Println(err)
		return
	}
	classifier, err := network.Classifier(1)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer classifier.Close()
	image := make([]float32, classifier.Input().Len()) // rows of pixels, each with its channels
	logits, err := classifier.Logits(image)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d MACs, %d logits\n", m.MACs, len(logits))
	// Output: 1798912 MACs, 10 logits
}

// ship writes the largest network of a space with random weights.
func ship(dir string) error {
	space, err := supernet.LoadSpace("mbv3-tiny")
	if err != nil {
		return err
	}
	blocks := space.Blocks(space.Max())
	network, err := supernet.NewSubnet(blocks, space.BNEps, 1)
	if err != nil {
		return err
	}
	m := manifest.Manifest{
		SpaceName: space.Name, SpaceSHA256: space.SHA256(), Arch: space.Spec(space.Max()),
		Blocks: blocks, BNEps: space.BNEps, MACs: supernet.MACs(blocks),
		Params: supernet.Params(blocks),
	}
	_, err = m.Save(dir, network)
	return err
}
