package winners

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/profiles/timing"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// cut extracts the picked networks from the supernet and measures their top-1, if that is asked
// for. A network that was picked for several questions is extracted and measured once.
func (j *Job) cut(ctx context.Context, picks []pick) ([]*group, error) {
	extract, closeEvaluator, err := j.extractor()
	if err != nil {
		return nil, err
	}
	defer closeEvaluator()
	total := 0
	for _, p := range picks {
		total += len(p.best)
	}
	known, done := map[supernet.Arch]*cut{}, 0
	var groups []*group
	for _, p := range picks {
		g := &group{device: p.device, limits: p.limits, place: p.place}
		for _, f := range p.best {
			j.report(Cutting, done, total)
			done++
			c := &cut{manifest: j.manifest(f, p), arch: f.Arch}
			if twin := known[f.Arch]; twin != nil {
				c.net = twin.net
				if m := twin.manifest.Measured; m != nil {
					c.manifest.Measured = &manifest.Measured{Top1: m.Top1, Images: m.Images,
						Split: m.Split}
				}
			} else if err := extract(ctx, f.Arch, c); err != nil {
				return nil, err
			}
			known[f.Arch] = c
			g.cuts = append(g.cuts, c)
		}
		groups = append(groups, g)
	}
	if j.Tester != nil && j.Verify && j.Run != nil && j.Data != nil {
		return groups, j.testElsewhere(ctx, groups)
	}
	return groups, nil
}

// testElsewhere has the networks of all winners tested by others, each once.
func (j *Job) testElsewhere(ctx context.Context, groups []*group) error {
	var nets []*supernet.Subnet
	at := map[supernet.Arch]int{}
	for _, g := range groups {
		for _, c := range g.cuts {
			if _, known := at[c.arch]; !known {
				at[c.arch] = len(nets)
				nets = append(nets, c.net)
			}
		}
	}
	if nets == nil {
		return nil
	}
	mean, std := j.Data.Stats()
	j.report(Testing, 0, len(nets))
	all, err := j.Tester.Test(ctx, nets, j.Data.Test, j.Data.Size,
		data.Transform{Mean: mean, Std: std},
		func(done int) { j.report(Testing, done, len(nets)) })
	if err != nil {
		return fmt.Errorf("test winners: %w", err)
	}
	for _, g := range groups {
		for _, c := range g.cuts {
			m := all[at[c.arch]]
			m.Split = "test"
			c.manifest.Measured = &m
		}
	}
	return nil
}

// extractor gives a function that fills in a cut's network and, with Verify, its measured top-1.
// Without a run it does nothing.
func (j *Job) extractor() (extract func(context.Context, supernet.Arch, *cut) error,
	closeEvaluator func(), err error) {
	if j.Run == nil || j.Data == nil {
		return func(context.Context, supernet.Arch, *cut) error { return nil }, func() {}, nil
	}
	settings := j.Run.EvalDefaults()
	settings.Workers = max(j.Workers, 1)
	e, err := trainer.NewEvaluator(j.Run.Net, j.Data, settings)
	if err != nil {
		return nil, nil, err
	}
	return func(ctx context.Context, a supernet.Arch, c *cut) error {
		var err error
		if c.net, err = e.Extract(ctx, a); err != nil {
			return err
		}
		if !j.Verify || j.Tester != nil {
			return nil
		}
		m := &manifest.Measured{Images: j.Data.Test.Len(), Split: "test"}
		c.manifest.Measured = m
		m.Top1, err = e.SubnetTop1(ctx, c.net, j.Data.Test)
		return err
	}, e.Close, nil
}

// manifest describes a picked network: all but what is measured of it, and its weights.
func (j *Job) manifest(f search.Found, p pick) *manifest.Manifest {
	m := &manifest.Manifest{
		SpaceName: j.Space.Name, SpaceSHA256: j.Space.SHA256(), Arch: j.Space.Spec(f.Arch),
		Blocks: j.Space.Blocks(f.Arch),
		BNEps:  j.Space.BNEps, MACs: f.MACs, Params: f.Params, Limits: p.limits,
		Seed: j.Config.Seed,
		Predicted: manifest.Predicted{Top1: f.Top1, Top1RMSE: j.Accuracy.HeldOut.RMSE,
			LatencyMS: f.LatencyMS, Exact: p.exact, Top1Bound: p.bound, Top1LikelyBound: p.likely},
	}
	m.Inputs = map[string]store.Input{"accuracy": {SHA256: j.Accuracy.SHA256}}
	if l := p.device.Latency; l != nil {
		m.Predicted.LatencyMAPE, m.Predicted.LatencyDevice = l.HeldOut.MAPE, l.Device
		if high := highOf(p.device.margin, f.LatencyMS); high > 0 {
			m.Predicted.LatencyHighMS, m.Predicted.Confidence = high, j.Confidence
		}
		m.Inputs["latency"] = store.Input{SHA256: l.SHA256}
		if in, ok := l.Inputs["profile"]; ok {
			m.Inputs["profile"] = in
		}
	}
	if e := p.device.Energy; e != nil {
		m.Predicted.EnergyMJ, m.Predicted.EnergyMAPE = f.EnergyMJ, e.HeldOut.MAPE
		m.Predicted.EnergyDevice, m.Predicted.EnergySource = e.Device, string(e.Source)
		if high := highOf(p.device.energyMargin, f.EnergyMJ); high > 0 {
			m.Predicted.EnergyHighMJ, m.Predicted.Confidence = high, j.Confidence
		}
		m.Inputs["energy"] = store.Input{SHA256: e.SHA256}
	}
	if r := j.Run; r != nil {
		m.Inputs["weights"] = store.Input{Path: r.Dir, SHA256: r.State.WeightsSHA256}
		m.Inputs["data"] = store.Input{Path: data.KeepFrom(filepath.Join(j.dir(p.device), "winner"),
			r.Dir, r.Info.Data.Path), SHA256: r.Info.Data.SHA256}
		m.Classes = r.Info.Data.Classes
		d := r.Info.Data
		m.Images = &manifest.Images{Size: d.Size, Holdout: d.Holdout, Seed: d.Seed, Train: d.Train,
			Test: d.Test, SkipDamaged: d.SkipDamaged, Skipped: d.Skipped, Subset: d.Subset}
	}
	if j.Data != nil {
		m.Mean, m.Std = j.Data.Stats()
		if m.Images != nil {
			m.Images.Preparation = new(manifest.Preparation((*data.Parts)(j.Data).Preparation()))
		}
	}
	return m
}

// timeAll measures the latency of the winners, all of a device in one session.
func (j *Job) timeAll(ctx context.Context, groups []*group) error {
	for i := range j.Devices {
		var cuts []*cut
		for _, g := range groups {
			if g.device == &j.Devices[i] {
				cuts = append(cuts, g.cuts...)
			}
		}
		if err := j.timeCuts(ctx, &j.Devices[i], cuts); err != nil {
			return err
		}
	}
	return nil
}

// timeCuts puts measured latencies into the manifests of a device's winners.
func (j *Job) timeCuts(ctx context.Context, d *Device, cuts []*cut) error {
	archs := make([]supernet.Arch, len(cuts))
	for i, c := range cuts {
		archs[i] = c.arch
	}
	timed, err := j.timeOn(ctx, d, archs)
	if err != nil || timed == nil {
		return err
	}
	for i, t := range timed.timings {
		m := cuts[i].manifest
		if m.Measured == nil {
			m.Measured = &manifest.Measured{}
		}
		r := m.Measured
		r.LatencyMS, r.LatencyLowMS, r.LatencyHighMS = t.LatencyMS, t.CILowMS, t.CIHighMS
		r.Unstable = t.Unstable || timed.session.Unstable
		r.Device, r.Runtime = timed.identity.Device, timed.identity.Runtime
		r.LatencyWorker, r.Reference = timed.worker, timed.reference
	}
	return nil
}

// timings are those of networks, and what they hold for.
type timings struct {
	timings  []timing.Timing
	session  timing.Summary
	identity profiles.Identity
	worker   string // of a queue that timed them; empty for this machine
	// reference is what they were timed against; nil for one of them
	reference *manifest.Reference
}

// timeOn measures the latency of networks on a device. It gives nil unless the device and its
// runtime are those of the latency predictor: other latencies say nothing about its limits.
func (j *Job) timeOn(ctx context.Context, d *Device, archs []supernet.Arch) (*timings, error) {
	if len(archs) == 0 {
		return nil, nil
	}
	here, identity, err := d.isHere(ctx)
	if err != nil || !here {
		return nil, err
	}
	t := &timings{identity: identity}
	var ref profiles.Reference
	if r := d.Latency.Reference; r != nil {
		if ref, err = profiles.ReferenceOf(j.Space, r.Arch, r.MS); err != nil {
			return nil, errTime(err)
		}
		// One that no manifest may have is left out: verify then goes by the clock.
		if r := (*manifest.Reference)(&ref); r.Check() == nil {
			t.reference = r
		}
	}
	j.report("time winners", 0, 1)
	budget := cmp.Or(j.Budget, time.Duration(len(archs))*2*time.Second)
	if d.Elsewhere != nil {
		t.timings, t.session, t.worker, err = d.Elsewhere.Time(ctx, archs, budget, j.Config.Seed)
		if err != nil {
			return nil, errTime(err)
		}
		return t, nil
	}
	networks := make([][]supernet.Block, len(archs))
	for i, a := range archs {
		networks[i] = j.Space.Blocks(a)
	}
	t.timings, t.session, err = profiles.Networks(ctx, d.Runtime, networks, ref, budget,
		j.Config.Seed)
	if err != nil {
		return nil, errTime(err)
	}
	return t, nil
}

// errTime names what failed.
func errTime(err error) error { return fmt.Errorf("time winners: %w", err) }
