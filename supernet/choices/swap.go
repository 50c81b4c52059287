package choices

// Swap is what a network takes in the place of what another one has: choices by their number, and
// resolutions by Len plus their index.
type Swap struct{ Out, In []int32 }

// Joint fills out with about by how much a prediction rises with each of some sets of swaps, whose
// choices are different ones.
type Joint func(sets [][]Swap, out []float64)

// Swap says what leads from one network to another. It is appended to room, which is given back.
func (n *Numbering) Swap(from, to *Taken, room []int32) (Swap, []int32) {
	begin := len(room)
	if from.Resolution != to.Resolution {
		room = append(room, int32(n.length+from.Resolution))
	}
	room = without(room, from.Numbers(), to.Numbers())
	middle := len(room)
	if from.Resolution != to.Resolution {
		room = append(room, int32(n.length+to.Resolution))
	}
	room = without(room, to.Numbers(), from.Numbers())
	return Swap{Out: room[begin:middle:middle], In: room[middle:len(room):len(room)]}, room
}

// without appends the numbers of a that b does not have. Both rise, as those of a network do.
func without(room, a, b []int32) []int32 {
	for _, number := range a {
		for len(b) > 0 && b[0] < number {
			b = b[1:]
		}
		if len(b) == 0 || b[0] != number {
			room = append(room, number)
		}
	}
	return room
}
