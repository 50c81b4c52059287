package weights

import "github.com/tailor-nas/tailor/internal/nn"

// Matrix is a weight that pruning may take values from.
type Matrix struct {
	Block string // name of its block
	Param *nn.Param
}

// Matrices lists the weights of dense and 1x1 convolutions, (height,width,in,out) and (in,out), and
// of linear layers, those of squeeze-and-excitation among them: all that have a column for each
// output channel and a value for each input. Depthwise kernels have none. The network is one that
// stands alone.
func Matrices(n Network) []Matrix { return n.held().matrices() }

// MiddleChannels is the middle channels of an mbconv block of a network that stands alone, each
// with everything that belongs to it: a column of the expand convolution, a filter of the depthwise
// one, a row of the project convolution, entries of batch norm and of squeeze-and-excitation. If
// all that is zero, the network is the same as without the channel.
type MiddleChannels struct {
	Block   string // name of the block
	N       int    // how many there are
	Members []ChannelMember
}

// Channels lists the middle channels of all blocks that have some of their own: those with an
// expand convolution. Without one the middle channels are the block's input, which others share.
func Channels(n Network) []MiddleChannels { return n.held().channels() }

// ChannelMember is a tensor whose first or last axis is the middle channels.
type ChannelMember struct {
	Param *nn.Param
	First bool // the first axis; else the last
	// Weight says that these are weights of a convolution or linear layer: what counts when
	// channels are compared. The others are batch norm's and biases.
	Weight bool
	// Ranks says that the sizes of these weights order the channels by importance, as the l1
	// method of pruning does.
	Ranks bool
}

// Size is the number of values of each channel.
func (m ChannelMember) Size(n int) int { return len(m.Param.Data) / n }

// Each calls f with the index of every value of a channel.
func (m ChannelMember) Each(channel, n int, f func(i int)) {
	size := m.Size(n)
	from, step := channel, n
	if m.First {
		from, step = channel*size, 1
	}
	for range size {
		f(from)
		from += step
	}
}
