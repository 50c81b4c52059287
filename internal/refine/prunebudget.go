package refine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/profiles/timing"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
	"github.com/tailor-nas/tailor/trainer/prune"
	"github.com/tailor-nas/tailor/trainer/prune/budget"
)

// amount is how much may be removed of a block: as [supernet.Block.Remove] counts it, and as a
// share of the block's units.
type amount struct {
	removed int
	share   float64
}

// zeroAmounts are percentages of zeros that are considered for a block.
var zeroAmounts = []int{30, 40, 50, 55, 60, 65, 70, 75, 80, 83, 86, 88, 90, 91, 92, 93, 94, 95, 96,
	97, 98, 99}

// amounts lists what may be removed of a block, from nothing on.
func amounts(b supernet.Block, s supernet.Structure) []amount {
	all := []amount{{}}
	if !b.Prunable(s) {
		return all
	}
	if s != supernet.Channels {
		for _, percent := range zeroAmounts {
			all = append(all, amount{percent, float64(percent) / 100})
		}
		return all
	}
	n, mids := b.MiddleChannels(), b.Mids()
	for i := len(mids) - 1; i >= 0; i-- {
		// widths in between take as long as the next whole vector
		if mids[i]%supernet.ChannelVector == 0 || i == 0 {
			gone := n - mids[i]
			all = append(all, amount{gone, float64(gone) / float64(n)})
		}
	}
	return all
}

// choose computes the share that each block loses, if there is a limit on latency or parameters.
func (p *pruning) choose(ctx context.Context) error {
	if p.chosen || !p.limited() {
		return nil
	}
	err := p.chooseLimited(ctx)
	if err == nil && len(p.shares) == 0 && p.job.Warn != nil {
		p.job.Warn("%s is within the limit as it is: nothing is removed, and the whole network trains on; choose a lower limit", p.path)
	}
	return err
}

func (p *pruning) chooseLimited(ctx context.Context) (err error) {
	if p.damage, err = p.measureDamage(ctx); err != nil {
		return err
	}
	if p.job.MaxParams > 0 {
		return p.chooseParams()
	}
	return p.chooseLatency(ctx)
}

// measureDamage is as the criterion has it.
func (p *pruning) measureDamage(ctx context.Context) (*prune.Damage, error) {
	if p.job.Config.Criterion != prune.Fisher {
		return prune.NewDamage(p.net, p.job.Config), nil
	}
	p.job.Progress("look at gradients", 0, 1)
	return prune.MeasureDamage(ctx, p.run())
}

// chooseParams stays within a number of parameters that are not zero.
func (p *pruning) chooseParams() error {
	weights := prune.WeightsByBlock(p.net, p.job.Config)
	zeros := prune.ZerosByBlock(p.net)
	cost := func(b supernet.Block, a amount) (float64, error) {
		left := b.Params() - int64(zeros[b.Name]) - int64(p.damage.Weights(b.Name, a.share))
		if p.job.Config.Structure != supernet.Channels || a.removed == 0 {
			return float64(left), nil
		}
		v, err := b.Remove(supernet.Channels, a.removed)
		// Channels are of equal size, and take their entries of batch norm and biases with them.
		with := int64(weights[b.Name] / b.MiddleChannels() * a.removed)
		return float64(left - (b.Params() - v.Params() - with)), err
	}
	shares, err := p.allocate(cost, float64(p.job.MaxParams), 0)
	var limit *budget.LimitError
	if errors.As(err, &limit) {
		return &search.UnreachableError{Limit: "parameters", Asked: limit.Limit,
			Smallest: limit.Smallest}
	}
	if err == nil {
		p.take(shares)
	}
	return err
}

// correctionRounds bounds how often what is asked of predictions is corrected by what a network
// with such zeros was measured to take.
const correctionRounds = 4

// chooseLatency stays within a latency, and near it. What the curves predict is corrected by what
// networks with so much removed, not yet trained, take when they are measured; of those within the
// limit the last is taken, which loses least. If none is within it, it is the last of all. That the
// limit is out of reach is not for predictions to say: the network that loses most is measured.
func (p *pruning) chooseLatency(ctx context.Context) error {
	curves, err := p.curves(ctx)
	if err != nil {
		return err
	}
	ref, err := referenceFor(ctx, p.manifest, p.runtime())
	if err != nil {
		return err
	}
	cost := p.predictedBy(curves)
	limit := p.job.MaxLatencyMS
	aim, within := newAim(limit), (map[string]float64)(nil)
	for range correctionRounds {
		shares, err := p.allocate(cost, aim.at, curves.Intercept)
		var most *budget.LimitError
		if errors.As(err, &most) && within == nil {
			// The least that can be asked for, and what rounding needs.
			aim.at = most.Smallest + 1e-9*math.Abs(most.Smallest) + curves.Intercept
			shares, err = p.allocate(cost, aim.at, curves.Intercept)
		}
		if err != nil && within == nil {
			return err
		}
		if err != nil || within != nil && maps.Equal(shares, within) {
			break
		}
		measured, err := p.timeChosen(ctx, shares, ref)
		if err != nil {
			return err
		}
		if measured > limit && most != nil {
			return &search.UnreachableError{Limit: "latency", Asked: limit, Smallest: measured}
		}
		if measured <= limit || within == nil {
			p.take(shares)
			p.predicted = measured
		}
		if measured <= limit {
			within = shares
		}
		if !aim.correct(measured) {
			break
		}
	}
	return nil
}

// predictedBy is what a block with some of it removed takes by curves.
func (p *pruning) predictedBy(curves *predictor.Pruned) func(supernet.Block, amount) (float64,
	error) {
	index := map[string]int{}
	for i, b := range p.net.Blocks {
		index[b.Name] = i
	}
	return func(b supernet.Block, a amount) (float64, error) {
		v, err := b.Remove(p.job.Config.Structure, a.removed)
		if err != nil {
			return 0, err
		}
		return curves.BlockMS(index[b.Name], v)
	}
}

// Curves are what variants of the blocks of networks take, as far as jobs that had them have found
// out. It is for one job at a time.
type Curves struct {
	known map[curveKey]*predictor.Pruned
}

type curveKey struct {
	manifest  string // sha256
	structure supernet.Structure
}

// curves are those that an earlier job of the same network kept, or new ones.
func (p *pruning) curves(ctx context.Context) (*predictor.Pruned, error) {
	keep, key := p.job.Curves, curveKey{p.manifest.SHA256, p.job.Config.Structure}
	if keep == nil {
		return p.newCurves(ctx)
	}
	if known := keep.known[key]; known != nil {
		return known, nil
	}
	c, err := p.newCurves(ctx)
	if err != nil {
		return nil, err
	}
	if keep.known == nil {
		keep.known = map[curveKey]*predictor.Pruned{}
	}
	keep.known[key] = c
	return c, nil
}

// newCurves say what variants of the blocks take: by the latency predictor if it knows, else they
// are measured.
func (p *pruning) newCurves(ctx context.Context) (*predictor.Pruned, error) {
	structure := p.job.Config.Structure
	if l := p.job.Latency; l != nil {
		if err := p.checkLatency(ctx, l); err != nil {
			return nil, err
		}
		known, err := l.Pruned(p.net.Blocks, structure)
		if err == nil {
			return known, nil
		}
		p.job.Say("the latency predictor does not know enough of pruned blocks (%v); measuring them", err)
	}
	settings := profiles.VariantDefaults()
	settings.Budget, settings.Seed = cmp.Or(p.job.Budget, settings.Budget), p.job.Config.Seed
	settings.Progress = func(r timing.Progress) {
		p.job.Progress("measure pruned blocks", int(r.Elapsed.Milliseconds()),
			int(r.Budget.Milliseconds()))
	}
	v, err := p.variants(ctx, settings)
	if err != nil {
		return nil, err
	}
	if why := v.Unstable(); why != "" && p.job.Warn != nil {
		p.job.Warn("what pruned blocks take is not known well (%s): the latency may be missed; give a longer --budget, or a quiet machine", why)
	}
	return fitVariants(p.net.Blocks, v)
}

// variantsFile is where the folder of a run keeps what variants were measured to take, before it
// knows what goes.
const variantsFile = "variants.json"

// variants measures what variants of the blocks take. A job that is resumed takes what the one
// before it found out, if that holds for it too.
func (p *pruning) variants(ctx context.Context, s profiles.VariantSettings) (*profiles.Variants,
	error) {
	structure := p.job.Config.Structure
	if p.job.Dir == "" {
		return profiles.MeasureVariants(ctx, p.runtime(), p.net.Blocks, structure, s)
	}
	there, err := profiles.DeviceOf(ctx, p.runtime())
	if err != nil {
		return nil, err
	}
	of := profiles.VariantsOf{Parent: p.manifest.SHA256, Network: p.net.Blocks,
		Structure: structure, Identity: profiles.IdentityOf(there, p.runtime()), Settings: s}
	dir := filepath.Join(p.job.Dir, PruningDir)
	path := filepath.Join(dir, variantsFile)
	if p.job.Resume {
		switch v, err := profiles.LoadVariants(path, of); {
		case err == nil:
			p.job.Say("pruned blocks were measured before: their times are in %s", path)
			return v, nil
		case !errors.Is(err, fs.ErrNotExist):
			p.job.Say("measuring pruned blocks anew: %v", err)
		}
	}
	v, err := profiles.MeasureVariants(ctx, p.runtime(), p.net.Blocks, structure, s)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("create pruning run: %w", err)
	}
	if err := store.CleanNames(dir, variantsFile); err != nil {
		return nil, err
	}
	return v, v.Save(path, of)
}

// checkLatency refuses a predictor of another device or runtime than what is timed in the end.
func (p *pruning) checkLatency(ctx context.Context, l *predictor.Latency) error {
	there, err := profiles.DeviceOf(ctx, p.runtime())
	if err != nil {
		return err
	}
	is := profiles.IdentityOf(there, p.runtime())
	if of := (profiles.Identity{Device: l.Device, Runtime: l.Runtime}); of != is {
		return fmt.Errorf("the latency predictor is of %s on device %.12s, and latencies are measured in %s on device %.12s: fit one to a profile of that, or leave it out", of.Runtime, of.Device, is.Runtime, is.Device)
	}
	return nil
}

func fitVariants(network []supernet.Block, v *profiles.Variants) (*predictor.Pruned, error) {
	var blocks []predictor.BlockTime
	for _, b := range v.Blocks {
		blocks = append(blocks, predictor.BlockTime{Block: b.Block, MS: b.LatencyMS})
	}
	var networks []predictor.PrunedTime
	for _, n := range v.Networks {
		networks = append(networks, predictor.PrunedTime{Blocks: n.Blocks, MS: n.LatencyMS})
	}
	return predictor.FitPruned(network, v.Structure, blocks, networks)
}

// take chooses what each block loses.
func (p *pruning) take(shares map[string]float64) {
	p.shares, p.job.Config = shares, p.with(shares)
}

// with is the settings with what all shares remove together.
func (p *pruning) with(shares map[string]float64) prune.Config {
	c := p.job.Config
	c.Sparsity = sumShares(prune.WeightsByBlock(p.net, c), shares)
	return c
}

// timeChosen measures a network with such shares gone that has not been trained again.
func (p *pruning) timeChosen(ctx context.Context, shares map[string]float64,
	ref *manifest.Reference) (ms float64, err error) {
	p.job.Progress("time a network with such zeros", 0, 1)
	net, err := prune.Apply(p.net, p.with(shares), shares)
	if err != nil {
		return 0, err
	}
	timings, _, err := profiles.Subnets(ctx, p.runtime(), []*supernet.Subnet{net},
		(*profiles.Reference)(ref), cmp.Or(p.job.Budget, 2*time.Second), p.job.Config.Seed)
	if err != nil {
		return 0, err
	}
	return timings[0].LatencyMS, nil
}

// allocate chooses what each block loses so that the costs of all, and base, stay within the limit
// with as little damage as can be. It gives the shares of those that lose something.
func (p *pruning) allocate(cost func(supernet.Block, amount) (float64, error), limit,
	base float64) (map[string]float64, error) {
	weights := prune.WeightsByBlock(p.net, p.job.Config)
	parts, ways := make([][]budget.Option, len(p.net.Blocks)), make([][]amount, len(p.net.Blocks))
	for i, b := range p.net.Blocks {
		if ways[i] = amounts(b, p.job.Config.Structure); weights[b.Name] == 0 {
			ways[i] = ways[i][:1] // rows of the classifier, perhaps, that are shorter than a vector
		}
		for _, a := range ways[i] {
			c, err := cost(b, a)
			if err != nil {
				return nil, err
			}
			parts[i] = append(parts[i], budget.Option{Cost: c,
				Damage: p.damage.Of(b.Name, a.share)})
		}
	}
	chosen, err := budget.Choose(parts, limit-base)
	if err != nil {
		return nil, err
	}
	shares := map[string]float64{}
	for i, b := range p.net.Blocks {
		if share := ways[i][chosen.Choice[i]].share; share > 0 {
			shares[b.Name] = share
		}
	}
	return shares, nil
}

// warnOfShare says if less can go than the share that is asked for, or if as much is gone already.
func (p *pruning) warnOfShare() {
	c := p.job.Config
	if p.limited() || p.job.Warn == nil {
		return
	}
	gone, most := prune.Range(p.net, c)
	switch {
	case c.Sparsity > most+0.005:
		p.job.Warn("of the removable weights at most %.1f %% can go, not %.1f %%: each block keeps some",
			100*most, 100*c.Sparsity)
	case c.Sparsity > 0 && gone >= c.Sparsity:
		p.job.Warn("%.1f %% of the removable weights of %s are zero already, and the share is of all: nothing more goes; choose a higher one", 100*gone, p.path)
	}
}

// resumeShares takes what a run that is resumed had chosen: measured again it would come out a
// little differently.
func (p *pruning) resumeShares() error {
	if !p.job.Resume {
		return nil
	}
	info, err := prune.ReadInfo(filepath.Join(p.job.Dir, PruningDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	had, want := cmp.Or(info.Goal, &prune.Goal{}), cmp.Or(p.goal(), &prune.Goal{})
	if had.MaxLatencyMS != want.MaxLatencyMS || had.MaxParams != want.MaxParams {
		return fmt.Errorf("%w: the run in %s was started with %s, asked for %s; resume it with the same, or choose another folder", trainer.ErrConfig, p.job.Dir, limitText(had), limitText(want))
	}
	if info.Goal != nil {
		p.shares, p.predicted, p.job.Config.Sparsity = info.Shares, had.PredictedMS,
			info.Config.Sparsity
		p.chosen = true
	}
	return nil
}

// limitText is a limit as it is asked for.
func limitText(g *prune.Goal) string {
	switch {
	case g.MaxLatencyMS > 0:
		return fmt.Sprintf("--max-latency %gms", g.MaxLatencyMS)
	case g.MaxParams > 0:
		return fmt.Sprintf("--max-params %d", g.MaxParams)
	}
	return "no limit"
}
