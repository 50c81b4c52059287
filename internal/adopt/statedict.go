package adopt

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tailor-nas/tailor/supernet"
)

// FromStateDict makes a network of the tensors of a PyTorch state dict, by their names and shapes,
// with what its family is known for. file is the name of the file, for what it says of the network.
// Where there are tensors of several networks, one is chosen, and [Facts] say which.
func FromStateDict(file string, tensors []supernet.Tensor) (*Network, Facts, error) {
	var nearest error // of the library whose names the tensors have
	for _, n := range namings {
		d, ok := newDict(n, tensors)
		if !ok {
			continue
		}
		net, facts, err := d.network(file)
		if err == nil {
			facts.Taken, facts.Left = strings.TrimSuffix(d.prefix, "."), d.others
			return net, facts, nil
		}
		nearest = err
	}
	if nearest == nil {
		nearest = fmt.Errorf("its %d tensors have the names of no library that is known (%s): "+
			"export the model to ONNX (torch.onnx.export) and adopt that file", len(tensors),
			namingNames())
	}
	return nil, Facts{}, fmt.Errorf("%w: %w", ErrNetwork, nearest)
}

func namingNames() string {
	var names []string
	for _, n := range namings {
		names = append(names, n.name)
	}
	return strings.Join(names, ", ")
}

// dict is the tensors of a state dict that were not taken yet.
type dict struct {
	naming naming
	left   map[string]supernet.Tensor
	prefix string   // of the network's names in the file
	others []string // what else the file has
}

// newDict indexes the tensors without what all their names begin with, such as "module."; false if
// they are not named so.
func newDict(n naming, tensors []supernet.Tensor) (*dict, bool) {
	m, ok := memberOf(tensors, n)
	if !ok {
		return nil, false
	}
	maps.DeleteFunc(m.tensors, func(name string, _ supernet.Tensor) bool {
		return strings.HasSuffix(name, "num_batches_tracked")
	})
	d := &dict{naming: n, left: m.tensors, prefix: m.prefix, others: m.left}
	return d, len(n.parts(d.keys())) > 0
}

func (d *dict) keys() []string {
	keys := make([]string, 0, len(d.left))
	for key := range d.left {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// network takes all tensors apart into blocks, and gives the rest by family.
func (d *dict) network(file string) (*Network, Facts, error) {
	parts := d.naming.parts(d.keys())
	net := &Network{}
	shape := d.left[d.naming.stem.conv+".weight"].Shape
	stem, err := d.take("", d.naming.stem)
	if err != nil {
		return nil, Facts{}, err
	}
	if len(shape) != 4 || shape[1] > 4 || stem.Kernel < 3 || stem.Kernel%2 == 0 {
		return nil, Facts{}, fmt.Errorf("tensor %.80q has the shape %v, expected that of a "+
			"convolution of images: [channels,1 to 4,kernel,kernel], with an odd kernel from 3 on",
			stem.Where, shape)
	}
	net.Stem = stem.dense()
	var stages []int // of each block, as far as the names say
	if d.has("", separable) {
		parts = slices.Insert(parts, 0, part{at: []int{0, 0}})
	}
	for _, p := range parts {
		units := []unit(nil)
		if p.prefix == "" {
			units = separable
		} else if units, err = d.made(p.prefix); err != nil {
			return nil, Facts{}, err
		}
		convs, err := d.takeAll(p.prefix, units)
		if err != nil {
			return nil, Facts{}, err
		}
		if len(convs) == 1 { // a 1x1 convolution behind the blocks
			net.Expand = &convs[0]
			continue
		}
		b, err := blockOf(p.prefix, convs)
		if err != nil {
			return nil, Facts{}, err
		}
		net.Blocks, stages = append(net.Blocks, b), append(stages, p.at[0])
	}
	if err := d.head(net); err != nil {
		return nil, Facts{}, err
	}
	if keys := d.keys(); len(keys) > 0 {
		return nil, Facts{}, fmt.Errorf("tensor %.80q is of no part of a network of %s", keys[0],
			d.naming.name)
	}
	facts, err := d.naming.complete(net, stages, file)
	return net, facts, err
}

// has says whether the weights of all units are there.
func (d *dict) has(prefix string, units []unit) bool {
	for _, u := range units {
		if _, ok := d.left[prefix+u.conv+".weight"]; !ok {
			return false
		}
	}
	return true
}

// made says what a block is made of.
func (d *dict) made(prefix string) ([]unit, error) {
	weights := 0 // of convolutions
	for key, t := range d.left {
		if strings.HasPrefix(key, prefix) && len(t.Shape) == 4 {
			weights++
		}
	}
	for _, units := range d.naming.blocks {
		if len(units) == weights && d.has(prefix, units) {
			return units, nil
		}
	}
	return nil, fmt.Errorf("block %.80q is not made of what blocks of %s are", prefix,
		d.naming.name)
}

func (d *dict) takeAll(prefix string, units []unit) (all []Conv, err error) {
	for _, u := range units {
		c, err := d.take(prefix, u)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// take gives a convolution or fully connected layer with its batch norm.
func (d *dict) take(prefix string, u unit) (Conv, error) {
	key := prefix + u.conv + ".weight"
	w, ok := d.left[key]
	if !ok {
		return Conv{}, fmt.Errorf("tensor %.80q is missing", key)
	}
	delete(d.left, key)
	if err := checkTensor(w); err != nil {
		return Conv{}, err
	}
	c, err := convOf(w)
	if err != nil {
		return c, err
	}
	if c.Bias, err = d.vector(prefix+u.conv+".bias", c.Out, true); err != nil || u.norm == "" {
		return c, err
	}
	c.Norm = &Norm{}
	for _, v := range []struct {
		name string
		to   *[]float32
	}{{"weight", &c.Norm.Scale}, {"bias", &c.Norm.Shift}, {"running_mean", &c.Norm.Mean},
		{"running_var", &c.Norm.Var}} {
		if *v.to, err = d.vector(prefix+u.norm+"."+v.name, c.Out, false); err != nil {
			return c, err
		}
	}
	return c, nil
}

// vector takes a tensor of n values; nil where it may be missing, and is.
func (d *dict) vector(key string, n int, optional bool) ([]float32, error) {
	t, ok := d.left[key]
	if !ok && optional {
		return nil, nil
	}
	if !ok {
		return nil, fmt.Errorf("tensor %.80q is missing", key)
	}
	if !slices.Equal(t.Shape, []int{n}) || len(t.Data) != n {
		return nil, fmt.Errorf("tensor %.80q has the shape %v, expected [%d]", t.Name, t.Shape, n)
	}
	delete(d.left, key)
	return t.Data, checkTensor(t)
}

// convOf tells by its shape what a weight is: a fully connected layer, a dense or depthwise
// convolution.
func convOf(t supernet.Tensor) (Conv, error) {
	c := Conv{Where: t.Name, Weight: t.Data, Kernel: 1, Stride: 1}
	s := t.Shape
	if n, ok := product(s); !ok || n != len(t.Data) || len(s) != 2 && len(s) != 4 {
		return c, fmt.Errorf("tensor %.80q has the shape %v for %d values, which no layer has",
			t.Name, s, len(t.Data))
	}
	c.Out, c.In = s[0], s[1]
	if len(s) == 2 {
		return c, nil
	}
	if c.Kernel = s[2]; s[2] != s[3] {
		return c, fmt.Errorf("tensor %.80q has a kernel of %dx%d, expected a square one", t.Name,
			s[2], s[3])
	}
	if c.In == 1 && c.Out > 1 && c.Kernel > 1 {
		c.Depthwise, c.In = true, c.Out
	}
	return c, nil
}

// dense is a convolution that takes all channels: one of a single channel has the shape of a
// depthwise one, but the first of a network never is depthwise.
func (c Conv) dense() Conv {
	if c.Depthwise {
		c.Depthwise, c.In = false, 1
	}
	return c
}

// maxElements bounds the elements of one tensor.
const maxElements = 1 << 28

// product is the number of elements of a shape.
func product(shape []int) (n int, ok bool) {
	n = 1
	for _, d := range shape {
		if d < 1 || d > maxElements/n {
			return 0, false
		}
		n *= d
	}
	return n, true
}

// blockOf makes a block of its convolutions in order.
func blockOf(where string, convs []Conv) (Block, error) {
	b := Block{Where: where, Project: convs[len(convs)-1]}
	convs = convs[:len(convs)-1]
	if !convs[0].Depthwise {
		b.Expand, convs = &convs[0], convs[1:]
	}
	if len(convs) == 0 || !convs[0].Depthwise {
		return b, fmt.Errorf("block %.80q has no depthwise convolution where it is expected", where)
	}
	b.Depthwise, convs = convs[0], convs[1:]
	if len(convs) == 2 {
		b.Gate = &Gate{convs[0], convs[1]}
	}
	return b, b.check()
}

// check says whether the shapes of a block fit each other.
func (b *Block) check() error {
	mid := b.Depthwise.Out
	bad := b.Project.In != mid || b.Project.Kernel != 1 || b.Project.Depthwise
	if e := b.Expand; e != nil {
		bad = bad || e.Out != mid || e.Kernel != 1 || e.Depthwise
	}
	if g := b.Gate; g != nil {
		bad = bad || g.Reduce.In != mid || g.Expand.Out != mid || g.Reduce.Out != g.Expand.In ||
			g.Reduce.Kernel != 1 || g.Expand.Kernel != 1
	}
	if bad {
		return fmt.Errorf("the convolutions of block %.80q do not fit each other", b.Where)
	}
	return nil
}

// head takes what follows the blocks.
func (d *dict) head(net *Network) error {
	for _, units := range d.naming.heads {
		if !d.has("", units) {
			continue
		}
		if u := units[0]; u.norm != "" && !d.hasNorm(u) {
			continue
		}
		convs, err := d.takeAll("", units)
		if err != nil {
			return err
		}
		net.Classifier = convs[len(convs)-1]
		for i := range convs[:len(convs)-1] {
			if convs[i].Norm != nil {
				net.Expand = &convs[i]
			} else {
				net.Features = &convs[i]
			}
		}
		return nil
	}
	return fmt.Errorf("there is no classifier as networks of %s have it", d.naming.name)
}

func (d *dict) hasNorm(u unit) bool {
	_, ok := d.left[u.norm+".weight"]
	return ok
}
