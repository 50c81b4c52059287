package ofa

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tailor-nas/tailor/internal/tensorfile"
	"github.com/tailor-nas/tailor/supernet"
)

// ErrSupernet is wrapped by errors about files that are no weights of OFA's supernet of a space.
var ErrSupernet = errors.New("not the weights of OFA's supernet of this space")

// Supernet is a supernet that OFA's authors, or others with their programs, trained.
type Supernet struct {
	Net     *supernet.Supernet
	SHA256  string // of the file
	Tensors int    // that were used
	// Unused are the names of tensors that the network has no place for, and Skipped says why
	// others were not read.
	Unused, Skipped []string
}

// The mean and standard deviation of the images that OFA's networks were trained on, by channel,
// where bytes are 0 to 1: those of ImageNet.
var (
	Mean = []float32{0.485, 0.456, 0.406}
	Std  = []float32{0.229, 0.224, 0.225}
)

// ReadSupernet reads the weights of OFA's supernet of a space, with the classes that its classifier
// has. It ends early when ctx does.
func ReadSupernet(ctx context.Context, space *supernet.Space, path string) (*Supernet, error) {
	file, err := tensorfile.Read(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("read supernet: %w", err)
	}
	s, err := fill(ctx, space, file.Tensors)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	s.SHA256, s.Skipped = file.SHA256, withoutCounters(file.Skipped)
	return s, nil
}

// withoutCounters leaves out what every file has: how many batches each batch norm has seen.
func withoutCounters(skipped []string) []string {
	return slices.DeleteFunc(skipped, func(line string) bool {
		return strings.Contains(line, "num_batches_tracked")
	})
}

// fill makes a supernet of the tensors of a file.
func fill(ctx context.Context, space *supernet.Space, tensors []tensorfile.Tensor) (*Supernet,
	error) {
	byName := map[string]tensorfile.Tensor{}
	for _, t := range tensors {
		name := plainName(t.Name)
		if _, ok := byName[name]; ok {
			return nil, fmt.Errorf("%w: two tensors are called %.80q, but for what OFA adds to names",
				ErrSupernet, name)
		}
		byName[name] = t
	}
	space, err := withClassesOf(space, byName["classifier.linear.weight"])
	if err != nil {
		return nil, err
	}
	s := &Supernet{Net: supernet.NewWithStatistics(space)}
	names := layerNames(space)
	for _, to := range s.Net.Tensors() {
		name, err := names.of(to.Name)
		if err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		from, ok := byName[name]
		if !ok {
			return nil, fmt.Errorf("%w: there is no tensor %s, which space %s has as %s: check --space",
				ErrSupernet, name, space.Name, to.Name)
		}
		if err := take(to, from); err != nil {
			return nil, err
		}
		delete(byName, name)
		s.Tensors++
	}
	for _, t := range tensors { // in the order of the file
		if _, left := byName[plainName(t.Name)]; left {
			s.Unused = append(s.Unused, t.Name)
		}
	}
	return s, checkUnused(space, s.Unused)
}

// withClassesOf is the space with as many classes as the weight of a classifier has, (out,in), if
// it takes the features of the space.
func withClassesOf(space *supernet.Space, weight tensorfile.Tensor) (*supernet.Space, error) {
	blocks := space.Blocks(space.Max())
	features := blocks[len(blocks)-1].In.Len()
	if len(weight.Shape) != 2 || weight.Shape[0] < 2 || weight.Shape[1] != features {
		return space, nil // what does not fit is told when it is taken
	}
	if n := weight.Shape[0]; n > supernet.MaxClasses {
		return nil, fmt.Errorf("%w: its classifier has %d classes, expected 2 to %d", ErrSupernet,
			n, supernet.MaxClasses)
	}
	return space.For(weight.Shape[0], space.Channels), nil
}

// plainName is a tensor's name without what differs between OFA's releases: the modules of elastic
// layers hold plain ones, which makes names such as bn.bn.weight, and the module of a block has two
// names.
func plainName(name string) string {
	name = resNetName(name)
	name = strings.Replace(name, ".mobile_inverted_conv.", ".conv.", 1)
	for _, twice := range []string{"conv", "bn", "linear"} {
		name = strings.Replace(name, "."+twice+"."+twice+".", "."+twice+".", 1)
	}
	return name
}

// namesOf has OFA's names of layers by tailor's.
type namesOf map[string]string

// layerNames are those of a space's largest network.
func layerNames(space *supernet.Space) namesOf {
	names := namesOf{"stem": "first_conv", "head.classifier": "classifier",
		"head.expand": "final_expand_layer", "head.features": "feature_mix_layer"}
	if space.Head.Features == 0 {
		names["head.expand"] = "feature_mix_layer"
	}
	at := 0
	for _, b := range space.Blocks(space.Max()) {
		if b.Kind == supernet.Bottleneck {
			names.bottleneck(b, at)
			at++
		}
		if b.Kind != supernet.MBConv {
			continue
		}
		block := fmt.Sprintf("blocks.%d.conv.", at)
		names[b.Name+".expand"] = block + "inverted_bottleneck"
		names[b.Name+".depthwise"] = block + "depth_conv"
		names[b.Name+".se"] = block + "depth_conv.se.fc"
		names[b.Name+".project"] = block + "point_linear"
		at++
	}
	names.deepStem(space)
	return names
}

// partNames are OFA's names of the parts of a layer by tailor's, where they differ.
var partNames = map[string]string{
	"weight": "conv.weight", "bn.mean": "bn.running_mean", "bn.var": "bn.running_var",
}

// of is OFA's name of a tensor.
func (n namesOf) of(name string) (string, error) {
	for at, c := range name {
		layer, ok := n[name[:at]]
		if c != '.' || !ok {
			continue
		}
		part := name[at+1:]
		switch matrix, isMatrix := strings.CutPrefix(part, "transform."); {
		case isMatrix:
			part = "conv." + matrix + "_matrix"
		case layer == "classifier":
			part = "linear." + part
		case partNames[part] != "":
			part = partNames[part]
		}
		return layer + "." + part, nil
	}
	return "", fmt.Errorf("%w: OFA has no name for %s", ErrSupernet, name)
}

// take copies a tensor of PyTorch, whose axes are (out,in,height,width), to one of tailor, with
// (height,width,in,out).
func take(to supernet.Tensor, from tensorfile.Tensor) error {
	out, in, pixels := to.Shape[len(to.Shape)-1], 1, 1
	want := slices.Clone(to.Shape)
	switch kernel := strings.HasSuffix(from.Name, "_matrix"); {
	case kernel || len(to.Shape) == 1: // a matrix has the same axes in both
		out, pixels = 1, len(to.Data)
	case len(to.Shape) == 2:
		in = to.Shape[0]
		if want = []int{out, in}; len(from.Shape) == 4 {
			want = []int{out, in, 1, 1}
		}
	default: // a depthwise kernel has one input a channel
		if len(to.Shape) == 4 {
			in = to.Shape[2]
		}
		pixels = to.Shape[0] * to.Shape[1]
		want = []int{out, in, to.Shape[0], to.Shape[1]}
	}
	if !slices.Equal(from.Shape, want) {
		return fmt.Errorf("%w: tensor %s has shape %v, expected %v: check --space", ErrSupernet,
			from.Name, from.Shape, want)
	}
	for o := range out {
		for i := range in {
			for p := range pixels {
				v := from.Data[(o*in+i)*pixels+p]
				if v-v != 0 || v < 0 && strings.HasSuffix(from.Name, "running_var") {
					return fmt.Errorf("%w: tensor %s has the value %g, which cannot be",
						ErrSupernet, from.Name, v)
				}
				to.Data[(p*in+i)*out+o] = v
			}
		}
	}
	return nil
}
