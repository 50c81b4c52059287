package search

import (
	"fmt"
	"slices"

	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

// vicinity says what is one choice away from a network: another resolution, width or depth, or
// another variant of a block.
type vicinity struct {
	*finder
	near        NearPredictor
	joint       JointPredictor // nil if it knows none
	limited     []Cost
	limits      []float64          // of these
	lines       [][]choices.Affine // by cost and resolution, nil of what is no sum over choices
	resolutions []optimize.Change

	// Used again and again: neighbours are many.
	taken        []choices.Taken
	bases, archs []supernet.Arch
	other        optimize.Genes
	swaps        [][]choices.Swap // by base, of its changes
	swapped      []int32          // what they are made of
	numbers      []int32          // by number, the number
	flat         []choices.Swap   // of sets
	sets         [][]choices.Swap
}

// guide tells the optimizer what is near, if the accuracy predictor knows.
func (f *finder) guide() *optimize.Guide {
	near := nearPredictor(f.Accuracy)
	if near == nil {
		return nil
	}
	v := &vicinity{finder: f, near: near}
	for _, c := range f.limited() {
		v.limit(c, c.Limited(f.Limits))
	}
	return v.guide()
}

// aboveLargest is the share of what the largest network costs up to which a front is looked for:
// by a predictor, others may cost a little more.
const aboveLargest = 1.1

// frontGuide is the guide of a front, whose cost is the last one.
func (f *finder) frontGuide() (*optimize.Guide, error) {
	low, high, err := f.span()
	if err != nil {
		return nil, err
	}
	v := &vicinity{finder: f, near: nearPredictor(f.Accuracy)}
	for _, c := range f.limited() {
		if c != f.cost {
			v.limit(c, c.Limited(f.Limits))
		}
	}
	most := min(aboveLargest*high, orInfinite(f.cost.Limited(f.Limits)))
	v.limit(f.cost, most)
	g := v.guide()
	g.Least = min(low/most, 1)
	return g, nil
}

// limit adds a cost with its limit.
func (v *vicinity) limit(c Cost, most float64) {
	v.limited, v.limits = append(v.limited, c), append(v.limits, most)
	v.lines = append(v.lines, v.linesOf(c))
}

func (v *vicinity) guide() *optimize.Guide {
	if hasJoint(v.near) {
		v.joint = v.near.(JointPredictor)
	}
	for i := range v.numbering.Len() {
		v.numbers = append(v.numbers, int32(i))
	}
	f := v.finder
	for _, r := range f.choicesOfResolution() {
		v.resolutions = append(v.resolutions, optimize.Change{
			Genes: []int{supernet.ResolutionGene}, To: []uint16{r}})
	}
	return &optimize.Guide{
		Near: v.fill, Joint: v.joint != nil, Costs: v.costs, Constraints: len(v.limited),
		Groups: f.layout.groups(), Apart: supernet.ResolutionGene,
		Choices: f.choicesOfResolution(),
	}
}

// hasJoint says whether a predictor knows what several choices are worth together.
func hasJoint(p NearPredictor) bool {
	j, ok := p.(JointPredictor)
	return ok && j.HasJoint()
}

// linesOf is a cost by index of the resolutions, as far as it is a sum over choices.
func (f *finder) linesOf(c Cost) (lines []choices.Affine) {
	of := map[Cost]*choices.Additive{MACs: f.macs, Params: f.params, Size: f.size}[c]
	sum, additive := f.predictorOf(c).(AdditiveCost)
	for _, r := range f.Space.Resolutions {
		switch {
		case of != nil:
			line := of.Affine(r)
			if c == Size {
				line.Constant += manifest.FileFrame
			}
			lines = append(lines, line)
		case additive:
			lines = append(lines, sum.Affine(r))
		}
	}
	return lines
}

// fill asks for all gradients together.
func (v *vicinity) fill(near []*optimize.Near) error {
	v.bases, v.taken = v.bases[:0], slices.Grow(v.taken[:0], len(near))[:len(near)]
	for i, n := range near {
		v.bases = append(v.bases, v.Space.Decode(n.Base))
		v.numbering.ReadGenes(n.Base, &v.taken[i])
	}
	about, joint, err := v.about()
	if err != nil {
		return fmt.Errorf("predict accuracy: %w", err)
	}
	v.swapped = v.swapped[:0]
	for len(v.swaps) < len(near) {
		v.swaps = append(v.swaps, nil)
	}
	for i, n := range near {
		v.swaps[i] = v.surround(n, &v.taken[i], about[i], v.swaps[i][:0])
		if n.Joint = nil; joint != nil {
			n.Joint = v.together(v.swaps[i], joint[i])
		}
		if err := v.compute(n); err != nil {
			return err
		}
	}
	return nil
}

// about is what the predictor says of networks near the bases.
func (v *vicinity) about() ([][]choices.Affine, []choices.Joint, error) {
	if v.joint != nil {
		return v.joint.NearJointly(v.bases)
	}
	lines, err := v.near.Near(v.bases)
	return lines, nil, err
}

// together tells of sets of changes, whose swaps these are.
func (v *vicinity) together(swaps []choices.Swap, of choices.Joint) func([][]int, []float64) {
	return func(sets [][]int, out []float64) {
		v.flat, v.sets = v.flat[:0], v.sets[:0]
		for _, set := range sets {
			for _, i := range set {
				v.flat = append(v.flat, swaps[i])
			}
		}
		rest := v.flat
		for _, set := range sets {
			v.sets = append(v.sets, rest[:len(set)])
			rest = rest[len(set):]
		}
		of(v.sets, out)
		for i := range out {
			out[i] = -out[i]
		}
	}
}

// surround fills in all but what costs rise by that are no sums over choices. It appends the swaps
// of the changes.
func (v *vicinity) surround(n *optimize.Near, t *choices.Taken, about []choices.Affine,
	swaps []choices.Swap) []choices.Swap {
	n.Changes, n.Rises, n.Costs = n.Changes[:0], n.Rises[:0], n.Costs[:0]
	n.Own = slices.Grow(n.Own[:0], len(v.limited))[:len(v.limited)]
	for k := range v.limited {
		if n.Own[k] = 0; v.lines[k] != nil {
			n.Own[k] = v.lines[k][t.Resolution].At(t)
		}
	}
	whole := func(all []optimize.Change) {
		for _, c := range all {
			swaps = v.whole(n, c, t, about, swaps)
		}
	}
	whole(v.resolutions)
	numbers := t.Numbers()
	at := len(numbers) // of the first block
	for i := range v.layout.parts {
		at -= v.layout.parts[i].depthOf(n.Base)
	}
	for i := range v.layout.parts {
		p := &v.layout.parts[i]
		whole(p.widths)
		if p.depth >= 0 {
			whole(p.deeper[n.Base[p.depth]])
		}
		depth := p.depthOf(n.Base)
		for j := range min(depth, len(p.blocks)) {
			swaps = v.rebuild(n, p.rebuilds[j], int(numbers[at+j]),
				p.variantOf(v.layout.sizes, j, n.Base), about[t.Resolution].Weights, t.Resolution,
				swaps)
		}
		at += depth
	}
	return swaps
}

// rebuild adds the changes of a block, whose number and variant they are: of all that is a sum over
// choices, one term is another.
func (v *vicinity) rebuild(n *optimize.Near, all []optimize.Change, number, variant int,
	worth []float64, resolution int, swaps []choices.Swap) []choices.Swap {
	for x, c := range all {
		if x == variant {
			continue
		}
		to := number + x - variant
		n.Changes = append(n.Changes, c)
		swaps = append(swaps, choices.Swap{Out: v.numbers[number:][:1], In: v.numbers[to:][:1]})
		n.Rises = append(n.Rises, worth[number]-worth[to])
		for k := range v.limited {
			rise := 0.0
			if v.lines[k] != nil {
				w := v.lines[k][resolution].Weights
				rise = w[to] - w[number]
			}
			n.Costs = append(n.Costs, rise)
		}
	}
	return swaps
}

// whole adds a change after which the whole network is read again, unless it changes nothing.
func (v *vicinity) whole(n *optimize.Near, c optimize.Change, t *choices.Taken,
	about []choices.Affine, swaps []choices.Swap) []choices.Swap {
	v.other = append(v.other[:0], n.Base...)
	c.Apply(v.other)
	if slices.Equal(v.other, n.Base) {
		return swaps
	}
	var to choices.Taken
	v.numbering.ReadGenes(v.other, &to)
	n.Changes = append(n.Changes, c)
	var swap choices.Swap
	swap, v.swapped = v.numbering.Swap(t, &to, v.swapped)
	swaps = append(swaps, swap)
	n.Rises = append(n.Rises, about[t.Resolution].At(t)-about[to.Resolution].At(&to))
	for k := range v.limited {
		rise := 0.0
		if v.lines[k] != nil {
			rise = v.lines[k][to.Resolution].At(&to) - n.Own[k]
		}
		n.Costs = append(n.Costs, rise)
	}
	return swaps
}

// compute fills in the costs that are no sums over choices, and makes shares of all.
func (v *vicinity) compute(n *optimize.Near) error {
	for k := range v.limited {
		if v.lines[k] == nil {
			if err := v.each(n, k); err != nil {
				return err
			}
		}
		n.Own[k] /= v.limits[k]
		for i := k; i < len(n.Costs); i += len(v.limited) {
			n.Costs[i] /= v.limits[k]
		}
	}
	return nil
}

// each computes a cost of the base and of all its neighbours.
func (v *vicinity) each(n *optimize.Near, k int) error {
	batch := []optimize.Genes{n.Base}
	for _, c := range n.Changes {
		g := slices.Clone(n.Base)
		c.Apply(g)
		batch = append(batch, g)
	}
	costs, err := v.of(v.limited[k], batch)
	if err != nil {
		return err
	}
	n.Own[k] = costs[0]
	for i, cost := range costs[1:] {
		n.Costs[i*len(v.limited)+k] = cost - costs[0]
	}
	return nil
}

// of is one of the costs of networks, exactly.
func (v *vicinity) of(c Cost, batch []optimize.Genes) ([]float64, error) {
	if c == Latency || c == Energy {
		v.archs = v.decode(v.archs, batch)
		return v.predict(c, v.archs)
	}
	all := make([]float64, len(batch))
	for i, g := range batch {
		var t choices.Taken
		v.numbering.ReadGenes(g, &t)
		all[i] = v.counts.one(c, &t)
	}
	return all, nil
}

// costs fills out, (batch, limited), with costs as shares of their limits.
func (v *vicinity) costs(batch []optimize.Genes, out []float64) error {
	for k, c := range v.limited {
		all, err := v.of(c, batch)
		if err != nil {
			return err
		}
		for i, cost := range all {
			out[i*len(v.limited)+k] = cost / v.limits[k]
		}
	}
	return nil
}
