package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/tailor-nas/tailor/internal/refine"
	"github.com/tailor-nas/tailor/internal/reopen"
	"github.com/tailor-nas/tailor/internal/winners"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/profiles/device"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
	"github.com/tailor-nas/tailor/trainer/prune"
)

func (b *bench) do(ctx context.Context, w io.Writer) error {
	if !b.table && b.plot == "" {
		return b.compare(ctx)
	}
	r, err := openResults(b.out)
	if err != nil {
		return err
	}
	if len(r.rows) == 0 {
		return fmt.Errorf("%s has no results yet; run without --table and --plot first", b.out)
	}
	if b.plot != "" {
		return draw(b.plot, r.rows)
	}
	return printTables(w, r.rows)
}

// comparison is a bench at work.
type comparison struct {
	*bench
	run      *trainer.Run
	data     *trainer.Data
	accuracy *predictor.Accuracy
	latency  *predictor.Latency
	runtime  profiles.Native
	device   string
	results  *results
	curves   refine.Curves
}

// compare does for each budget what is not done.
func (b *bench) compare(ctx context.Context) error {
	c := &comparison{bench: b}
	if err := c.open(ctx); err != nil {
		return err
	}
	for _, ms := range b.budgets {
		if err := c.budget(ctx, ms); err != nil {
			return fmt.Errorf("budget %g ms: %w", ms, err)
		}
	}
	return nil
}

func (c *comparison) open(ctx context.Context) (err error) {
	if c.results, err = openResults(c.out); err != nil {
		return err
	}
	if c.run, err = trainer.OpenRun(c.bench.run); err != nil {
		return err
	}
	if c.data, err = c.run.OpenData(c.bench.data); err != nil {
		return err
	}
	if c.accuracy, err = predictor.LoadAccuracy(c.bench.accuracy, c.run.Info.Space); err != nil {
		return err
	}
	if c.latency, err = predictor.LoadLatency(c.bench.latency, c.run.Info.Space); err != nil {
		return err
	}
	return c.openDevice(ctx)
}

// openDevice refuses predictions of other latencies than those that can be measured here.
func (c *comparison) openDevice(ctx context.Context) error {
	here, err := device.Describe(ctx)
	if err != nil {
		return err
	}
	var ok bool
	if c.runtime, ok = profiles.NativeOf(c.latency.Runtime); !ok || c.runtime.Batch > 1 {
		return fmt.Errorf("%s is of %s; latencies are measured here with tailor's engine, one image at a time: fit to a profile of it", c.bench.latency, c.latency.Runtime)
	}
	if c.device = here.ID; c.device != c.latency.Device {
		return fmt.Errorf("%s is of device %.12s, this is %.12s; fit to a profile of this one",
			c.bench.latency, c.latency.Device, c.device)
	}
	return nil
}

// network is one of a budget: its line, and itself unless that says why there is none.
type network struct {
	row row
	net *supernet.Subnet
}

// budget makes the networks of a budget, measures them together and writes their lines.
func (c *comparison) budget(ctx context.Context, ms float64) error {
	all, complete := c.planned(ms), true
	for _, n := range all {
		known, err := c.results.known(n.row)
		if err != nil {
			return err
		}
		complete = complete && known
	}
	if complete {
		return nil
	}
	for _, n := range all {
		if err := c.make(ctx, n); err != nil {
			return fmt.Errorf("seed %d, %s: %w", n.row.Seed, n.row.name(n.row.Epochs), err)
		}
	}
	if c.trainOnly {
		return nil
	}
	if err := c.measure(ctx, all); err != nil {
		return err
	}
	var rows []row
	for _, n := range all {
		rows = append(rows, n.row)
	}
	return c.results.add(rows)
}

// planned are the networks of a budget, with what is known of them before they are there.
func (c *comparison) planned(ms float64) (all []*network) {
	for _, seed := range c.seeds {
		for _, w := range c.ways(ms) {
			r := row{BudgetMS: ms, way: w, Seed: seed, Device: c.device,
				Runtime: c.runtime.Info().ID()}
			r.Inputs = inputs{c.run.State.WeightsSHA256, c.accuracy.SHA256, c.latency.SHA256}
			if w.How != searched {
				config := c.config(w, seed)
				r.Epochs, r.Config = c.epochs, &config
			}
			all = append(all, &network{row: r})
		}
	}
	return all
}

// make searches and trains a network, or takes what an earlier call left.
func (c *comparison) make(ctx context.Context, n *network) error {
	path, err := c.winner(ctx, n.row.BudgetMS, n.row.Seed)
	if err != nil {
		return err
	}
	if n.row.How == searched {
		if _, n.net, err = manifest.Open(path); err != nil {
			return err
		}
		n.row.ValTop1, err = reopen.Top1(ctx, n.net, c.data, c.data.Val, c.workers)
		return err
	}
	j, err := c.job(ctx, n.row, path)
	if err != nil {
		return err
	}
	r, err := refine.PruneNet(ctx, j)
	var out *search.UnreachableError
	switch {
	case errors.As(err, &out):
		n.row.Failed = outOfReach(n.row.BudgetMS, out.Smallest)
		return nil
	case errors.Is(err, trainer.ErrDiverged):
		n.row.Failed = "diverged"
		return nil
	case err != nil:
		return err
	}
	n.net, n.row.ValTop1, n.row.Sparsity = r.Net, r.Top1Val, 1-float64(r.Left)/float64(r.Weights)
	return nil
}

// outOfReach says what pruning can come to. Corrected by what was measured, that may be less than
// the budget and still too slow.
func outOfReach(budget, smallest float64) string {
	if smallest > budget {
		return fmt.Sprintf("at least %.3g ms", smallest)
	}
	return "out of reach"
}

// job is the training of a network, from the winner for its budget or, if it is pruned, for a
// larger one.
func (c *comparison) job(ctx context.Context, r row, winner string) (refine.PruneJob, error) {
	name := fmt.Sprintf("%g ms, seed %d, %s", r.BudgetMS, r.Seed, r.name(r.Epochs))
	j := refine.PruneJob{
		Manifest: winner, Data: c.bench.data, Config: *r.Config, Curves: &c.curves,
		Latency: c.latency, Runtime: c.runtime,
		Budget: c.variants, Dir: filepath.Join(c.seedDir(r.Seed), fmt.Sprintf("%gms", r.BudgetMS),
			r.folder(r.Epochs)), Workers: c.workers, Resume: true,
		Progress: func(string, int, int) {},
		Say: func(format string, args ...any) {
			fmt.Fprintf(os.Stderr, name+": "+format+"\n",
				args...)
		},
	}
	if r.ParentMS == 0 {
		return j, nil
	}
	larger, err := c.winner(ctx, r.ParentMS, r.Seed)
	if err != nil {
		return j, err
	}
	if r.How == pruned {
		j.Manifest, j.MaxLatencyMS = larger, r.BudgetMS
	} else {
		j.Teacher = larger
	}
	return j, nil
}

func (c *comparison) seedDir(seed uint64) string {
	return filepath.Join(c.work, fmt.Sprintf("seed-%d", seed))
}

// manifests lists those in the folders of a folder.
func manifests(dir string) (found []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name(), manifest.File)
		if _, err := os.Stat(path); err == nil {
			found = append(found, path)
		}
	}
	return found, nil
}

// winner is the manifest of the winner for a budget, searched for if that was not done yet.
func (c *comparison) winner(ctx context.Context, ms float64, seed uint64) (string, error) {
	dir := filepath.Join(c.seedDir(seed), fmt.Sprintf("winner-%gms", ms))
	found, err := manifests(dir)
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		fmt.Fprintf(os.Stderr, "search for %g ms, seed %d\n", ms, seed)
		config := optimize.Defaults()
		config.Seed = seed
		r, err := winners.Search(ctx, winners.Job{
			Space: c.run.Info.Space, Run: c.run, Data: c.data, Verify: true, Accuracy: c.accuracy,
			Limits: []search.Limits{{LatencyMS: ms}}, Dir: dir,
			Devices: []winners.Device{{Latency: c.latency, Runtime: c.runtime}}, Config: config,
			BoundSteps: -1, Workers: c.workers,
		})
		if err != nil {
			return "", err
		}
		return r.Winners[0].Manifest, nil
	}
	m, _, err := manifest.Open(found[0])
	if err != nil {
		return "", err
	}
	return found[0], cmp.Or(m.Check(found[0], "weights", c.run.State.WeightsSHA256),
		m.Check(found[0], "accuracy", c.accuracy.SHA256),
		m.Check(found[0], "latency", c.latency.SHA256))
}

// measure fills in what the networks of a budget do: latency in turn with each other, and what is
// counted or tested.
func (c *comparison) measure(ctx context.Context, all []*network) error {
	var there []*network
	var nets []*supernet.Subnet
	for _, n := range all {
		if n.net != nil {
			there, nets = append(there, n), append(nets, n.net)
		}
	}
	fmt.Fprintf(os.Stderr, "time and test %d networks\n", len(nets))
	timings, session, err := profiles.Subnets(ctx, c.runtime, nets, nil,
		cmp.Or(c.timing, time.Duration(len(nets))*2*time.Second), 1)
	if err != nil {
		return fmt.Errorf("time: %w", err)
	}
	for i, n := range there {
		t, r := timings[i], &n.row
		r.LatencyMS, r.LatencyLowMS, r.LatencyHighMS, r.Unstable = t.LatencyMS, t.CILowMS,
			t.CIHighMS, t.Unstable || session.Unstable
		r.Session = session.Started.UTC().Format(time.RFC3339)
		r.Weights, r.NonZero = n.net.NonZero()
		r.Params, r.Images = supernet.Params(n.net.Blocks), c.data.Test.Len()
		if r.FileBytes, err = manifest.WeightsBytes(n.net); err != nil {
			return err
		}
		if r.Top1, err = reopen.Top1(ctx, n.net, c.data, c.data.Test, c.workers); err != nil {
			return err
		}
	}
	return nil
}

// config are the settings of a way's training. Only pruning removes anything, and the budget says
// how much.
func (b *bench) config(w way, seed uint64) prune.Config {
	m, s := prune.Magnitude, supernet.Weights // whose settings are those of plain training
	if w.How == pruned {
		m, s = w.Method, w.Structure
	}
	c := prune.Defaults(m, s)
	if w.How != pruned {
		c.Criterion = prune.LAMP // nothing goes, so there is no need to keep means of gradients
	}
	c.Epochs, c.Batch, c.Distill, c.Seed = b.epochs, b.batch, b.distill, seed
	return c
}
