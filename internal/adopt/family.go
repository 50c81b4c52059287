package adopt

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tailor-nas/tailor/supernet"
)

// family is what a state dict does not say, of networks of one design. Which one it is, shapes
// tell: most names are shared by several.
type family struct {
	name string
	// kernels and ratios are those of each stage's first block, stride of each stage; in all widths
	// and depths that are published.
	kernels []int
	ratios  []float64 // 0 for any
	gates   []bool    // squeeze-and-excitation, by stage
	strides []int
	act     supernet.Act
	// late is the activation from stage lateFrom on, of stem and head; empty where it is act.
	late     supernet.Act
	lateFrom int
	features bool // has a fully connected layer between mean and classifier
	gate     supernet.Act
	hidden   supernet.Act // of squeeze-and-excitation
	sides    map[[2]int]int
}

const (
	relu, relu6, hSwish = supernet.ReLU, supernet.ReLU6, supernet.HSwish
	silu, sigmoid       = supernet.SiLU, supernet.Sigmoid
)

func none(n int) []bool { return make([]bool, n) }

func all(n int) []bool { return slices.Repeat([]bool{true}, n) }

var (
	efficientKernels = []int{3, 3, 5, 3, 5, 5, 3}
	usualStrides     = []int{1, 2, 2, 2, 1, 2, 1}
	sixfold          = []float64{1, 6, 6, 6, 6, 6, 6}
)

// families are those that are known, by what tells them apart.
var families = []family{
	{
		name: "EfficientNet-Lite", kernels: efficientKernels, ratios: sixfold, gates: none(7),
		strides: usualStrides, act: relu6,
		sides: map[[2]int]int{{16, 112}: 224, {21, 112}: 240, {21, 120}: 260, {24, 136}: 280,
			{30, 160}: 300},
	},
	{
		name: "EfficientNet", kernels: efficientKernels, ratios: sixfold, gates: all(7),
		strides: usualStrides, act: silu, gate: sigmoid, hidden: silu,
		sides: map[[2]int]int{{16, 112}: 224, {23, 112}: 240, {23, 120}: 260, {26, 136}: 300,
			{32, 160}: 380, {39, 176}: 456, {45, 200}: 528, {55, 224}: 600},
	},
	{
		name: "MobileNetV2", kernels: []int{3, 3, 3, 3, 3, 3, 3}, ratios: sixfold, gates: none(7),
		strides: usualStrides, act: relu6,
	},
	{
		name: "MNASNet", kernels: []int{3, 3, 5, 5, 3, 5, 3},
		ratios: []float64{1, 3, 3, 6, 6, 6, 6}, gates: none(7), strides: usualStrides, act: relu,
	},
	{
		name: "MNASNet-A1", kernels: []int{3, 3, 5, 3, 3, 5, 3},
		ratios: []float64{1, 6, 3, 6, 6, 6, 6}, strides: usualStrides, act: relu, gate: sigmoid,
		hidden: relu, gates: []bool{false, false, true, false, true, true, false},
	},
	{
		name: "MobileNetV3-Large", kernels: []int{3, 3, 5, 3, 3, 5}, ratios: make([]float64, 6),
		gates: []bool{false, false, true, false, true, true}, strides: []int{1, 2, 2, 2, 1, 2},
		act: relu, late: hSwish, lateFrom: 3, features: true, gate: supernet.HSigmoid, hidden: relu,
	},
	{
		name: "MobileNetV3-Small", kernels: []int{3, 3, 5, 5, 5}, ratios: make([]float64, 5),
		gates: []bool{true, false, true, true, true}, strides: []int{2, 2, 2, 1, 2},
		act: relu, late: hSwish, lateFrom: 2, features: true, gate: supernet.HSigmoid, hidden: relu,
	},
	{
		name: "MobileNetV3-Large minimal", kernels: []int{3, 3, 3, 3, 3, 3},
		ratios: make([]float64, 6), gates: none(6), strides: []int{1, 2, 2, 2, 1, 2}, act: relu,
		features: true,
	},
	{
		name: "MobileNetV3-Small minimal", kernels: []int{3, 3, 3, 3, 3},
		ratios: make([]float64, 5), gates: none(5), strides: []int{2, 2, 2, 1, 2}, act: relu,
		features: true,
	},
}

// fits says whether a network, in stages, is of the family.
func (f *family) fits(n *Network, stages [][]*Block) bool {
	if len(stages) != len(f.kernels) || f.features != (n.Features != nil) {
		return false
	}
	for i, st := range stages {
		b := st[0]
		ratio := 1.0
		if b.Expand != nil {
			ratio = float64(b.mid()) / float64(b.in())
		}
		if b.Depthwise.Kernel != f.kernels[i] || (b.Gate != nil) != f.gates[i] ||
			f.ratios[i] != 0 && ratio != f.ratios[i] {
			return false
		}
	}
	return true
}

// stages groups the blocks: as the names number them, where these have numbers of stages; else at
// each change of width, or as often as MobileNetV2 and V3 repeat their blocks.
func (n *Network) stages(numbers []int, names naming) [][]*Block {
	var stages [][]*Block
	repeats := names.repeats[len(n.Blocks)]
	left := 0
	for i := range n.Blocks {
		b := &n.Blocks[i]
		begins := i == 0
		switch {
		case begins:
		case names.block.NumSubexp() > 1:
			begins = numbers[i] != numbers[i-1]
		case repeats != nil:
			begins = left == 0
		default:
			begins = b.Project.Out != n.Blocks[i-1].Project.Out
		}
		if begins {
			stages = append(stages, nil)
			if repeats != nil && len(stages) <= len(repeats) {
				left = repeats[len(stages)-1]
			}
		}
		left--
		last := len(stages) - 1
		stages[last] = append(stages[last], b)
	}
	return stages
}

// complete adds what the family is known for.
func (n naming) complete(net *Network, numbers []int, file string) (Facts, error) {
	stages := net.stages(numbers, n)
	i := slices.IndexFunc(families, func(f family) bool { return f.fits(net, stages) })
	if i < 0 {
		return Facts{}, fmt.Errorf("its tensors have the names of %s, but are of no family that "+
			"is known (%s): export the model to ONNX (torch.onnx.export), which says all of it, "+
			"and adopt that file", n.name, familyNames())
	}
	f := &families[i]
	f.apply(net, stages)
	return f.facts(n, net, stages, file), nil
}

func familyNames() string {
	var names []string
	for _, f := range families {
		names = append(names, f.name)
	}
	return strings.Join(names, ", ")
}

// apply sets activations, strides and shortcuts.
func (f *family) apply(n *Network, stages [][]*Block) {
	outer := f.act // of stem and head
	if f.late != "" {
		outer = f.late
	}
	n.Stem.Act, n.Stem.Stride = outer, 2
	for i, st := range stages {
		act := f.act
		if f.late != "" && i >= f.lateFrom {
			act = f.late
		}
		for j, b := range st {
			stride := 1
			if j == 0 {
				stride = f.strides[i]
			}
			b.set(act, stride)
			if b.Gate != nil {
				b.Gate.Reduce.Act, b.Gate.Expand.Act = f.hidden, f.gate
			}
		}
	}
	if n.Expand != nil {
		n.Expand.Act = outer
	}
	if n.Features != nil {
		n.Features.Act = outer
	}
}

// set gives a block its activation and stride, and the shortcut that follows.
func (b *Block) set(act supernet.Act, stride int) {
	if b.Expand != nil {
		b.Expand.Act = act
	}
	b.Depthwise.Act, b.Depthwise.Stride = act, stride
	b.Skip = stride == 1 && b.in() == b.Project.Out
}
