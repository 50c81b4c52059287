package adopt

import (
	"fmt"
	"slices"
)

// walk follows a graph from its input on.
type walk struct {
	*recogniser
	at int // the operation whose output comes next
}

// network takes a simplified graph for a stem, blocks and a head.
func (r *recogniser) network() (*Network, error) {
	w := walk{r, 0}
	net := &Network{}
	stem, err := w.activated()
	if err != nil {
		return nil, err
	}
	if stem.Depthwise || stem.Kernel < 3 || stem.Kernel%2 == 0 {
		return nil, fmt.Errorf("%s: expected a convolution of the image with an odd kernel from 3 on",
			stem.Where)
	}
	net.Stem = *stem
	for {
		b, more, err := w.block()
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
		net.Blocks = append(net.Blocks, b)
	}
	if len(net.Blocks) == 0 {
		return nil, w.unexpected(w.only(), "the first convolution of a block")
	}
	return net, w.head(net)
}

// only is the one operation that takes the current value; nil if there are more, or none.
func (w *walk) only() *op {
	if users := w.ops[w.at].users; len(users) == 1 {
		return &w.ops[users[0]]
	}
	return nil
}

// unexpected names what is there in the place of something.
func (w *walk) unexpected(o *op, want string) error {
	if o == nil {
		return fmt.Errorf("%d operators take the output of %s, expected %s alone",
			len(w.ops[w.at].users), w.ops[w.at].label, want)
	}
	return fmt.Errorf("%s, after %s: expected %s", o.label, w.ops[w.at].label, want)
}

// next steps over the one operation that takes the current value, if it is of a kind.
func (w *walk) next(kind opKind, want string) (*op, error) {
	users := w.ops[w.at].users
	if len(users) != 1 {
		return nil, w.unexpected(nil, want)
	}
	o := &w.ops[users[0]]
	if o.kind != kind {
		return nil, w.unexpected(o, want)
	}
	w.at = users[0]
	return o, nil
}

// activated is a convolution and its activation.
func (w *walk) activated() (*Conv, error) {
	o, err := w.next(opConv, "a convolution")
	if err != nil {
		return nil, err
	}
	return o.conv, w.act(o.conv)
}

// act steps over the activation of a convolution.
func (w *walk) act(c *Conv) error {
	a, err := w.next(opAct, "its activation")
	if err != nil {
		return err
	}
	c.Act = a.act
	return nil
}

// main is the operation that takes the current value on the way through a block: the other one is
// the sum at its end.
func (w *walk) main() (at int, shortcut bool) {
	users := w.ops[w.at].users
	if len(users) == 1 {
		return users[0], false
	}
	if len(users) == 2 {
		for i, u := range users {
			if w.ops[u].kind == opAdd && w.ops[users[1-i]].kind != opAdd {
				return users[1-i], true
			}
		}
	}
	return -1, false
}

// block is the next block; more is false where the head begins.
func (w *walk) block() (b Block, more bool, err error) {
	begin := w.at
	first, shortcut := w.main()
	if first < 0 {
		return b, false, w.unexpected(nil, "a block, perhaps with a shortcut,")
	}
	o := &w.ops[first]
	if o.kind != opConv || !o.conv.Depthwise && w.meansAfter(first) {
		return b, false, nil
	}
	b.Where = o.label
	if !o.conv.Depthwise {
		w.at, b.Expand = first, o.conv
		if o.conv.Kernel != 1 {
			return b, false, fmt.Errorf("%s: a dense convolution with a kernel of %d within the "+
				"network: blocks have them of 1", o.label, o.conv.Kernel)
		}
		if err := w.act(o.conv); err != nil {
			return b, false, err
		}
		if first, err = w.follow(opConv, "a depthwise convolution"); err != nil {
			return b, false, err
		}
	}
	if err := w.depthwise(&b, first); err != nil {
		return b, false, err
	}
	p, err := w.next(opConv, "the 1x1 convolution that ends a block")
	if err != nil {
		return b, false, err
	}
	b.Project = *p.conv
	if shortcut {
		if err := w.shortcut(begin, b.Where); err != nil {
			return b, false, err
		}
		b.Skip = true
	}
	return b, true, b.checkGraph()
}

// follow is the place of the one operation that takes the current value.
func (w *walk) follow(kind opKind, want string) (int, error) {
	at := w.at
	if _, err := w.next(kind, want); err != nil {
		return 0, err
	}
	next := w.at
	w.at = at
	return next, nil
}

// meansAfter says whether a convolution and its activation end in the mean over pixels.
func (w *walk) meansAfter(at int) bool {
	for range 2 {
		users := w.ops[at].users
		if len(users) != 1 {
			return false
		}
		if at = users[0]; w.ops[at].kind == opMean {
			return true
		}
	}
	return false
}

// depthwise takes the depthwise convolution and the gate, if there is one.
func (w *walk) depthwise(b *Block, at int) error {
	o := &w.ops[at]
	if !o.conv.Depthwise {
		return w.unexpected(o, "a depthwise convolution")
	}
	w.at, b.Depthwise = at, *o.conv
	if err := w.act(&b.Depthwise); err != nil {
		return err
	}
	if len(w.ops[w.at].users) == 1 {
		return nil
	}
	return w.gate(b)
}

// gate takes squeeze-and-excitation: mean, two layers, each with an activation, and the product.
func (w *walk) gate(b *Block) error {
	begin := w.at
	users := w.ops[w.at].users
	i := slices.IndexFunc(users, func(u int) bool { return w.ops[u].kind == opMean })
	if len(users) != 2 || i < 0 || w.ops[users[1-i]].kind != opMultiply {
		return w.unexpected(nil, "squeeze-and-excitation (a mean and a product), or the next "+
			"convolution")
	}
	w.at = users[i]
	g := &Gate{}
	for _, to := range []*Conv{&g.Reduce, &g.Expand} {
		c, err := w.activated()
		if err != nil {
			return err
		}
		*to = *c
	}
	m, err := w.next(opMultiply, "the product with the gate")
	if err != nil {
		return err
	}
	if !slices.Contains(m.args, begin) {
		return w.unexpected(m, "the product with the gate")
	}
	b.Gate = g
	return nil
}

// shortcut steps over the sum at the end of a block with its beginning.
func (w *walk) shortcut(begin int, where string) error {
	s, err := w.next(opAdd, "the sum with the input of the block that begins with "+where)
	if err != nil {
		return err
	}
	if !slices.Contains(s.args, begin) {
		return w.unexpected(s, "the sum with the input of the block that begins with "+where)
	}
	return nil
}

// head takes what follows the blocks.
func (w *walk) head(net *Network) (err error) {
	first, _ := w.main()
	if first >= 0 && w.ops[first].kind == opConv {
		if net.Expand, err = w.activated(); err != nil {
			return err
		}
	}
	if _, err := w.next(opMean, "the mean over all pixels"); err != nil {
		return err
	}
	o, err := w.next(opConv, "a fully connected layer")
	if err != nil {
		return err
	}
	if w.at != w.output {
		net.Features = o.conv
		if err := w.act(o.conv); err != nil {
			return err
		}
		if o, err = w.next(opConv, "the classifier, a fully connected layer"); err != nil {
			return err
		}
	}
	net.Classifier = *o.conv
	if w.at != w.output {
		return w.unexpected(w.only(), "no more after the classifier")
	}
	return net.checkHead()
}
