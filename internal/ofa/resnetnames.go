package ofa

import (
	"fmt"
	"strings"

	"github.com/tailor-nas/tailor/supernet"
)

// bottleneck adds OFA's names of the layers of a block of its ResNets.
func (n namesOf) bottleneck(b supernet.Block, at int) {
	block := fmt.Sprintf("blocks.%d.", at)
	n[b.Name+".reduce"] = block + "conv1"
	n[b.Name+".conv"] = block + "conv2"
	n[b.Name+".expand"] = block + "conv3"
	n[b.Name+".shortcut"] = block + "downsample"
}

// deepStem replaces the names of the stem, if it is that of ResNet-D.
func (n namesOf) deepStem(space *supernet.Space) {
	if len(space.Stem.Depth) == 0 {
		return
	}
	delete(n, "stem")
	depth := space.Stem.Depth[len(space.Stem.Depth)-1]
	for i := range depth {
		n[fmt.Sprintf("stem.%d", i)] = fmt.Sprintf("input_stem.%d", i)
	}
	n["stem.widen"] = fmt.Sprintf("input_stem.%d", depth)
}

// resNetName leaves out the module with which OFA puts a shortcut around the second convolution of
// the stem.
func resNetName(name string) string {
	return strings.Replace(name, "input_stem.1.conv.", "input_stem.1.", 1)
}
