package nn_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/ranks"
)

// groupStep runs two steps of the chain, the second with gradients left from the first, on the
// share of the batch that the group gives a rank; nil is all. It gives the logits of the whole
// batch and all gradients.
func groupStep(group ranks.Group, workers, n int) (out []float32) {
	pool := nn.NewPool(workers)
	defer pool.Close()
	pool.Group = group
	c := newChain(pool)
	images := make([]float32, n*chainSide*chainSide*chainChannels)
	grads := make([]float32, n*chainClasses)
	fill(rand.New(rand.NewPCG(5, 6)), images)
	fill(rand.New(rand.NewPCG(6, 6)), grads)
	from, to := pool.Share(n)
	for step := range 2 {
		c.bind(n, nn.Train)
		c.dropout.Draw(0.4, rand.New(rand.NewPCG(7, uint64(step))))
		per := len(images) / n
		copy(c.input, images[from*per:to*per])
		out = append(out, pool.Whole(nil, c.forward(), n, chainClasses)...)
		copy(c.logits.Grad, grads[from*chainClasses:to*chainClasses])
		c.backward()
	}
	for _, p := range c.params.List {
		out = append(out, p.Grad...)
	}
	return out
}

func TestSameBitsInAGroup(t *testing.T) {
	for _, n := range []int{11, 33} {
		want := groupStep(nil, 2, n)
		for _, size := range []int{2, 3, nn.MaxGroup} {
			var wg sync.WaitGroup
			for _, rank := range ranks.NewLocal(size) {
				wg.Go(func() {
					got := groupStep(rank, 1+rank.Rank()%2, n)
					if rank.Err() != nil || !slices.Equal(got, want) {
						t.Errorf("batch of %d: rank %d of %d has other bits than one alone (%v)", n,
							rank.Rank(), size, rank.Err())
					}
				})
			}
			wg.Wait()
		}
	}
}

// leaver is a rank that is lost at one of its calls.
type leaver struct {
	*ranks.Local
	calls int // until then
}

var errBroken = errors.New("broken")

func (l *leaver) Gather(all []byte, cuts []int) {
	if l.calls--; l.calls == 0 {
		l.Leave(errBroken)
	}
	l.Local.Gather(all, cuts)
}

// TestGroupEndsWithALostRank: the others neither wait for ever nor take what they have for whole.
func TestGroupEndsWithALostRank(t *testing.T) {
	for _, calls := range []int{1, 5, 20} {
		group := ranks.NewLocal(3)
		var wg sync.WaitGroup
		for _, rank := range group {
			wg.Go(func() {
				var g ranks.Group = rank
				if rank.Rank() == 1 {
					g = &leaver{rank, calls}
				}
				groupStep(g, 1, 9)
				if err := rank.Err(); !errors.Is(err, ranks.ErrLost) || !errors.Is(err, errBroken) {
					t.Errorf("rank %d: %v, expected that the group is lost", rank.Rank(), err)
				}
			})
		}
		wg.Wait()
	}
}
