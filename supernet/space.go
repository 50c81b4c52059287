package supernet

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"slices"
)

// Limits of a space. They bound the size of [Arch], which is a comparable value.
const (
	MaxStages = 12 // elastic stages
	MaxBlocks = 48 // elastic blocks
)

// Space says which networks exist: a stem, stages of MBConv blocks, a head, and for each stage
// which depths, kernels and expand ratios may be chosen. Make one with [Builtin], [LoadSpace] or
// [ParseSpace]; it is not changed afterwards.
type Space struct {
	Name            string  `yaml:"name" json:"name"`
	Title           string  `yaml:"title" json:"title,omitempty"`
	Classes         int     `yaml:"classes" json:"classes"`
	Channels        int     `yaml:"channels" json:"channels"`
	Resolutions     []int   `yaml:"resolutions" json:"resolutions"`
	WidthMultiplier float64 `yaml:"width_multiplier" json:"width_multiplier"`
	// ChannelDivisor is what every channel count is rounded to a multiple of; 0 is 8.
	ChannelDivisor int `yaml:"channel_divisor" json:"channel_divisor,omitempty"`
	// KernelTransform makes a smaller depthwise kernel a learned linear map of the centre of the
	// next larger one, as OFA does (Cai et al., ICLR 2020, section 3.3); without it a smaller
	// kernel is the plain centre crop.
	KernelTransform bool    `yaml:"kernel_transform" json:"kernel_transform"`
	BNEps           float64 `yaml:"bn_eps" json:"bn_eps"`
	// of convolutions with stride 2
	Padding Padding `yaml:"padding" json:"padding,omitempty"`
	Stem    Stem    `yaml:"stem" json:"stem"`
	Stages  []Stage `yaml:"stages" json:"stages"`
	Head    Head    `yaml:"head" json:"head"`

	geneIndex geneIndex
}

// Stem is the first convolution.
type Stem struct {
	Kernel int `yaml:"kernel" json:"kernel,omitempty"` // 0 is 3
	Width  int `yaml:"width" json:"width"`
	Stride int `yaml:"stride" json:"stride"`
	Act    Act `yaml:"act" json:"act"`
}

// Stage is a run of MBConv blocks of one output width; its first block has the stride, the others
// have shortcuts. A stage with a single choice of everything is fixed: it has no genes and does not
// appear in an arch.
type Stage struct {
	Width  int        `yaml:"width" json:"width"`
	Stride int        `yaml:"stride" json:"stride"`
	Act    Act        `yaml:"act" json:"act"`
	SE     Excitation `yaml:"se" json:"se,omitzero"`
	Depth  []int      `yaml:"depth" json:"depth"`
	Kernel []int      `yaml:"kernel" json:"kernel"`
	Expand []float64  `yaml:"expand" json:"expand,omitempty"`
	// ExpandByDepth couples depth and width (CompOFA, Sahni et al., ICLR 2021): the depth chosen
	// decides the expand ratio of every block of the stage. It replaces Expand.
	ExpandByDepth map[int]float64 `yaml:"expand_by_depth" json:"expand_by_depth,omitempty"`
}

// Head is what follows the stages: an optional 1x1 convolution with batch norm to Expand channels,
// global mean pooling, an optional 1x1 convolution to Features channels without batch norm, and
// without bias unless FeaturesBias is set, and the linear classifier.
type Head struct {
	Expand   int     `yaml:"expand" json:"expand,omitempty"`
	Features int     `yaml:"features" json:"features,omitempty"`
	Act      Act     `yaml:"act" json:"act"`
	Dropout  float64 `yaml:"dropout" json:"dropout,omitempty"`
	// FeaturesBias gives the features a bias, as MobileNetV3 of PyTorch has it.
	FeaturesBias bool `yaml:"features_bias" json:"features_bias,omitempty"`
}

// geneIndex is where each stage's genes stand in an Arch; -1 for a fixed stage.
type geneIndex struct {
	depth  []int // by stage: index into Arch.Depth
	block  []int // by stage: index of its first block in Arch.Kernel and Arch.Expand
	stages int   // elastic stages
	blocks int   // elastic blocks at full depth
}

func (s *Stage) maxDepth() int { return slices.Max(s.Depth) }

func (s *Stage) fixed() bool {
	return len(s.Depth) == 1 && len(s.Kernel) == 1 && len(s.expands()) == 1
}

// expands lists the ratios that any block of the stage may have, ascending.
func (s *Stage) expands() []float64 {
	if s.ExpandByDepth == nil {
		return s.Expand
	}
	var all []float64
	for _, d := range s.Depth {
		if e := s.ExpandByDepth[d]; !slices.Contains(all, e) {
			all = append(all, e)
		}
	}
	slices.Sort(all)
	return all
}

// arrange sorts the choices and computes the index of genes; the space has been validated.
func (s *Space) arrange() {
	slices.Sort(s.Resolutions)
	l := geneIndex{}
	for i := range s.Stages {
		st := &s.Stages[i]
		slices.Sort(st.Depth)
		slices.Sort(st.Kernel)
		slices.Sort(st.Expand)
		if st.fixed() {
			l.depth, l.block = append(l.depth, -1), append(l.block, -1)
			continue
		}
		l.depth, l.block = append(l.depth, l.stages), append(l.block, l.blocks)
		l.stages++
		l.blocks += st.maxDepth()
	}
	s.geneIndex = l
}

// For gives the same space for another number of classes and input channels, as a dataset needs it.
func (s *Space) For(classes, channels int) *Space {
	c := *s
	c.Classes, c.Channels = classes, channels
	return &c
}

// MaxResolution is the largest input side in pixels.
func (s *Space) MaxResolution() int { return s.Resolutions[len(s.Resolutions)-1] }

// SHA256 identifies the space by what it contains, not by its name or title.
func (s *Space) SHA256() string {
	c := *s
	c.Name, c.Title = "", ""
	text, err := json.Marshal(&c)
	if err != nil {
		panic("supernet: a space cannot fail to marshal")
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Count is the exact number of distinct networks, over all resolutions.
func (s *Space) Count() *big.Int {
	total := big.NewInt(int64(len(s.Resolutions)))
	for i := range s.Stages {
		st := &s.Stages[i]
		perBlock := int64(len(st.Kernel))
		if st.ExpandByDepth == nil {
			perBlock *= int64(len(st.Expand))
		}
		sum := new(big.Int)
		for _, d := range st.Depth {
			sum.Add(sum, new(big.Int).Exp(big.NewInt(perBlock), big.NewInt(int64(d)), nil))
		}
		total.Mul(total, sum)
	}
	return total
}

// MakeDivisible rounds v to the nearest multiple of divisor, at least divisor, and not more than 10
// % below v. It is the rule of the MobileNet family, which fixes every channel count.
func MakeDivisible(v float64, divisor int) int {
	n := max(divisor, int(v+float64(divisor)/2)/divisor*divisor)
	if float64(n) < 0.9*v {
		n += divisor
	}
	return n
}

// channelDivisor is what every channel count of the shipped families is a multiple of.
const channelDivisor = 8

// divisor is what the channel counts of the space are multiples of.
func (s *Space) divisor() int {
	if s.ChannelDivisor == 0 {
		return channelDivisor
	}
	return s.ChannelDivisor
}

// stemKernel is the side of the first convolution's kernel.
func (s *Space) stemKernel() int {
	if s.Stem.Kernel == 0 {
		return 3
	}
	return s.Stem.Kernel
}

// width applies the width multiplier to a base channel count.
func (s *Space) width(base int) int {
	return MakeDivisible(float64(base)*s.WidthMultiplier, s.divisor())
}
