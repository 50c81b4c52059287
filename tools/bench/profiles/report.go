package main

import (
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/supernet"
)

// report compares profiles with each other, and predictions with networks.
func (b *bench) report(w io.Writer, all []*measured) error {
	p := all[0].profiles[0]
	fmt.Fprintf(w, "%s, %s, %s at %v px, %d blocks. Runtimes:\n\n", p.Device.CPU.Brand,
		p.Device.Arch, b.space.Name, p.Resolutions, len(p.Blocks))
	for _, m := range all {
		fmt.Fprintf(w, "- %s: `%s`, profiles of %.0f and %.0f s\n", m.name,
			m.profiles[0].Runtime.ID(), m.profiles[0].Seconds(),
			m.profiles[1].Seconds())
	}
	fmt.Fprintf(w, "\nTwo profiles: how far a block's latencies are apart.\n\n"+
		"| runtime | median | 95th percentile | most | not known to 2 %% |\n|---|---|---|---|---|\n")
	for _, m := range all {
		apart, unstable := difference(m.profiles[0], m.profiles[1])
		fmt.Fprintf(w, "| %s | %s | %s | %s | %d and %d |\n", m.name, percent(quantile(apart, .5)),
			percent(quantile(apart, .95)), percent(quantile(apart, 1)), unstable[0], unstable[1])
	}
	fmt.Fprintf(w, "\n%d random networks, timed in a session of their own, by the predictor "+
		"fitted to each profile.\n\n| runtime | profile | networks, ms | mean error | within "+
		"10 %% | Spearman | Kendall tau | error that the predictor states |\n"+
		"|---|---|---|---|---|---|---|---|\n", b.heldOut)
	for _, m := range all {
		for pass, l := range m.latency {
			c, err := compare(l, m.heldOutOn(l))
			if err != nil {
				return err
			}
			low, high := around(m.heldOut)
			fmt.Fprintf(w, "| %s | %d | %.3g to %.3g | %s | %s | %.3f | %.3f | %s |\n", m.name,
				pass+1, low, high, percent(c.MAPE), percent(c.Within10Pct), c.Spearman,
				c.KendallTau, percent(l.HeldOut.MAPE))
		}
	}
	return nil
}

// difference lists by how much the latencies of each block differ, and counts those of each profile
// that are marked as unstable.
func difference(first, second *profiles.Profile) (apart []float64, unstable [2]int) {
	ms := map[supernet.Block]float64{}
	for _, t := range first.Blocks {
		ms[t.Block] = t.LatencyMS
		if t.Unstable {
			unstable[0]++
		}
	}
	for _, t := range second.Blocks {
		apart = append(apart, math.Abs(t.LatencyMS/ms[t.Block]-1))
		if t.Unstable {
			unstable[1]++
		}
	}
	return apart, unstable
}

// heldOutOn are the latencies of networks on the scale of a profile, that of l: all are ratios to
// one network.
func (m *measured) heldOutOn(l *predictor.Latency) (networks []predictor.NetworkTime) {
	scale := l.Reference.MS / m.latency[0].Reference.MS
	for _, n := range m.heldOut {
		networks = append(networks, predictor.NetworkTime{Arch: n.Arch, MS: n.MS * scale})
	}
	return networks
}

func compare(l *predictor.Latency, networks []predictor.NetworkTime) (regress.HeldOut, error) {
	archs, ms := split(networks)
	predicted, err := l.Predict(archs)
	if err != nil {
		return regress.HeldOut{}, err
	}
	return regress.Compare(predicted, ms), nil
}

func split(networks []predictor.NetworkTime) (archs []supernet.Arch, ms []float64) {
	for _, n := range networks {
		archs, ms = append(archs, n.Arch), append(ms, n.MS)
	}
	return archs, ms
}

func around(networks []predictor.NetworkTime) (low, high float64) {
	_, ms := split(networks)
	return slices.Min(ms), slices.Max(ms)
}

// quantile is the value that a share q of all does not exceed.
func quantile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[max(0, int(math.Ceil(q*float64(len(sorted))))-1)]
}

func percent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }
