package adopt

import (
	"regexp"
	"slices"
	"strconv"
)

// naming is how a library of models calls the tensors of its state dicts.
type naming struct {
	name  string
	stem  unit
	block *regexp.Regexp // the beginning of a block's keys, with the numbers that order blocks
	// blocks lists what a block may be made of, in order of execution. The first that accounts for
	// all tensors of a block is it.
	blocks [][]unit
	// heads lists what may follow the blocks, the classifier last.
	heads [][]unit
	// repeats is how many blocks each stage has, by the number of all, where the names have no
	// numbers of stages; else a stage begins at each change of width.
	repeats map[int][]int
}

// unit is a convolution, by the beginning of the names of its tensors, and its batch norm; empty
// without.
type unit struct{ conv, norm string }

// namings are those of the usual libraries.
var namings = []naming{
	{
		name: "lukemelas", stem: unit{"_conv_stem", "_bn0"},
		block: regexp.MustCompile(`^_blocks\.(\d{1,3})\.`),
		blocks: [][]unit{
			{{"_expand_conv", "_bn0"}, {"_depthwise_conv", "_bn1"}, {"_project_conv", "_bn2"}},
			{{"_expand_conv", "_bn0"}, {"_depthwise_conv", "_bn1"}, {"_se_reduce", ""},
				{"_se_expand", ""}, {"_project_conv", "_bn2"}},
			{{"_depthwise_conv", "_bn1"}, {"_project_conv", "_bn2"}},
			{{"_depthwise_conv", "_bn1"}, {"_se_reduce", ""}, {"_se_expand", ""},
				{"_project_conv", "_bn2"}},
		},
		heads: [][]unit{{{"_conv_head", "_bn1"}, {"_fc", ""}}},
	},
	{
		name: "timm", stem: unit{"conv_stem", "bn1"},
		block: regexp.MustCompile(`^blocks\.(\d{1,3})\.(\d{1,3})\.`),
		blocks: [][]unit{
			{{"conv_pw", "bn1"}, {"conv_dw", "bn2"}, {"conv_pwl", "bn3"}},
			{{"conv_pw", "bn1"}, {"conv_dw", "bn2"}, {"se.conv_reduce", ""}, {"se.conv_expand", ""},
				{"conv_pwl", "bn3"}},
			{{"conv_dw", "bn1"}, {"conv_pw", "bn2"}},
			{{"conv_dw", "bn1"}, {"se.conv_reduce", ""}, {"se.conv_expand", ""},
				{"conv_pw", "bn2"}},
			{{"conv", "bn1"}}, // a 1x1 convolution, which MobileNetV3 has last
		},
		heads: [][]unit{{{"conv_head", "bn2"}, {"classifier", ""}},
			{{"conv_head", ""}, {"classifier", ""}}},
	},
	{
		name: "torchvision MobileNetV2", stem: unit{"features.0.0", "features.0.1"},
		block: regexp.MustCompile(`^features\.(\d{1,3})\.conv\.`),
		blocks: [][]unit{
			{{"0.0", "0.1"}, {"1.0", "1.1"}, {"2", "3"}},
			{{"0.0", "0.1"}, {"1", "2"}},
		},
		heads:   [][]unit{{{"features.18.0", "features.18.1"}, {"classifier.1", ""}}},
		repeats: map[int][]int{17: {1, 2, 3, 4, 3, 3, 1}},
	},
	{
		name: "torchvision MobileNetV3", stem: unit{"features.0.0", "features.0.1"},
		block: regexp.MustCompile(`^features\.(\d{1,3})\.block\.`),
		blocks: [][]unit{
			{{"0.0", "0.1"}, {"1.0", "1.1"}, {"2.0", "2.1"}},
			{{"0.0", "0.1"}, {"1.0", "1.1"}, {"2.fc1", ""}, {"2.fc2", ""}, {"3.0", "3.1"}},
			{{"0.0", "0.1"}, {"1.0", "1.1"}},
			{{"0.0", "0.1"}, {"1.fc1", ""}, {"1.fc2", ""}, {"2.0", "2.1"}},
		},
		heads: [][]unit{
			{{"features.16.0", "features.16.1"}, {"classifier.0", ""}, {"classifier.3", ""}},
			{{"features.12.0", "features.12.1"}, {"classifier.0", ""}, {"classifier.3", ""}},
		},
		repeats: map[int][]int{15: {1, 2, 3, 4, 2, 3}, 11: {1, 2, 3, 2, 3}},
	},
	{
		name: "torchvision EfficientNet", stem: unit{"features.0.0", "features.0.1"},
		block: regexp.MustCompile(`^features\.(\d{1,3})\.(\d{1,3})\.block\.`),
		blocks: [][]unit{
			{{"0.0", "0.1"}, {"1.0", "1.1"}, {"2.fc1", ""}, {"2.fc2", ""}, {"3.0", "3.1"}},
			{{"0.0", "0.1"}, {"1.fc1", ""}, {"1.fc2", ""}, {"2.0", "2.1"}},
		},
		heads: [][]unit{{{"features.8.0", "features.8.1"}, {"classifier.1", ""}}},
	},
	{
		name: "torchvision MNASNet", stem: unit{"layers.0", "layers.1"},
		block: regexp.MustCompile(`^layers\.(\d{1,3})\.(\d{1,3})\.layers\.`),
		blocks: [][]unit{
			{{"0", "1"}, {"3", "4"}, {"6", "7"}},
		},
		heads: [][]unit{{{"layers.14", "layers.15"}, {"classifier.1", ""}}},
	},
}

// separable are the first block of MNASNet, whose tensors stand beside those of the stem.
var separable = []unit{{"layers.3", "layers.4"}, {"layers.6", "layers.7"}}

// part is a block of a state dict: where its keys begin, and the numbers in that beginning.
type part struct {
	prefix string
	at     []int
}

// parts lists the blocks of a state dict in their order.
func (n naming) parts(keys []string) []part {
	var all []part
	seen := map[string]bool{}
	for _, key := range keys {
		m := n.block.FindStringSubmatch(key)
		if m == nil || seen[m[0]] {
			continue
		}
		seen[m[0]] = true
		p := part{prefix: m[0]}
		for _, digits := range m[1:] {
			i, _ := strconv.Atoi(digits) // at most three digits
			p.at = append(p.at, i)
		}
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b part) int { return slices.Compare(a.at, b.at) })
	return all
}
