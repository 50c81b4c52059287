package supernet

// Memory is how many bytes the activations of one image take at once at most, in float32, where a
// network runs step by step: what a step works on, its output, and what later ones still need. It
// is what the tensors of the network's TensorFlow Lite file need: an activation that is no option
// of an operator there is a step of its own, and so is padding that it does not know, and none
// works in place. Tailor's own engine joins these steps, and needs less.
func Memory(blocks []Block) (bytes int64) {
	for _, b := range blocks {
		bytes = max(bytes, b.Memory())
	}
	return bytes
}

// Memory is that of one block, and of a network the largest of its blocks': what is between two
// blocks is one tensor. It panics if the kind is unknown, as [Block.MustOps] does.
func (b Block) Memory() (bytes int64) {
	p := memoryPlan{lengths: []int64{int64(b.In.Len())}, lastUse: []int{0}}
	var given []int // the tensor that each operation gives
	for _, o := range b.MustOps() {
		args := make([]int, len(o.Args))
		for i, a := range o.Args {
			if a != BlockInput {
				args[i] = given[a]
			}
		}
		if padded := o.paddedLen(); padded > 0 {
			args[0] = p.step(padded, args[0])
		}
		given = append(given, p.activate(o.Act, p.step(int64(o.Out.Len()), args...)))
	}
	return 4 * p.most()
}

// memoryPlan is steps that give a tensor each, but for the first tensor, the input.
type memoryPlan struct {
	lengths []int64 // of tensors; the i-th is what step i gives
	lastUse []int   // the last step that works on it
}

// step adds one, and gives its tensor.
func (p *memoryPlan) step(length int64, args ...int) int {
	at := len(p.lengths)
	p.lengths, p.lastUse = append(p.lengths, length), append(p.lastUse, at)
	for _, a := range args {
		p.lastUse[a] = at
	}
	return at
}

// activate adds the steps of an activation that is no option of the operator before it.
func (p *memoryPlan) activate(act Act, x int) int {
	length := p.lengths[x]
	switch act {
	case HSwish, Sigmoid:
		return p.step(length, x)
	case HSigmoid:
		return p.step(length, p.step(length, x))
	case SiLU:
		return p.step(length, x, p.step(length, x))
	}
	return x
}

// most is the length of all tensors that are needed at once.
func (p *memoryPlan) most() (most int64) {
	for step := range p.lengths {
		sum := int64(0)
		for tensor := range step + 1 {
			if p.lastUse[tensor] >= step {
				sum += p.lengths[tensor]
			}
		}
		most = max(most, sum)
	}
	return most
}

// paddedLen is the number of values of the padded input, where the operation's padding is none that
// TensorFlow has: as many zeros as the windows need, the smaller half before. 0 elsewhere.
func (o Op) paddedLen() int64 {
	if o.Kernel == 0 {
		return 0
	}
	rows, columns := side{o.In.H, o.Out.H, o.Pads.Top}, side{o.In.W, o.Out.W, o.Pads.Left}
	if rows.plain(o) && columns.plain(o) || rows.same(o) && columns.same(o) {
		return 0
	}
	return int64(rows.padded(o)) * int64(columns.padded(o)) * int64(o.In.C)
}

// side is the height or the width of an operation: input, output, and zeros before the first.
type side struct{ in, out, before int }

// needed is what the windows cover.
func (s side) needed(o Op) int { return (s.out-1)*o.Stride + o.Kernel }

func (s side) padded(o Op) int { return s.in + s.before + max(s.needed(o)-s.in-s.before, 0) }

func (s side) plain(o Op) bool { return s.padded(o) == s.in }

func (s side) same(o Op) bool {
	return s.before == max(s.needed(o)-s.in, 0)/2 && s.out == (s.in+o.Stride-1)/o.Stride
}
