package pipeline

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path/filepath"

	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/supernet"
)

// ErrNoEnergies is returned for a profile without energies of networks.
var ErrNoEnergies = errors.New("has no energies of networks")

// ProfileEnergies are those of a profile's whole networks, in the place of their times, and what
// its blocks and networks tell of latency, nil if that is nothing.
func ProfileEnergies(space *supernet.Space, p *profiles.Profile, path string) (*Timings,
	*predictor.Latency, error) {
	if p.EnergySource == "" {
		return nil, nil, fmt.Errorf("%s %w (%s): measure some with a power meter", path,
			ErrNoEnergies, cmp.Or(p.EnergyUnavailable, "an older tailor measured it"))
	}
	t, err := ProfileTimings(space, p, path)
	if err != nil {
		return nil, nil, err
	}
	all := t.Networks
	t.Networks = nil
	for i, n := range all {
		if mj := p.Networks[i].EnergyMJ; mj > 0 {
			t.Networks = append(t.Networks, predictor.NetworkTime{Arch: n.Arch, MS: mj})
		}
	}
	own, err := FitLatency(space, p, path)
	if err != nil { // energies alone may do
		own = nil
	}
	return t, own, nil
}

// FitEnergy fits a predictor to the energies of whole networks, which were read in the place of
// their times, from predictors of latency if there are any; without, from own if that is not nil,
// which was learned from the same inputs.
func FitEnergy(t *Timings, from []Source, own *predictor.Latency,
	source predictor.EnergySource) (*predictor.Energy, error) {
	networks := make([]predictor.NetworkEnergy, len(t.Networks))
	for i, n := range t.Networks {
		networks[i] = predictor.NetworkEnergy{Arch: n.Arch, MJ: n.MS}
	}
	inputs := map[string]store.Input{}
	maps.Copy(inputs, t.Inputs)
	var latencies []*predictor.Latency
	for i, s := range from {
		role := "latency"
		if len(from) > 1 {
			role = SourceRole(i+1) + filepath.Base(s.Path)
		}
		inputs[role] = store.Input{Path: filepath.Base(s.Path), SHA256: s.Latency.SHA256}
		latencies = append(latencies, s.Latency)
	}
	if own != nil && len(from) == 0 {
		latencies = append(latencies, own)
	}
	e, err := predictor.FitEnergy(t.Space, networks, latencies, regress.Defaults())
	if err != nil {
		return nil, fmt.Errorf("fit energy: %w", err)
	}
	e.Device, e.Runtime, e.Inputs, e.Source = t.Device, t.Runtime, inputs, source
	return e, nil
}
