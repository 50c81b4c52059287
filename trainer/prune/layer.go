package prune

import (
	"math"
	"slices"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
)

// layer is weights of which some are removed. What is removed together is a unit: a weight, a run
// of weights, a channel.
type layer interface {
	block() string // whose weights these are
	units() int
	size(unit int) int // weights in a unit
	live(unit int) int // of these, how many were not zero from the start
	// scores writes how large each unit is: the root of the mean square of its weights.
	scores(dst []float64)
	// measure writes the same of other values than its weights.
	measure(dst []float64, of func(*nn.Param) []float32)
	// mask makes the units that are gone zero, by value.
	mask(gone []bool)
	// masks are the values that are gone, by parameter, as mask has left them.
	masks() map[*nn.Param][]bool
	// recall writes which units are gone by the masks.
	recall(gone []bool)
	// lacked says whether all of a unit was zero from the start: it never comes back.
	lacked(unit int) bool
	// keep is how many units are left if want are wanted: at least so many, as the structure
	// allows.
	keep(want int) int
}

// matrix is a weight of which single values go, or runs along its last axis.
type matrix struct {
	name  string
	param *nn.Param
	run   int
	gone  []bool // by value
	lacks []bool // likewise: zero from the start
}

// newMatrix begins with what the weight lacks: what an earlier run removed stays so.
func newMatrix(w weights.Matrix, run int) *matrix {
	lacks := zeros(w.Param)
	return &matrix{name: w.Block, param: w.Param, run: run, gone: slices.Clone(lacks), lacks: lacks}
}

// zeros marks the values of a parameter that are zero.
func zeros(p *nn.Param) []bool {
	z := make([]bool, len(p.Data))
	for i, v := range p.Data {
		z[i] = v == 0
	}
	return z
}

func (m *matrix) block() string { return m.name }

func (m *matrix) out() int    { return m.param.Shape[len(m.param.Shape)-1] }
func (m *matrix) perRow() int { return (m.out() + m.run - 1) / m.run }
func (m *matrix) units() int  { return len(m.param.Data) / m.out() * m.perRow() }

// span is the values of a unit.
func (m *matrix) span(unit int) (from, to int) {
	row, at := unit/m.perRow()*m.out(), unit%m.perRow()*m.run
	return row + at, row + min(at+m.run, m.out())
}

func (m *matrix) size(unit int) int {
	from, to := m.span(unit)
	return to - from
}

func (m *matrix) live(unit int) (n int) {
	from, to := m.span(unit)
	for _, zero := range m.lacks[from:to] {
		if !zero {
			n++
		}
	}
	return n
}

func (m *matrix) scores(dst []float64) { m.measure(dst, itself) }

func itself(p *nn.Param) []float32   { return p.Data }
func gradient(p *nn.Param) []float32 { return p.Grad }

func (m *matrix) measure(dst []float64, of func(*nn.Param) []float32) {
	v := of(m.param)
	if m.run == 1 {
		for i, w := range v {
			dst[i] = math.Abs(float64(w))
		}
		return
	}
	for unit := range dst {
		from, to := m.span(unit)
		dst[unit] = rootMeanSquare(v[from:to])
	}
}

func rootMeanSquare(v []float32) float64 {
	var sum float64
	for _, w := range v {
		sum += float64(w) * float64(w)
	}
	return math.Sqrt(sum / float64(len(v)))
}

func (m *matrix) mask(gone []bool) {
	for unit, g := range gone {
		from, to := m.span(unit)
		for i := from; i < to; i++ {
			m.gone[i] = g || m.lacks[i]
			if g {
				m.param.Data[i], m.param.Momentum[i] = 0, 0
			}
		}
	}
}

func (m *matrix) recall(gone []bool) {
	for unit := range gone {
		from, to := m.span(unit)
		gone[unit] = !slices.Contains(m.gone[from:to], false)
	}
}

func (m *matrix) lacked(unit int) bool {
	from, to := m.span(unit)
	return !slices.Contains(m.lacks[from:to], false)
}

func (m *matrix) masks() map[*nn.Param][]bool { return map[*nn.Param][]bool{m.param: m.gone} }

// keep leaves at least one unit: a layer of zeros would cut the network.
func (m *matrix) keep(want int) int { return max(want, 1) }

// middle is the middle channels of a block.
type middle struct {
	channels weights.MiddleChannels
	of       supernet.Block
	// the L1 norm of the project convolution says how large a channel is, as in OFA; else all its
	// weights do
	byL1 bool
	gone map[*nn.Param][]bool
	// weights that are zero from the start, while their channel is not
	lacks map[*nn.Param][]bool
}

// newMiddle begins with the single weights that the channels lack.
func newMiddle(channels weights.MiddleChannels, of supernet.Block, byL1 bool) *middle {
	m := &middle{channels: channels, of: of, byL1: byL1, gone: map[*nn.Param][]bool{},
		lacks: map[*nn.Param][]bool{}}
	for _, member := range channels.Members {
		lacks := make([]bool, len(member.Param.Data))
		if member.Weight {
			lacks = zeros(member.Param)
		}
		m.gone[member.Param], m.lacks[member.Param] = slices.Clone(lacks), lacks
	}
	return m
}

func (m *middle) block() string { return m.channels.Block }
func (m *middle) units() int    { return m.channels.N }

func (m *middle) size(int) (n int) {
	for _, member := range m.channels.Members {
		if member.Weight {
			n += member.Size(m.channels.N)
		}
	}
	return n
}

func (m *middle) live(unit int) (n int) {
	for _, member := range m.channels.Members {
		if !member.Weight {
			continue
		}
		lacks := m.lacks[member.Param]
		member.Each(unit, m.channels.N, func(i int) {
			if !lacks[i] {
				n++
			}
		})
	}
	return n
}

func (m *middle) scores(dst []float64) {
	if m.byL1 {
		m.l1(dst)
		return
	}
	m.measure(dst, itself)
}

func (m *middle) measure(dst []float64, of func(*nn.Param) []float32) {
	clear(dst)
	for _, member := range m.channels.Members {
		if !member.Weight {
			continue
		}
		v := of(member.Param)
		for ch := range dst {
			member.Each(ch, m.channels.N, func(i int) { dst[ch] += float64(v[i]) * float64(v[i]) })
		}
	}
	size := float64(m.size(0)) // all channels have as many
	for ch := range dst {
		dst[ch] = math.Sqrt(dst[ch] / size)
	}
}

// l1 is the mean size of a channel's weights that rank it, those of the project convolution (Cai
// et al., ICLR 2020, section 3.3).
func (m *middle) l1(dst []float64) {
	clear(dst)
	for _, member := range m.channels.Members {
		if !member.Ranks {
			continue
		}
		for ch := range dst {
			member.Each(ch, m.channels.N,
				func(i int) {
					dst[ch] += math.Abs(float64(member.Param.Data[i])) /
						float64(member.Size(m.channels.N))
				})
		}
	}
}

func (m *middle) mask(gone []bool) {
	for _, member := range m.channels.Members {
		p, values, lacks := member.Param, m.gone[member.Param], m.lacks[member.Param]
		for ch, g := range gone {
			member.Each(ch, m.channels.N, func(i int) {
				values[i] = g || lacks[i]
				if g {
					p.Data[i], p.Momentum[i] = 0, 0
				}
			})
		}
	}
}

// recall looks at all values: single ones may be gone of a channel that is not.
func (m *middle) recall(gone []bool) {
	for ch := range gone {
		gone[ch] = true
		for _, member := range m.channels.Members {
			member.Each(ch, m.channels.N, func(i int) {
				gone[ch] = gone[ch] &&
					m.gone[member.Param][i]
			})
		}
	}
}

// lacked is never true: a channel that is zero can be cut out, as any other.
func (m *middle) lacked(int) bool { return false }

func (m *middle) masks() map[*nn.Param][]bool { return m.gone }

// keep leaves as many channels as the block can have.
func (m *middle) keep(want int) int {
	for _, n := range m.of.Mids() {
		if n >= want {
			return n
		}
	}
	return m.channels.N
}

// layersOf lists what a structure of a network can be removed from. Depthwise convolutions lose
// channels only: single zeros in them make nothing faster.
func layersOf(net *supernet.Subnet, c Config) []layer {
	var all []layer
	if weightless(net) {
		return nil
	}
	if c.Structure == supernet.Channels {
		for _, channels := range weights.Channels(net) {
			i := slices.IndexFunc(net.Blocks,
				func(b supernet.Block) bool { return b.Name == channels.Block })
			all = append(all, newMiddle(channels, net.Blocks[i], c.Method != SSGD))
		}
		return all
	}
	for _, w := range weights.Matrices(net) {
		run := max(c.Structure.Run(), 1)
		if run > 1 && (len(w.Param.Shape) != 2 || w.Param.Shape[1] < run) {
			continue
		}
		all = append(all, newMatrix(w, run))
	}
	return all
}
