package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/reopen"
	"github.com/tailor-nas/tailor/internal/safetensors"
	"github.com/tailor-nas/tailor/internal/standalone"
	"github.com/tailor-nas/tailor/internal/textfile"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
	"github.com/tailor-nas/tailor/trainer/prune"
)

// row is a finished run.
type row struct {
	Network   string             `json:"network"`
	Structure supernet.Structure `json:"structure"`
	Recipe    string             `json:"recipe"` // "dense" for the whole network
	Setting   string             `json:"setting,omitempty"`
	Sparsity  float64            `json:"sparsity"`
	Seed      uint64             `json:"seed"`
	Epochs    int                `json:"epochs"`
	Tuning    bool               `json:"tuning,omitempty"` // tried on held-out images; else tested
	Weights   int                `json:"weights"`
	Left      int                `json:"left"`
	ValError  float64            `json:"val_error"`
	TestError float64            `json:"test_error,omitempty"`
	Diverged  bool               `json:"diverged,omitempty"` // all errors are 1 then
	Params    int64              `json:"params"`
	Config    prune.Config       `json:"config"`
}

// key is what a run is told from others by: also by what a setting's name does not say, such as the
// criterion.
func (r row) key() string {
	return fmt.Sprintf("%s|%s|%s|%s|%.6f|%d|%d|%v|%+v", r.Network, r.Structure, r.Recipe, r.Setting,
		r.Sparsity, r.Seed, r.Epochs, r.Tuning, r.Config)
}

// results are the rows of the output.
type results struct {
	path  string
	mu    sync.Mutex
	rows  []row
	known map[string]row
}

func openResults(path string) (*results, error) {
	r := &results{path: path, known: map[string]row{}}
	err := textfile.FileValues(path, func(text []byte) error {
		var one row
		if err := json.Unmarshal(text, &one); err != nil {
			return err
		}
		r.rows, r.known[one.key()] = append(r.rows, one), one
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return r, nil
}

func (r *results) get(key string) (row, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	one, ok := r.known[key]
	return one, ok
}

func (r *results) add(one row) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	text, err := json.Marshal(one)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(r.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	r.rows, r.known[one.key()] = append(r.rows, one), one
	fmt.Fprintf(os.Stderr, "%-20s %-24s %.4f seed %d: %s\n", one.Recipe, one.Setting, one.Sparsity,
		one.Seed, one.found())
	return errors.Join(err, f.Close())
}

// found says what became of the run.
func (r row) found() string {
	if r.Diverged {
		return "diverged, counted as all wrong"
	}
	return fmt.Sprintf("held-out %.2f %%, test %.2f %%", 100*r.ValError, 100*r.TestError)
}

// comparison is a bench at work.
type comparison struct {
	*bench
	name    string
	data    *trainer.Data
	parent  *supernet.Subnet // of a manifest
	results *results
	dense   map[uint64]*supernet.Subnet // whole networks by seed
}

// compare does all runs that are not done.
func (b *bench) compare(ctx context.Context) error {
	c := &comparison{bench: b, dense: map[uint64]*supernet.Subnet{}}
	if err := c.open(); err != nil {
		return err
	}
	for _, seed := range b.allSeeds() {
		if err := c.whole(ctx, seed); err != nil {
			return err
		}
	}
	if b.setting == "" {
		if err := c.each(ctx, func(ctx context.Context, r recipe) error {
			return c.tuneRecipe(ctx,
				r)
		}); err != nil {
			return err
		}
	}
	return c.each(ctx, func(ctx context.Context, r recipe) error { return c.testRecipe(ctx, r) })
}

// allSeeds are that for trying settings, unless one was given, and the fresh ones.
func (b *bench) allSeeds() (all []uint64) {
	if b.setting == "" {
		all = append(all, 0)
	}
	for i := range uint64(b.seeds) {
		all = append(all, b.first+i)
	}
	return all
}

func (c *comparison) each(ctx context.Context, do func(context.Context, recipe) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(c.parallel)
	for _, r := range c.recipes {
		g.Go(func() error { return do(ctx, r) })
	}
	return g.Wait()
}

func (c *comparison) open() (err error) {
	if c.results, err = openResults(c.out); err != nil {
		return err
	}
	if c.manifest == "" {
		c.name = c.network
		c.data, err = trainer.OpenData(c.dataPath, trainer.DataOptions{Size: 28,
			Holdout: 5000, Seed: 1})
		return err
	}
	path := manifest.Path(c.manifest)
	m, net, err := manifest.Open(path)
	if err != nil {
		return err
	}
	c.name, c.parent = m.SpaceName, net
	c.data, err = reopen.Images(m, path, c.dataPath)
	return err
}

// whole gives the network to prune with a seed: of a manifest always the same, else trained here,
// and kept.
func (c *comparison) whole(ctx context.Context, seed uint64) error {
	if c.parent != nil {
		c.dense[seed] = c.parent
		return c.known(ctx, row{Recipe: "dense", Seed: seed}, c.parent)
	}
	blocks, err := supernet.Published(c.network)
	if err != nil {
		return err
	}
	net, err := supernet.NewSubnet(blocks, 1e-5, seed)
	if err != nil {
		return err
	}
	dir := c.work
	if dir == "" {
		dir = filepath.Dir(c.out)
	}
	path := filepath.Join(dir, fmt.Sprintf("%s-whole-%d-epochs-seed-%d.safetensors", c.network,
		c.denseEpochs, seed))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if f, err := safetensors.Read(path); err == nil {
		if err := weights.Load(net, f.Tensors); err != nil {
			return err
		}
	} else {
		config := c.config(recipe{method: prune.OneShot, oneShot: true},
			recipesFor(c.network, c.structure)[0].settings[0], 0, seed)
		config.Epochs, config.Structure, config.Distill, config.Hold = c.denseEpochs,
			supernet.Weights, 0, 0.5
		if c.network == "lenet-5-caffe" {
			config.LR = 0.02
		}
		job := prune.NewJob(net, c.data, config)
		job.Workers = max(c.parallel, 1)
		r, err := prune.Run(ctx, job)
		if err != nil {
			return err
		}
		net = r.Net
		if _, err := safetensors.Write(path, net.Tensors(), nil); err != nil {
			return err
		}
	}
	c.dense[seed] = net
	return c.known(ctx, row{Recipe: "dense", Seed: seed, Epochs: c.denseEpochs}, net)
}

// known tests a network and adds a row, if it is not there.
func (c *comparison) known(ctx context.Context, r row, net *supernet.Subnet) error {
	r.Network, r.Structure = c.name, c.structure
	if _, ok := c.results.get(r.key()); ok {
		return nil
	}
	images, err := (*data.Parts)(c.data).Dataset()
	if err != nil {
		return err
	}
	n, err := standalone.NewNetwork(net, images, images.DefaultTransform(), trainer.EvalDefaults())
	if err != nil {
		return err
	}
	defer n.Close()
	if r.ValError == 0 {
		top1, err := n.Top1(ctx, c.data.Val)
		if err != nil {
			return err
		}
		r.ValError = 1 - top1
	}
	if !r.Tuning {
		top1, err := n.Top1(ctx, c.data.Test)
		if err != nil {
			return err
		}
		r.TestError = 1 - top1
	}
	r.Params = supernet.Params(net.Blocks)
	return c.results.add(r)
}

// tuneRecipe tries every setting of a recipe.
func (c *comparison) tuneRecipe(ctx context.Context, r recipe) error {
	for _, s := range r.settings {
		if err := c.runs(ctx, r, s, c.tune, 0, true); err != nil {
			return err
		}
	}
	return nil
}

// testRecipe runs fresh seeds with the settings that did best.
func (c *comparison) testRecipe(ctx context.Context, r recipe) error {
	bySetting := map[string][]float64{}
	for _, sparsity := range c.sparsities {
		s := c.best(r, sparsity)
		bySetting[s.name] = append(bySetting[s.name], sparsity)
	}
	for _, s := range r.settings {
		for seed := c.first; seed < c.first+uint64(c.seeds) && len(bySetting[s.name]) > 0; seed++ {
			if err := c.runs(ctx, r, s, bySetting[s.name], seed, false); err != nil {
				return err
			}
		}
	}
	return nil
}

// best is the setting with the least error on held-out images where settings were tried nearest to
// a sparsity, by what is left.
func (c *comparison) best(r recipe, sparsity float64) setting {
	near, best, least := c.tune[0], r.settings[0], math.Inf(1)
	for _, t := range c.tune {
		if distance(t, sparsity) < distance(near, sparsity) {
			near = t
		}
	}
	for _, s := range r.settings {
		key := row{Network: c.name, Structure: c.structure, Recipe: r.name, Setting: s.name,
			Sparsity: near, Epochs: c.epochs, Tuning: true, Config: c.config(r, s, near, 0)}.key()
		if one, ok := c.results.get(key); ok && one.ValError < least {
			best, least = s, one.ValError
		}
	}
	return best
}

func distance(a, b float64) float64 { return math.Abs(math.Log((1 - a) / (1 - b))) }

// runs does a setting at some sparsities. What is trained whole and cut at the end is trained once
// for all of them.
func (c *comparison) runs(ctx context.Context, r recipe, s setting, sparsities []float64,
	seed uint64, tuning bool) error {
	var trained *supernet.Subnet
	for _, sparsity := range sparsities {
		one := row{
			Network: c.name, Structure: c.structure, Recipe: r.name, Setting: s.name,
			Sparsity: sparsity, Seed: seed, Epochs: c.epochs, Tuning: tuning,
			Config: c.config(r, s, sparsity, seed),
		}
		if _, ok := c.results.get(one.key()); ok {
			continue
		}
		job := prune.NewJob(c.dense[seed], c.data, one.Config)
		if r.oneShot {
			if trained == nil {
				job.Config.Sparsity = 0
				result, err := prune.Run(ctx, job)
				if err != nil {
					if errors.Is(err, trainer.ErrDiverged) {
						return c.diverged(one)
					}
					return err
				}
				trained = result.Net
			}
			job.Net, job.Config.Sparsity, job.Config.Epochs, job.Config.LR = trained, sparsity, 1, 0
		}
		result, err := c.prune(ctx, job, r.oneShot)
		if errors.Is(err, trainer.ErrDiverged) {
			if err := c.diverged(one); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		one.Weights, one.Left, one.ValError = result.Weights, result.Left, 1-result.Top1Val
		if err := c.known(ctx, one, result.Net); err != nil {
			return err
		}
	}
	return nil
}

// prune runs a job or, if nothing is trained again, only removes and measures.
func (c *comparison) prune(ctx context.Context, j prune.Job, oneShot bool) (*prune.Result, error) {
	if !oneShot {
		return prune.Run(ctx, j)
	}
	return prune.Cut(ctx, j)
}

// diverged is a run that came to nothing: all answers are wrong.
func (c *comparison) diverged(one row) error {
	one.ValError, one.TestError, one.Diverged = 1, 1, true
	return c.results.add(one)
}
