package main

import (
	"fmt"
	"math"
	"sync"

	"github.com/tailor-nas/tailor/internal/engine"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/ranks"
	"github.com/tailor-nas/tailor/supernet"
)

// link is a way between machines: the time of a message that says nothing, one way, by TCP, and the
// bytes a second.
type link struct {
	name      string
	latency   float64
	bandwidth float64
}

// links are Ethernet through one switch. The latencies are those that TCP between user processes
// takes, in round numbers.
var links = []link{{"1 Gbit/s", 50e-6, 0.117e9}, {"10 Gbit/s", 20e-6, 1.17e9}}

// countSpaces prints what a rank sends in a step of the largest network of each space, and what
// that takes on a link. What is sent depends on the batch only through the inputs of linear layers
// and the logits: steps have as few images as there are parts, and those messages are scaled up.
func countSpaces(names []string, batch int) error {
	fmt.Printf("batch %d\n\n", batch)
	fmt.Print("| space | ranks | gathers | kB | late | MB |")
	for _, l := range links {
		fmt.Printf(" gathers, %s | late, %s |", l.name, l.name)
	}
	fmt.Println("\n|---|---|---|---|---|---|---|---|---|---|")
	for _, name := range names {
		space, err := supernet.LoadSpace(name)
		if err != nil {
			return err
		}
		for _, size := range []int{2, 4, 8} {
			c := countStep(space, size, batch)
			fmt.Printf("| %s | %d | %d | %.1f | %d | %.2f |", name, size, c.Gathers,
				float64(c.GatherBytes)/1e3, c.Late, float64(c.LateBytes)/1e6)
			for _, l := range links {
				fmt.Printf(" %.1f ms | %.1f ms |",
					1e3*l.seconds(c.Gathers, c.GatherBytes, size),
					1e3*l.seconds(c.Late, c.LateBytes, size))
			}
			fmt.Println()
		}
	}
	return nil
}

// seconds is what calls of a group take: a gather of few bytes has as many rounds as doublings of
// what is known, and what a rank sends passes its link one byte after the other.
func (l link) seconds(count int, bytes int64, size int) float64 {
	rounds := math.Ceil(math.Log2(float64(size)))
	return float64(count)*rounds*l.latency + float64(bytes)/l.bandwidth
}

// countStep counts what the ranks of one process send for a step of the largest network.
func countStep(space *supernet.Space, size, batch int) ranks.Counts {
	counts := make([]ranks.Counts, size)
	var wg sync.WaitGroup
	for r, rank := range ranks.NewLocal(size) {
		wg.Go(func() {
			once := func(n int) ranks.Counts {
				meter := ranks.NewMeter(rank)
				pool := nn.NewPool(1)
				defer pool.Close()
				pool.Group = meter
				run := engine.NewRunner(supernet.New(space, 1), pool)
				a := space.Max()
				a.Resolution = uint16(space.Resolutions[0])
				run.Bind(space.Blocks(a), n, nn.Train)
				pool.Whole(nil, run.Forward(), n, space.Classes)
				run.Backward()
				return meter.Counts()
			}
			few, twice := once(nn.MaxGroup), once(2*nn.MaxGroup)
			more := int64(batch-nn.MaxGroup) / nn.MaxGroup
			few.GatherBytes += (twice.GatherBytes - few.GatherBytes) * more
			few.LateBytes += (twice.LateBytes - few.LateBytes) * more
			counts[r] = few
		})
	}
	wg.Wait()
	return counts[0]
}
