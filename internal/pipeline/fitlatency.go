package pipeline

import (
	"cmp"
	"fmt"
	"maps"
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
	Unstable        string // why the times are in doubt, empty if they are not
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
	identity, doubt := p.Identity(), p.Unstable()
	if l, err := FitLatency(space, p, path); err == nil { // else its blocks are not needed here
		doubt = l.Unstable
	}
	return &Timings{
		space, identity.Device, identity.Runtime, networks,
		map[string]store.Input{"profile": {Path: filepath.Base(path), SHA256: p.SHA256}},
		doubt,
	}, nil
}

// FitTimings fits a predictor to whole networks alone or, with predictors of other devices or
// runtimes, transfers these. One that was fitted to the same times would be found better than it
// is: it is left out if it is of a folder, and else refused.
func FitTimings(t *Timings, from []Source) (l *predictor.Latency, err error) {
	inputs := map[string]store.Input{}
	maps.Copy(inputs, t.Inputs)
	if len(from) == 0 {
		l, err = predictor.FitLatency(t.Space, nil, t.Networks, regress.Defaults())
	} else {
		if from, err = t.others(from); err != nil {
			return nil, fmt.Errorf("fit latency: %w", err)
		}
		var olds []*predictor.Latency
		for i, s := range from {
			role := "latency"
			if len(from) > 1 {
				role = SourceRole(i+1) + filepath.Base(s.Path)
			}
			inputs[role] = store.Input{Path: filepath.Base(s.Path), SHA256: s.Latency.SHA256}
			olds = append(olds, s.Latency)
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
