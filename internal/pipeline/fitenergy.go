package pipeline

import (
	"fmt"
	"maps"
	"path/filepath"

	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/regress"
)

// FitEnergy fits a predictor to the energies of whole networks, which were read in the place of
// their times, from predictors of latency if there are any.
func FitEnergy(t *Timings, from []Source, source predictor.EnergySource) (*predictor.Energy,
	error) {
	networks := make([]predictor.NetworkEnergy, len(t.Networks))
	for i, n := range t.Networks {
		networks[i] = predictor.NetworkEnergy{Arch: n.Arch, MJ: n.MS}
	}
	inputs := maps.Clone(t.Inputs)
	var latencies []*predictor.Latency
	for i, s := range from {
		role := "latency"
		if len(from) > 1 {
			role = SourceRole(i+1) + filepath.Base(s.Path)
		}
		inputs[role] = store.Input{Path: filepath.Base(s.Path), SHA256: s.Latency.SHA256}
		latencies = append(latencies, s.Latency)
	}
	e, err := predictor.FitEnergy(t.Space, networks, latencies, regress.Defaults())
	if err != nil {
		return nil, fmt.Errorf("fit energy: %w", err)
	}
	e.Device, e.Runtime, e.Inputs, e.Source = t.Device, t.Runtime, inputs, source
	return e, nil
}
