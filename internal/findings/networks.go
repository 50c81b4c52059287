package findings

import (
	"context"
	"encoding/json"
	"math"
	"path/filepath"

	"github.com/tailor-nas/tailor/internal/measurements"
	"github.com/tailor-nas/tailor/internal/page"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

const (
	measurementsFile = "measurements.sqlite"
	// sampled is how many networks that nobody ran show what a space has, over all series of a
	// chart; maxShown bounds those of a series that were tested or are on a front.
	sampled  = 600
	maxShown = 5000
	// normal95 is half of a normal distribution's 95 % interval, in standard deviations.
	normal95 = 1.96
)

// gathering makes the networks of a series.
type gathering struct {
	*series
	lib    *library
	cost   page.Cost
	timed  *at[profiles.Profile] // of the latency predictor
	order  []supernet.Arch
	tested map[supernet.Arch]float64
	// far is the divergence of tested networks from the largest, where it was measured
	far    map[supernet.Arch]float64
	ms     map[supernet.Arch]page.Range
	blocks map[blockAt]page.Block
}

type blockAt struct {
	resolution int
	block      supernet.Block
}

func (l *library) gathering(s *series) *gathering {
	g := &gathering{series: s, lib: l, cost: s.cost, tested: map[supernet.Arch]float64{},
		far: map[supernet.Arch]float64{}, ms: map[supernet.Arch]page.Range{},
		blocks: map[blockAt]page.Block{}}
	if s.latency != nil {
		g.timed = l.profile(s.latency.doc.Inputs["profile"].SHA256)
	}
	return g
}

// networks are all that there are to show but winners: sample of what is predicted, those of
// fronts, those that were timed and those that were tested.
func (g *gathering) networks(ctx context.Context, sample int) (all []page.Network) {
	if g.space == nil {
		return nil
	}
	seen := map[supernet.Arch]bool{}
	add := func(a supernet.Arch) {
		if !seen[a] {
			seen[a] = true
			g.order = append(g.order, a)
		}
	}
	if g.accuracy != nil {
		for _, a := range choices.Sample(g.space, sample, 1) {
			add(a)
		}
		for _, a := range g.onFronts() {
			add(a)
		}
	}
	for _, a := range g.profiled() {
		add(a)
	}
	for _, a := range g.measured(ctx) {
		add(a)
	}
	for _, a := range g.order {
		all = append(all, g.network(a))
	}
	return all
}

// network is what is known of an arch.
func (g *gathering) network(a supernet.Arch) page.Network {
	blocks := g.space.Blocks(a)
	n := page.Network{Kind: page.Predicted, From: -1, MACs: supernet.MACs(blocks),
		Params: supernet.Params(blocks), Predicted: g.predict(a, blocks),
		Measured: page.Figures{Cost: page.Unknown(), Top1: page.Unknown()}}
	if ms, ok := g.ms[a]; ok && g.cost == page.Latency {
		n.Kind, n.Measured.Cost = page.Timed, ms
	}
	if top1, ok := g.tested[a]; ok {
		n.Kind, n.Measured.Top1 = page.Tested, page.Exactly(top1)
	}
	n.Blocks = g.convert(int(a.Resolution), blocks)
	return n
}

// predict is what the predictors say.
func (g *gathering) predict(a supernet.Arch, blocks []supernet.Block) page.Figures {
	f := page.Figures{Cost: page.Unknown(), Top1: page.Unknown()}
	if g.accuracy != nil {
		if v, err := g.accuracy.doc.Predict([]supernet.Arch{a}); err == nil {
			f.Top1 = page.Exactly(v[0])
		}
	}
	switch {
	case g.cost == page.MACs:
		f.Cost = page.Exactly(float64(supernet.MACs(blocks)))
	case g.latency != nil:
		if v, err := g.latency.doc.Predict([]supernet.Arch{a}); err == nil {
			f.Cost = page.Exactly(v[0])
		}
	}
	return f
}

// onFronts are the networks of the fronts of this series.
func (g *gathering) onFronts() (all []supernet.Arch) {
	for _, f := range g.lib.fronts {
		if (pair{f.doc.Inputs["accuracy"].SHA256, f.doc.Inputs["latency"].SHA256}) == g.pair {
			all = append(all, g.archs(f.doc)...)
		}
	}
	return all
}

func (g *gathering) archs(f *search.FrontDocument) (all []supernet.Arch) {
	for _, p := range f.Points[:min(maxShown, len(f.Points))] {
		if a, err := g.space.Arch(p.Arch); err == nil {
			all = append(all, a)
		}
	}
	return all
}

// profiled are the networks of the profile.
func (g *gathering) profiled() (all []supernet.Arch) {
	if g.timed == nil {
		return nil
	}
	for _, n := range g.timed.doc.Networks {
		a, err := g.space.Arch(n.Arch)
		if err != nil {
			continue
		}
		g.ms[a] = page.Range{Value: n.LatencyMS, Low: n.CILowMS, High: n.CIHighMS}
		all = append(all, a)
	}
	return all
}

// measured are the networks of the run whose top-1 was measured with its last weights.
func (g *gathering) measured(ctx context.Context) (all []supernet.Arch) {
	if g.run == nil {
		return nil
	}
	path := filepath.Join(g.run.dir(), measurementsFile)
	if !exists(path) {
		return nil
	}
	filed, err := measurements.ReadAll(ctx, path)
	if err != nil {
		g.lib.note(err)
		return nil
	}
	top1 := g.oneSubject(filed)
	for _, f := range top1 {
		if a, ok := g.archOf(f); ok && f.Value <= 1 {
			g.tested[a] = f.Value
			all = append(all, a)
		}
	}
	if len(top1) > 0 {
		about := top1[0].Subject
		about.Quantity = measurements.Divergence
		for _, f := range filed {
			if a, ok := g.archOf(f); ok && f.Subject == about {
				g.far[a] = f.Value
			}
		}
	}
	if n := len(all); n > maxShown {
		g.lib.say("of %d networks of %s whose top-1 was measured, %d are drawn", n, g.runName(),
			maxShown)
		all = spread(all, maxShown)
	}
	return all
}

// archOf is the network of a measurement, if both are sound.
func (g *gathering) archOf(f measurements.Filed) (a supernet.Arch, ok bool) {
	var spec supernet.Spec
	if json.Unmarshal([]byte(f.Arch), &spec) != nil || !(f.Value >= 0) {
		return a, false
	}
	a, err := g.space.Arch(spec)
	return a, err == nil
}

// oneSubject are the measurements of the last weights; of those that were made in several ways, the
// way with the most.
func (g *gathering) oneSubject(filed []measurements.Filed) []measurements.Filed {
	bySubject, best := map[measurements.Subject][]measurements.Filed{}, []measurements.Filed(nil)
	for _, f := range filed {
		if f.Subject.Quantity != measurements.Top1 ||
			f.Subject.Weights != g.run.doc.State.WeightsSHA256 {
			continue
		}
		bySubject[f.Subject] = append(bySubject[f.Subject], f)
		if len(bySubject[f.Subject]) > len(best) {
			best = bySubject[f.Subject]
		}
	}
	return best
}

// convert gives blocks as the page shows them.
func (g *gathering) convert(resolution int, blocks []supernet.Block) []page.Block {
	all := make([]page.Block, len(blocks))
	for i, b := range blocks {
		key := blockAt{resolution, b}
		c, ok := g.blocks[key]
		if !ok {
			c = plainBlock(b)
			if g.latency != nil {
				if ms, known := g.latency.doc.BlockMS(resolution, b); known {
					c.MS = ms
				}
			}
			g.blocks[key] = c
		}
		all[i] = c
	}
	return all
}

// plainBlock is a block without times.
func plainBlock(b supernet.Block) page.Block {
	c := page.Block{Name: b.Name, Kind: string(b.Kind), Side: b.In.H, In: b.In.C, Mid: b.Mid,
		Out: b.Out.C, Kernel: b.Kernel, Stride: b.Stride, Zeros: b.Zeros, MACs: b.MACs()}
	if b.Mid > 0 && b.In.C > 0 {
		c.Expand = math.Round(100*float64(b.Mid)/float64(b.In.C)) / 100
	}
	return c
}
