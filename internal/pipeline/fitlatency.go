package pipeline

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"

	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/supernet"
)

// FitLatency fits a latency predictor to a profile of the space. The predictor names the profile's
// file as its input.
func FitLatency(space *supernet.Space, p *profiles.Profile, path string) (*predictor.Latency,
	error) {
	if p.SpaceSHA256 != space.SHA256() {
		return nil, &store.StaleError{File: path, Role: "space", Want: p.SpaceSHA256,
			Got: space.SHA256()}
	}
	var blocks []predictor.BlockTime
	for _, b := range p.Blocks {
		blocks = append(blocks, predictor.BlockTime{Block: b.Block, MS: b.LatencyMS})
	}
	networks, err := networksOf(space, p, path)
	if err != nil {
		return nil, err
	}
	l, err := predictor.FitLatency(space, blocks, networks, regress.Defaults())
	if err != nil {
		return nil, fmt.Errorf("fit latency to %s: %w", path, err)
	}
	identity := p.Identity()
	l.Device, l.Runtime = identity.Device, identity.Runtime
	l.Unstable = cmp.Or(p.Unstable(), doubtOf(l.HeldOut))
	if ms := p.NetworkSession.ReferenceMS; ms > 0 {
		if _, err := space.Arch(p.ReferenceArch); err != nil {
			return nil, fmt.Errorf("%s: reference_arch: %w: measure the device again", path, err)
		}
		l.Reference = &predictor.LatencyReference{Arch: p.ReferenceArch, MS: ms}
	}
	l.Inputs = map[string]store.Input{"profile": {Path: filepath.Base(path), SHA256: p.SHA256}}
	return l, nil
}

// Networks of a profile are predicted each from the others. On quiet machines the mean error of
// twenty is 1 to 2 %; beyond doubtfulMAPE, of at least doubtfulSamples, the times do not fit
// together.
const (
	doubtfulMAPE    = 0.05
	doubtfulSamples = 8
)

// doubtOf says of the networks of a profile what is wrong with its times; empty if nothing is known
// to be.
func doubtOf(h regress.HeldOut) string {
	if h.Samples < doubtfulSamples || h.MAPE <= doubtfulMAPE {
		return ""
	}
	return fmt.Sprintf("its own networks, each predicted without it, are off by %.1f %% on average",
		100*h.MAPE)
}

func networksOf(space *supernet.Space, p *profiles.Profile,
	path string) (networks []predictor.NetworkTime, err error) {
	for _, n := range p.Networks {
		a, err := space.Arch(n.Arch)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		networks = append(networks, predictor.NetworkTime{Arch: a, MS: n.LatencyMS})
	}
	return networks, nil
}

// Timings are whole networks that were timed on a device.
type Timings struct {
	Space           *supernet.Space
	Device, Runtime string
	Networks        []predictor.NetworkTime
	Inputs          map[string]store.Input
	Unstable        string // how the device changed meanwhile, if it did
}

// ProfileTimings are the whole networks of a profile.
func ProfileTimings(space *supernet.Space, p *profiles.Profile, path string) (*Timings, error) {
	if p.SpaceSHA256 != space.SHA256() {
		return nil, &store.StaleError{File: path, Role: "space", Want: p.SpaceSHA256,
			Got: space.SHA256()}
	}
	networks, err := networksOf(space, p, path)
	if err != nil {
		return nil, err
	}
	identity := p.Identity()
	return &Timings{
		space, identity.Device, identity.Runtime, networks,
		map[string]store.Input{"profile": {Path: filepath.Base(path), SHA256: p.SHA256}},
		p.Unstable(),
	}, nil
}

// FitTimings fits a predictor to whole networks alone or, with predictors of other devices or
// runtimes, transfers these. Each of from is a file, or a folder all of whose latency predictors of
// the space are meant.
func FitTimings(t *Timings, from []string) (l *predictor.Latency, err error) {
	inputs := map[string]store.Input{}
	maps.Copy(inputs, t.Inputs)
	if len(from) == 0 {
		l, err = predictor.FitLatency(t.Space, nil, t.Networks, regress.Defaults())
	} else {
		var paths []string
		var olds []*predictor.Latency
		if paths, olds, err = loadSources(t.Space, from); err != nil {
			return nil, err
		}
		for i, path := range paths {
			role := "latency"
			if len(paths) > 1 {
				role = SourceRole(i+1) + filepath.Base(path)
			}
			inputs[role] = store.Input{Path: filepath.Base(path), SHA256: olds[i].SHA256}
		}
		l, err = predictor.TransferLatency(olds, t.Networks, regress.Defaults())
	}
	if err != nil {
		return nil, fmt.Errorf("fit latency: %w", err)
	}
	l.Device, l.Runtime, l.Inputs, l.Unstable = t.Device, t.Runtime, inputs, t.Unstable
	return l, nil
}

// SourceRole is how the role of one of several predictors that were transferred from begins, before
// its file's name. They are counted from 1, as the candidates of a predictor count them.
func SourceRole(source int) string { return fmt.Sprintf("latency %d ", source) }

// LoadSources reads predictors of a space to transfer from: files, or folders whose latency
// predictors of the space are all meant.
func LoadSources(space *supernet.Space, from []string) ([]*predictor.Latency, error) {
	_, olds, err := loadSources(space, from)
	return olds, err
}

// loadSources reads predictors to transfer from, each once.
func loadSources(space *supernet.Space, from []string) (paths []string, olds []*predictor.Latency,
	err error) {
	known := map[string]bool{}
	for _, path := range from {
		files, isFolder, err := latencyFiles(path)
		if err != nil {
			return nil, nil, err
		}
		found := 0
		for _, file := range files {
			old, err := predictor.LoadLatency(file, space)
			var other *predictor.SpaceError
			switch {
			case isFolder && errors.As(err, &other):
				continue
			case err != nil:
				return nil, nil, err
			}
			if found++; !known[old.SHA256] {
				known[old.SHA256] = true
				paths, olds = append(paths, file), append(olds, old)
			}
		}
		if found == 0 {
			return nil, nil, fmt.Errorf("%w of space %s in %s: name files that fit latency wrote",
				errNoSource, space.Name, path)
		}
	}
	return paths, olds, nil
}

var errNoSource = errors.New("there is no latency predictor")

// latencyFiles are a file itself, or the files of a folder that hold latency predictors.
func latencyFiles(path string) (files []string, isFolder bool, err error) {
	info, err := store.Stat(path)
	if err != nil {
		return nil, false, fmt.Errorf("read latency predictors: %w", err)
	}
	if !info.IsDir() {
		return []string{path}, false, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, true, fmt.Errorf("read latency predictors: %w", err)
	}
	for _, e := range entries { // in the order of their names
		file := filepath.Join(path, e.Name())
		if !e.Type().IsRegular() || filepath.Ext(file) != ".json" {
			continue
		}
		if kind, _, err := store.Kind(file); err == nil && kind == "latency" {
			files = append(files, file)
		}
	}
	return files, true, nil
}
