package profiles

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tailor-nas/tailor/profiles/device"
	"github.com/tailor-nas/tailor/profiles/timing"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/provenance"
)

// merge makes one profile of those of all parts, with the networks in the order of archs. Sessions
// differ in how busy the machine was, which the reference tells: all latencies become those of the
// median session.
func merge(space *supernet.Space, all []*Profile, archs []supernet.Arch) (*Profile, error) {
	if len(all) == 1 {
		return all[0], nil
	}
	m := *all[0]
	m.Header, m.Resolutions = provenance.Header{}, m.Settings.Resolutions
	var blocks, networks []timing.Summary
	for _, p := range all {
		m.EnergySource = cmp.Or(m.EnergySource, p.EnergySource)
		m.EnergyUnavailable = cmp.Or(m.EnergyUnavailable, p.EnergyUnavailable)
		blocks, networks = append(blocks, p.Session), append(networks, p.NetworkSession)
	}
	m.Session, m.NetworkSession = mergeSessions(blocks), mergeSessions(networks)
	m.Blocks, m.Networks = nil, make([]NetworkTiming, len(archs))
	for _, p := range all {
		scale := m.Session.ReferenceMS / p.Session.ReferenceMS
		for _, b := range p.Blocks {
			m.Blocks = append(m.Blocks, BlockTiming{b.Block, scaled(b.Timing, scale)})
		}
		scale = m.NetworkSession.ReferenceMS / p.NetworkSession.ReferenceMS
		for _, n := range p.Networks {
			a, err := space.Arch(n.Arch)
			if err != nil {
				return nil, fmt.Errorf("profile: %w", err)
			}
			i := slices.Index(archs, a)
			m.Networks[i] = NetworkTiming{n.Arch, n.EnergyMJ, scaled(n.Timing, scale)}
			m.Networks[i].Name = fmt.Sprintf("network %d", i+1)
		}
	}
	slices.SortFunc(m.Blocks, func(a, b BlockTiming) int { return leastBlock(a.Block, b.Block) })
	return &m, nil
}

func scaled(t timing.Timing, scale float64) timing.Timing {
	t.LatencyMS, t.CILowMS, t.CIHighMS = t.LatencyMS*scale, t.CILowMS*scale, t.CIHighMS*scale
	return t
}

// mergeSessions sums up the sessions of parts, without those that a part did not have: the worst of
// what says how steady they were.
func mergeSessions(all []timing.Summary) (m timing.Summary) {
	var refs []float64
	for _, s := range all {
		if s.ReferenceSamples == 0 {
			continue
		}
		if refs == nil {
			m = s
			m.ReferenceSamples, m.Sentinels, m.Rounds, m.Seconds = 0, 0, 0, 0
		}
		refs = append(refs, s.ReferenceMS)
		m.ReferenceMedianMS = max(m.ReferenceMedianMS, s.ReferenceMedianMS)
		m.ReferenceSamples, m.Sentinels = m.ReferenceSamples+s.ReferenceSamples,
			m.Sentinels+s.Sentinels
		m.Rounds, m.Seconds = m.Rounds+s.Rounds, m.Seconds+s.Seconds
		m.DriftRatio = farther(m.DriftRatio, s.DriftRatio)
		m.SentinelRatio = farther(m.SentinelRatio, s.SentinelRatio)
		if s.Unstable && !m.Unstable {
			m.Unstable, m.UnstableReason = true, s.UnstableReason
		}
		if busier(s.Conditions, m.Conditions) {
			m.Conditions = s.Conditions
		}
	}
	if refs == nil {
		return m
	}
	slices.Sort(refs)
	m.ReferenceMS = refs[len(refs)/2]
	return m
}

// farther is the ratio that is farther from 1.
func farther(a, b float64) float64 {
	if max(a, 1/a) >= max(b, 1/b) {
		return a
	}
	return b
}

// busier says whether the machine had more to do under a than under b; not if it is not known.
func busier(a, b device.Conditions) bool {
	if disturbed := a.Disturbed() != ""; disturbed != (b.Disturbed() != "") {
		return disturbed
	}
	return a.LoadAverage != nil && b.LoadAverage != nil && *a.LoadAverage > *b.LoadAverage
}
