package ofa

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tailor-nas/tailor/supernet"
)

// modules are the parts of OFA's networks. A tensor of one of them that a space has no place for
// says that the space is another one: without the tensor, the file's network would be cut down.
var modules = []string{"first_conv.", "input_stem.", "blocks.", "final_expand_layer.",
	"feature_mix_layer.", "classifier."}

// checkUnused refuses to leave out tensors of a network's own parts. Other tensors may be left out.
func checkUnused(space *supernet.Space, unused []string) error {
	at := slices.IndexFunc(unused, func(name string) bool {
		return !strings.HasSuffix(name, "num_batches_tracked") &&
			slices.ContainsFunc(modules, func(m string) bool { return strings.HasPrefix(name, m) })
	})
	if at < 0 {
		return nil
	}
	name := unused[at]
	if strings.HasSuffix(name, "_matrix") {
		return fmt.Errorf("%w: the file has the kernel matrix %.80q, which space %s has no place "+
			"for: the space needs \"kernel_transform: true\" and the kernels that the file was "+
			"trained with", ErrSupernet, name, space.Name)
	}
	return fmt.Errorf("%w: the file has the tensor %.80q, which space %s has no place for: the "+
		"space needs all that the file has, such as each stage's full depth; check --space",
		ErrSupernet, name, space.Name)
}
