package adopt

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/tailor-nas/tailor/supernet"
)

// Facts are what a network needs besides its weights, each with where it was taken from.
type Facts struct {
	Resolution Fact[int]
	Mean, Std  Fact[[]float32] // by channel, of values from 0 to 1
	BNEps      Fact[float64]
	Padding    Fact[supernet.Padding]
	Family     string   // what the network was recognised as
	Labels     []string // names of the classes, where the file has them

	// Taken is the part of a checkpoint that has the network, and Left are its other parts with
	// tensors: averages of the weights, a teacher, an optimiser's state. Both are empty where the
	// file has the network alone.
	Taken string
	Left  []string
}

// Fact is a value and its source: "the file", "family EfficientNet-Lite", "--bn-eps".
type Fact[T any] struct {
	Value T
	From  string // empty where nobody has said it
}

// fact is a value that a source says.
func fact[T any](value T, from string) Fact[T] { return Fact[T]{value, from} }

// Agree refuses a space that contradicts what the file says, or a flag.
func (a *Adopted) Agree(s *supernet.Space, o Options) error {
	side, padding := s.MaxResolution(), a.Facts.Padding
	fixed := a.Example != nil || o.Padding != nil
	switch {
	case o.Resolution != 0 && o.Resolution != side:
		return fmt.Errorf("--resolution is %d, and the largest resolution of space %s is %d: "+
			"leave the flag out, or edit the space", o.Resolution, s.Name, side)
	case fixed && padding.Value != s.Padding:
		return fmt.Errorf("padding is %s by %s, and %s by space %s: expected the same",
			PaddingText(padding.Value), padding.From, PaddingText(s.Padding), s.Name)
	}
	return nil
}

// PaddingText is a padding as --padding names it.
func PaddingText(p supernet.Padding) string { return cmp.Or(string(p), "symmetric") }

// Follow takes what a space that was edited says over what the file does.
func (f *Facts) Follow(s *supernet.Space) {
	f.Resolution = fact(s.MaxResolution(), "--space")
	if f.Padding.Value != s.Padding {
		f.Padding = fact(s.Padding, "--space")
	}
}

var (
	imageNetMean = []float32{0.485, 0.456, 0.406}
	imageNetStd  = []float32{0.229, 0.224, 0.225}
	half         = []float32{0.5, 0.5, 0.5}
	// liteMean and liteStd are of (x - 127) / 128 for bytes x.
	liteMean = []float32{127. / 255, 127. / 255, 127. / 255}
	liteStd  = []float32{128. / 255, 128. / 255, 128. / 255}
)

// facts are what networks of the family come with, by the library that they are of.
func (f *family) facts(n naming, net *Network, stages [][]*Block, file string) Facts {
	library, _, _ := strings.Cut(n.name, " ") // a naming may add a family: "torchvision MNASNet"
	name := f.name + " of " + library
	from := "family " + name
	side, known := f.sides[[2]int{len(net.Blocks), stages[min(4, len(stages)-1)][0].Project.Out}]
	if !known {
		side = 224
	}
	t := Facts{
		Family: name, Resolution: fact(side, from),
		Mean: fact(imageNetMean, from), Std: fact(imageNetStd, from), BNEps: fact(1e-5, from),
		Padding: fact(supernet.Padding(""), from),
	}
	lite := f.name == "EfficientNet-Lite"
	switch {
	case n.name == "lukemelas":
		t.BNEps.Value, t.Padding.Value = 1e-3, supernet.TFSame
		if lite {
			t.Mean.Value, t.Std.Value = liteMean, liteStd
		}
	case n.name == "timm" && portOfTF(file):
		t.tensorFlow(lite || strings.HasPrefix(f.name, "MobileNetV3"), from)
	case n.name == "torchvision MobileNetV3":
		t.BNEps.Value = 1e-3
	case n.name == "torchvision EfficientNet":
		t.torchvision(len(net.Blocks))
	}
	return t
}

// portOfTF says whether the name of a file is one of timm's for weights that were trained with
// TensorFlow: nothing inside the file tells.
func portOfTF(file string) bool { return strings.HasPrefix(filepath.Base(file), "tf_") }

// tensorFlow sets what timm says of such weights.
func (t *Facts) tensorFlow(halves bool, from string) {
	from += " and tf_ in the file's name"
	t.BNEps, t.Padding = fact(1e-3, from), fact(supernet.TFSame, from)
	if halves {
		t.Mean, t.Std = fact(half, from), fact(half, from)
	}
}

// torchvision sets what differs there: a larger epsilon from B5 on, and the side of B2.
func (t *Facts) torchvision(blocks int) {
	if blocks >= 39 {
		t.BNEps.Value = 1e-3
	}
	if t.Resolution.Value == 260 {
		t.Resolution.Value = 288
	}
}

// metadata is where facts are from that the metadata of an ONNX file says.
const metadata = "the file"

// checkTold checks what metadata says as the flags of the same are checked.
func (t *Facts) checkTold() error {
	for _, f := range []struct {
		name      string
		fact      Fact[[]float32]
		low, high float32
	}{{"mean", t.Mean, 0, 1}, {"std", t.Std, 1e-6, 10}} {
		for _, v := range f.fact.Value {
			if f.fact.From == metadata && !(v >= f.low && v <= f.high) {
				return fmt.Errorf("%w: the %s in its metadata is %v, expected numbers from %g to %g: "+
					"give --%s", ErrUnknown, f.name, f.fact.Value, f.low, f.high, f.name)
			}
		}
	}
	return nil
}

// CheckLabels checks names of classes in metadata as a file of them is checked.
func (t *Facts) CheckLabels() error {
	seen := map[string]int{}
	for i, name := range t.Labels {
		switch before, twice := seen[name]; {
		case strings.TrimSpace(name) == "":
			return fmt.Errorf("%w: class %d has no name in its metadata: give --labels FILE",
				ErrUnknown, i+1)
		case twice:
			return fmt.Errorf("%w: classes %d and %d are both called %.80q in its metadata: give "+
				"--labels FILE", ErrUnknown, before, i+1, name)
		}
		seen[name] = i + 1
	}
	return nil
}

// told takes what the metadata of an ONNX file that tailor wrote says.
func (t *Facts) told(properties map[string]string) {
	var mean, std []float32
	if json.Unmarshal([]byte(properties["mean"]), &mean) == nil &&
		json.Unmarshal([]byte(properties["std"]), &std) == nil {
		t.Mean, t.Std = fact(mean, metadata), fact(std, metadata)
	}
	var labels []string
	if json.Unmarshal([]byte(properties["labels"]), &labels) == nil {
		t.Labels = labels
	}
}
