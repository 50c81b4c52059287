package data

import (
	"math/rand/v2"

	"github.com/tailor-nas/tailor/internal/augment"
)

// edits does with the images of a slot what a recipe says. Its methods do nothing on nil.
type edits struct {
	recipe         augment.Recipe
	seed           uint64
	size, channels int
	editor         *augment.Editor
	pcg            rand.PCG
	random         *rand.Rand // of pcg
	first          []float32  // the first image of a batch that is mixed
	others         []int32
}

// newEdits gives nil for a recipe that asks for nothing but shift and flip.
func newEdits(r augment.Recipe, seed uint64, size, channels int) *edits {
	if !r.Edits() && !r.Mixes() && r.Erase == 0 {
		return nil
	}
	e := &edits{recipe: r, seed: seed, size: size, channels: channels,
		editor: augment.NewEditor(r, size, channels)}
	e.random = rand.New(&e.pcg)
	if r.Mixes() {
		e.first = make([]float32, size*size*channels)
	}
	return e
}

// draws gives the generator of a purpose for image or batch i of an epoch. It is good until the
// next.
func (e *edits) draws(purpose uint64, epoch, i int) *rand.Rand {
	e.pcg = newStream(e.seed, purpose, uint64(epoch), uint64(i)).pcg
	return e.random
}

// before changes the bytes of image i.
func (e *edits) before(epoch, i int, pixels []uint8) {
	if e != nil && e.recipe.Edits() {
		e.editor.Edit(e.draws(forEdits, epoch, i), pixels)
	}
}

// after changes image i as it is normalised.
func (e *edits) after(epoch, i int, x []float32) {
	if e != nil && e.recipe.Erase > 0 {
		e.recipe.EraseFrom(e.draws(forErasing, epoch, i), x, e.size, e.channels)
	}
}

// mix joins the images of a batch with one another.
func (e *edits) mix(epoch int, b *Batch) {
	if e == nil {
		return
	}
	m, ok := e.recipe.DrawMixing(e.draws(forMixing, epoch, b.Index), e.size)
	if !ok || b.N < 2 {
		return
	}
	m.Apply(b.X, e.size, e.channels, e.first)
	e.others = append(append(e.others[:0], b.Labels[1:]...), b.Labels[0])
	b.Others, b.Share = e.others, float32(m.Share)
}
