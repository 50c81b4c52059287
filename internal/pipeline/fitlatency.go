package pipeline

import (
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
	if ms := p.NetworkSession.ReferenceMS; ms > 0 {
		if _, err := space.Arch(p.ReferenceArch); err != nil {
			return nil, fmt.Errorf("%s: reference_arch: %w: measure the device again", path, err)
		}
		l.Reference = &predictor.LatencyReference{Arch: p.ReferenceArch, MS: ms}
	}
	l.Inputs = map[string]store.Input{"profile": {Path: filepath.Base(path), SHA256: p.SHA256}}
	return l, nil
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
	}, nil
}

// FitTimings fits a predictor to whole networks alone or, with a predictor of another device or
// runtime at from, transfers that one.
func FitTimings(t *Timings, from string) (l *predictor.Latency, err error) {
	inputs := maps.Clone(t.Inputs)
	if from == "" {
		l, err = predictor.FitLatency(t.Space, nil, t.Networks, regress.Defaults())
	} else {
		var old *predictor.Latency
		if old, err = predictor.LoadLatency(from, t.Space); err != nil {
			return nil, err
		}
		inputs["latency"] = store.Input{Path: filepath.Base(from), SHA256: old.SHA256}
		l, err = predictor.TransferLatency(old, t.Networks, regress.Defaults())
	}
	if err != nil {
		return nil, fmt.Errorf("fit latency: %w", err)
	}
	l.Device, l.Runtime, l.Inputs = t.Device, t.Runtime, inputs
	return l, nil
}
