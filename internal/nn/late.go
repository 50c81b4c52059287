package nn

import "github.com/tailor-nas/tailor/internal/kernel"

// late is what waits for messages of the other ranks while the backward pass goes on. Each piece of
// work has steps, every one of which takes what a message brought and may send another; with each
// piece that is added the ones before it go one step further, on all ranks alike.
type late struct {
	work [][]func()
	free [][]float32
}

// add takes work whose first message is on its way.
func (l *late) add(steps ...func()) {
	l.advance()
	l.work = append(l.work, steps)
}

func (l *late) advance() {
	kept := l.work[:0]
	for _, steps := range l.work {
		steps[0]()
		if len(steps) > 1 {
			kept = append(kept, steps[1:])
		}
	}
	l.work = kept
}

// Finish ends the backward pass of a network: all its gradients are whole.
func (g *Graph) Finish() {
	for len(g.late.work) > 0 {
		g.late.advance()
	}
}

// take gives memory for n values, undefined; give takes it back.
func (l *late) take(n int) []float32 {
	last := len(l.free) - 1
	if last < 0 {
		return make([]float32, n)
	}
	v := l.free[last]
	l.free = l.free[:last]
	return grow(v, n)
}

func (l *late) give(v ...[]float32) { l.free = append(l.free, v...) }

// addParts adds the parts' weight gradients, of which those of this rank are given, in the order of
// the parts. Every rank does so for a segment of the weights, which all other ranks send it their
// parts of, and sends all of them the sum.
func (g *Graph) addParts(op reducer, own [][]float32) {
	group, size, l := g.share.group, len(own[0]), &g.late
	segments := partCuts(group, size, 1)
	from, to := segments[group.Rank()], segments[group.Rank()+1]
	out, in, sum := l.take(len(own)*size), l.take(g.share.parts*(to-from)), l.take(size)
	outCuts := make([]int, len(segments))
	at := 0
	for r := range group.Size() {
		outCuts[r] = at * floatBytes
		for _, part := range own {
			at += copy(out[at:], part[segments[r]:segments[r+1]])
		}
	}
	outCuts[group.Size()] = at * floatBytes
	wait := group.StartExchange(bytesOf(out), outCuts, bytesOf(in),
		partCuts(group, g.share.parts, (to-from)*floatBytes))
	l.add(func() {
		wait()
		op.rows(sum, func(grad, sum []float32) { copy(sum, grad) })
		for part := range g.share.parts {
			kernel.Add(sum[from:to], in[part*(to-from):][:to-from])
		}
		wait = group.StartGather(bytesOf(sum), partCuts(group, size, floatBytes))
	}, func() {
		wait()
		op.rows(sum, func(grad, sum []float32) { copy(grad, sum) })
		op.finish()
		l.give(out, in, sum)
	})
}
