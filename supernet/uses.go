package supernet

import (
	"fmt"
	"slices"
	"strings"
)

// EachUse tells of the weights that a network of the space works with: n values from one on, of the
// tensor of a name in [Supernet.Tensors]. The gradient of its loss reaches no others.
func (s *Supernet) EachUse(blocks []Block, visit func(name string, from, n int)) {
	shapes := map[string][]int{}
	for _, p := range s.params.List {
		shapes[p.Name] = p.Shape
	}
	for _, b := range blocks {
		for _, o := range b.MustOps() {
			u := uses{shapes, visit}
			switch {
			case o.Kind == OpDepthwise:
				u.depthwise(o, s.derivation(b))
			case len(o.WeightShape()) == 4:
				u.kernel(o.Weight, o.WeightShape())
			case o.Weight != "":
				u.leading(o.Weight, o.WeightShape())
			}
			if o.Bias != "" {
				u.leading(o.Bias, []int{o.Out.C})
			}
			if o.Norm != "" {
				u.leading(o.Norm+".weight", []int{o.Out.C})
				u.leading(o.Norm+".bias", []int{o.Out.C})
			}
		}
	}
}

// derivation is the sides of the kernels that the block's is made of by learned maps, largest
// first; of the block's alone where it is none of them.
func (s *Supernet) derivation(b Block) (sides []int) {
	if s.Space.KernelTransform {
		for _, side := range slices.Backward(s.kernels[b.Name]) {
			if side > b.Kernel {
				sides = append(sides, side)
			}
		}
	}
	return append(sides, b.Kernel)
}

// uses tells of parts of tensors of these shapes.
type uses struct {
	shapes map[string][]int
	visit  func(name string, from, n int)
}

// leading is the leading corner of a vector or a matrix.
func (u uses) leading(name string, part []int) {
	if len(part) == 1 {
		u.visit(name, 0, part[0])
		return
	}
	for row := range part[0] {
		u.visit(name, row*u.shapes[name][1], part[1])
	}
}

// kernel is the leading channels of a dense kernel, (side,side,in,out).
func (u uses) kernel(name string, part []int) {
	full := u.shapes[name]
	for tap := range part[0] * part[1] {
		for in := range part[2] {
			u.visit(name, (tap*full[2]+in)*full[3], part[3])
		}
	}
}

// depthwise is the centre of the kernel, and of each map what leads to the centre of the next.
func (u uses) depthwise(o Op, sides []int) {
	full := u.shapes[o.Weight]
	side := sides[min(1, len(sides)-1)] // the first map takes all of its centre
	for _, tap := range centreOf(full[0], side) {
		u.visit(o.Weight, tap*full[2], o.In.C)
	}
	for i := 1; i < len(sides); i++ {
		next := sides[min(i+1, len(sides)-1)]
		name := fmt.Sprintf("%s.transform.%dto%d", strings.TrimSuffix(o.Weight, ".weight"),
			sides[i-1], sides[i])
		for _, row := range centreOf(sides[i], next) {
			u.visit(name, row*sides[i]*sides[i], sides[i]*sides[i])
		}
	}
}

// centreOf lists the places of a square kernel that are in its centre of a side.
func centreOf(full, side int) (places []int) {
	o := (full - side) / 2
	for i := range side * side {
		places = append(places, (o+i/side)*full+o+i%side)
	}
	return places
}
