package walk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// SearchJob asks for the best sub-networks within each of some limits.
type SearchJob struct {
	Space    *supernet.Space
	Run      *trainer.Run  // weights of the winners; nil gives manifests without weights
	Data     *data.Dataset // of the run: to calibrate the winners and, with Verify, to measure their accuracy
	Verify   bool
	Accuracy *predictor.Accuracy
	Latency  *predictor.Latency // may be nil if no limit is a latency
	Limits   []search.Limits
	Top      int // winners for each of the limits; default 1
	Config   search.Config
	Dir      string // of the manifests, a folder each
	// Runtime measures the winners' latency, if it and the device are those of the latency predictor; nil leaves it predicted.
	Runtime  profiles.Runtime
	Budget   time.Duration // for measuring latency; default 2 s a winner
	Workers  int
	Progress func(what string, done, total int)
}

// Winner is a sub-network found, and where its manifest is.
type Winner struct {
	Arch      supernet.Spec    `json:"arch"`
	Limits    search.Limits    `json:"limits"`
	MACs      int64            `json:"macs"`
	Params    int64            `json:"params"`
	Predicted search.Predicted `json:"predicted"`
	Measured  *search.Measured `json:"measured,omitempty"`
	Manifest  string           `json:"manifest"`
}

// SearchResult is all winners, in the order of the limits, best predicted first.
type SearchResult struct {
	Evaluations int      `json:"evaluations"`
	Seconds     float64  `json:"seconds"` // of searching alone
	Winners     []Winner `json:"winners"`
}

// Search finds the winners, extracts and measures them, and writes their manifests.
func Search(ctx context.Context, j SearchJob) (*SearchResult, error) {
	if err := j.check(); err != nil {
		return nil, err
	}
	found, result, err := j.find(ctx)
	if err != nil {
		return nil, err
	}
	cuts, err := j.cut(ctx, found)
	if err != nil {
		return nil, err
	}
	if err := j.timeAll(ctx, cuts); err != nil {
		return nil, err
	}
	for _, c := range cuts {
		c.manifest.Judge()
		path, err := j.save(c)
		if err != nil {
			return nil, err
		}
		m := c.manifest
		result.Winners = append(result.Winners, Winner{m.Arch, m.Limits, m.MACs, m.Params, m.Predicted, m.Measured, path})
	}
	return result, nil
}

// check refuses what does not belong together.
func (j *SearchJob) check() error {
	j.Top = max(j.Top, 1)
	if len(j.Limits) == 0 {
		j.Limits = []search.Limits{{}}
	}
	sha := j.Space.SHA256()
	if j.Accuracy.SpaceSHA256 != sha {
		return &store.StaleError{File: "the accuracy predictor", Role: "space", Want: j.Accuracy.SpaceSHA256, Got: sha}
	}
	if j.Latency != nil && j.Latency.SpaceSHA256 != sha {
		return &store.StaleError{File: "the latency predictor", Role: "space", Want: j.Latency.SpaceSHA256, Got: sha}
	}
	if j.Run != nil {
		if err := j.Accuracy.Check("the accuracy predictor", "weights", j.Run.State.WeightsSHA256); err != nil {
			return err
		}
	}
	return j.checkFolders()
}

// checkFolders refuses, before any work, to write where something else is.
func (j *SearchJob) checkFolders() error {
	names := map[string]bool{}
	for _, l := range j.Limits {
		for rank := range j.Top {
			name := folderName(l, rank)
			if names[name] {
				return fmt.Errorf("the limits %s are asked for twice", name)
			}
			names[name] = true
			if err := replaceable(filepath.Join(j.Dir, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// replaceable says whether a folder is not there, or an earlier search's.
func replaceable(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	foreign := slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return !e.Type().IsRegular() || !search.IsManifestFile(e.Name()) })
	if err == nil && !foreign {
		if kind, _, kindErr := store.Kind(filepath.Join(dir, search.ManifestFile)); kindErr == nil && kind == "manifest" {
			return nil
		}
	}
	return fmt.Errorf("%s exists and is not an earlier search's; choose another --out", dir)
}

// find runs one search for each of the limits.
func (j *SearchJob) find(ctx context.Context) ([]*search.Answer, *SearchResult, error) {
	began, result := time.Now(), &SearchResult{}
	var all []*search.Answer
	for i, limits := range j.Limits {
		j.report("search", i, len(j.Limits))
		q := search.Query{Space: j.Space, Accuracy: j.Accuracy, Limits: limits}
		if j.Latency != nil {
			q.Latency = j.Latency
		}
		config := j.Config
		config.Top = j.Top
		answer, err := search.Find(ctx, q, config)
		if err != nil {
			return nil, nil, err
		}
		result.Evaluations += answer.Evaluations
		all = append(all, answer)
	}
	result.Seconds = time.Since(began).Seconds()
	return all, result, nil
}

func (j *SearchJob) report(what string, done, total int) {
	if j.Progress != nil {
		j.Progress(what, done, total)
	}
}

// cut is a winner on its way to its folder.
type cut struct {
	name     string
	manifest *search.Manifest
	net      *supernet.Subnet // nil without a run
}

// cut extracts the winners and measures their accuracy.
func (j *SearchJob) cut(ctx context.Context, found []*search.Answer) ([]*cut, error) {
	extract, closeEvaluator, err := j.extractor()
	if err != nil {
		return nil, err
	}
	defer closeEvaluator()
	var cuts []*cut
	for i, answer := range found {
		for rank, f := range answer.Best {
			j.report("cut and test", len(cuts), len(found)*len(answer.Best))
			c := &cut{name: folderName(j.Limits[i], rank), manifest: j.manifest(f, j.Limits[i])}
			if err := extract(ctx, f.Arch, c); err != nil {
				return nil, err
			}
			cuts = append(cuts, c)
		}
	}
	return cuts, nil
}

// extractor gives the function that fills in a cut's network and its accuracy.
func (j *SearchJob) extractor() (extract func(context.Context, supernet.Arch, *cut) error, closeEvaluator func(), err error) {
	if j.Run == nil || j.Data == nil {
		return func(context.Context, supernet.Arch, *cut) error { return nil }, func() {}, nil
	}
	e, err := trainer.NewEvaluator(j.Run.Net, j.Data, trainer.EvalSettings{Workers: j.Workers, Seed: j.Run.Info.Config.Seed})
	if err != nil {
		return nil, nil, err
	}
	return func(ctx context.Context, a supernet.Arch, c *cut) error {
		var err error
		if c.net, err = e.Extract(ctx, a); err != nil {
			return err
		}
		if !j.Verify {
			return nil
		}
		m := &search.Measured{Images: j.Data.Test.Len(), Split: "test"}
		c.manifest.Measured = m
		m.Top1, err = e.SubnetTop1(ctx, c.net, j.Data.Test)
		return err
	}, e.Close, nil
}

func (j *SearchJob) manifest(f search.Found, limits search.Limits) *search.Manifest {
	m := &search.Manifest{
		SpaceName: j.Space.Name, SpaceSHA256: j.Space.SHA256(), Arch: j.Space.Spec(f.Arch), Blocks: j.Space.Blocks(f.Arch),
		BNEps: j.Space.BNEps, MACs: f.MACs, Params: f.Params, Limits: limits, Seed: j.Config.Seed,
		Predicted: search.Predicted{Top1: f.Top1, Top1RMSE: j.Accuracy.HeldOut.RMSE, LatencyMS: f.LatencyMS},
	}
	m.Inputs = map[string]store.Input{"accuracy": {SHA256: j.Accuracy.SHA256}}
	if l := j.Latency; l != nil {
		m.Predicted.LatencyMAPE, m.Predicted.LatencyDevice = l.HeldOut.MAPE, l.Device
		m.Inputs["latency"] = store.Input{SHA256: l.SHA256}
		if in, ok := l.Inputs["profile"]; ok {
			m.Inputs["profile"] = in
		}
	}
	if r := j.Run; r != nil {
		m.Inputs["weights"] = store.Input{Path: r.Dir, SHA256: r.State.WeightsSHA256}
		m.Inputs["data"] = store.Input{Path: r.Info.Data.Path, SHA256: r.Info.Data.SHA256}
		m.Classes = r.Info.Data.Classes
	}
	if j.Data != nil {
		m.Mean, m.Std = j.Data.Stats()
	}
	return m
}

// timeAll measures the latency of all winners in one session, where that says something: on the predictor's device and
// runtime.
func (j *SearchJob) timeAll(ctx context.Context, cuts []*cut) error {
	if j.Latency == nil || j.Runtime == nil || RuntimeID(j.Runtime.Info()) != j.Latency.Runtime {
		return nil
	}
	device, err := profiles.Describe(ctx)
	if err != nil || device.ID != j.Latency.Device {
		return err
	}
	networks := make([][]supernet.Block, len(cuts))
	for i, c := range cuts {
		networks[i] = c.manifest.Blocks
	}
	j.report("time winners", 0, 1)
	budget := j.Budget
	if budget == 0 {
		budget = time.Duration(len(cuts)) * 2 * time.Second
	}
	timings, session, err := profiles.Networks(ctx, j.Runtime, networks, budget, j.Config.Seed)
	if err != nil {
		return fmt.Errorf("time winners: %w", err)
	}
	for i, t := range timings {
		m := cuts[i].manifest
		if m.Measured == nil {
			m.Measured = &search.Measured{}
		}
		r := m.Measured
		r.LatencyMS, r.LatencyLowMS, r.LatencyHighMS = t.LatencyMS, t.CILowMS, t.CIHighMS
		r.Unstable, r.Device, r.Runtime = t.Unstable || session.Unstable, device.ID, j.Latency.Runtime
	}
	return nil
}

// folderName tells the limits: "latency-2.5ms-macs-50M", and from the second best on its rank.
func folderName(l search.Limits, rank int) string {
	var parts []string
	if l.LatencyMS > 0 {
		parts = append(parts, "latency-"+strconv.FormatFloat(l.LatencyMS, 'f', -1, 64)+"ms")
	}
	if l.MACs > 0 {
		parts = append(parts, fmt.Sprintf("macs-%d", l.MACs))
	}
	if l.Params > 0 {
		parts = append(parts, fmt.Sprintf("params-%d", l.Params))
	}
	if parts == nil {
		parts = []string{"best"}
	}
	if rank > 0 {
		parts = append(parts, fmt.Sprint(rank+1))
	}
	return strings.Join(parts, "-")
}

// save writes a winner's folder, in the place of an earlier search's.
func (j *SearchJob) save(c *cut) (string, error) {
	dir := filepath.Join(j.Dir, c.name)
	if err := os.MkdirAll(j.Dir, 0o755); err != nil {
		return "", fmt.Errorf("write manifest: %w", err)
	}
	if err := replaceable(dir); err != nil {
		return "", err
	}
	old := dir + ".partial"
	if err := os.Rename(dir, old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("replace manifest: %w", err)
	}
	path, err := c.manifest.Save(dir, c.net)
	if err != nil {
		return "", errors.Join(err, ignoreMissing(os.Rename(old, dir)))
	}
	if err := os.RemoveAll(old); err != nil {
		return "", fmt.Errorf("replace manifest: %w", err)
	}
	return path, nil
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
