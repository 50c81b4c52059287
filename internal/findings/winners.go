package findings

import (
	"cmp"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tailor-nas/tailor/internal/page"
	"github.com/tailor-nas/tailor/internal/report"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
)

// winners are the networks of manifests: those that a search chose by rising latency, then those
// that were made of them.
func (g *gathering) winnersFrom(first int, h hrefs) (all []page.Network) {
	index := map[string]int{}
	for _, m := range g.sorted() {
		n := g.winner(m, h)
		n.From = -1
		if i, ok := index[m.doc.Inputs[manifest.ParentRole].SHA256]; ok {
			n.From = i
		}
		index[m.doc.SHA256] = first + len(all)
		all = append(all, n)
	}
	return all
}

// sorted are the manifests of a series: those of searches first, by rising latency.
func (s *series) sorted() []at[manifest.Manifest] {
	all := slices.Clone(s.winners)
	slices.SortStableFunc(all, func(a, b at[manifest.Manifest]) int {
		return cmp.Or(cmp.Compare(made(a.doc), made(b.doc)),
			cmp.Compare(a.doc.Predicted.LatencyMS, b.doc.Predicted.LatencyMS),
			cmp.Compare(a.doc.MACs, b.doc.MACs))
	})
	return all
}

func made(m *manifest.Manifest) int {
	if m.Pruned != nil || m.Finetuned != nil {
		return 1
	}
	return 0
}

// winner is the network of a manifest.
func (g *gathering) winner(m at[manifest.Manifest], h hrefs) page.Network {
	d := m.doc
	n := page.Network{Name: g.lib.names[m.path], Kind: page.Winner, MACs: d.MACs, Params: d.Params,
		Predicted: g.believed(d), Measured: g.found(d), Facts: factsOf(d), Files: filesOf(m, h),
		Budget: d.Limits.LatencyMS}
	if g.cost == page.MACs {
		n.Budget = float64(d.Limits.MACs)
	}
	if made(d) == 1 {
		n.Kind = page.Changed
		n.Predicted = page.Figures{Cost: page.Unknown(), Top1: page.Unknown()}
		if g.cost == page.MACs {
			n.Predicted.Cost = page.Exactly(float64(d.MACs))
		}
	}
	if x := d.Measured; x != nil && x.WithinLimits != nil {
		n.Over = !*x.WithinLimits
	}
	n.Blocks = g.winnerBlocks(d)
	return n
}

// believed is what the search predicted, with the predictors' errors.
func (g *gathering) believed(d *manifest.Manifest) page.Figures {
	p := d.Predicted
	f := page.Figures{Cost: page.Unknown(), Top1: page.Unknown()}
	if p.Top1 != 0 {
		spread := normal95 * p.Top1RMSE
		f.Top1 = page.Range{Value: p.Top1, Low: p.Top1 - spread, High: p.Top1 + spread}
	}
	switch {
	case g.cost == page.MACs:
		f.Cost = page.Exactly(float64(d.MACs))
	case p.LatencyMS > 0:
		relative := 0.0
		if g.latency != nil {
			relative = g.latency.doc.Interval.Relative
		}
		f.Cost = page.Range{Value: p.LatencyMS, Low: p.LatencyMS * (1 - relative),
			High: p.LatencyMS * (1 + relative)}
	}
	return f
}

// found is what was measured.
func (g *gathering) found(d *manifest.Manifest) page.Figures {
	f := page.Figures{Cost: page.Unknown(), Top1: page.Unknown()}
	m := d.Measured
	if m == nil {
		return f
	}
	if m.Images > 0 {
		f.Top1 = page.Range(report.Wilson(m.Top1, m.Images))
	}
	if g.cost == page.Latency && m.LatencyMS > 0 {
		f.Cost = page.Exactly(m.LatencyMS)
		if m.LatencyHighMS > 0 {
			f.Cost.Low, f.Cost.High = m.LatencyLowMS, m.LatencyHighMS
		}
	}
	return f
}

// factsOf is what else a manifest says.
func factsOf(d *manifest.Manifest) (all []page.Fact) {
	add := func(name, format string, args ...any) {
		all = append(all, page.Fact{Name: name, Value: fmt.Sprintf(format, args...)})
	}
	if l := d.Limits; l.LatencyMS > 0 {
		add("budget", "%s", page.Milliseconds(l.LatencyMS))
	}
	if l := d.Limits; l.EnergyMJ > 0 {
		add("limit of energy", "%.4g mJ an inference", l.EnergyMJ)
	}
	p := d.Predicted
	if made(d) == 1 { // its parent's
		p = manifest.Predicted{}
	}
	if p.EnergyMJ > 0 {
		add("predicted energy", "%s", energyText(p))
	}
	if l := d.Limits; l.MACs > 0 {
		add("limit of MACs", "%s", page.Count(l.MACs))
	}
	if l := d.Limits; l.Params > 0 {
		add("limit of parameters", "%s", page.Count(l.Params))
	}
	if l := d.Limits; l.MemoryBytes > 0 {
		add("limit of memory", "%s bytes", page.Count(l.MemoryBytes))
	}
	if l := d.Limits; l.SizeBytes > 0 {
		add("limit of the weights file", "%s bytes", page.Count(l.SizeBytes))
	}
	switch {
	case p.Exact:
		add("gap", "none: all networks were looked at")
	case p.Top1LikelyBound > 0 && p.Top1LikelyBound < p.Top1Bound:
		add("gap", "likely %.1f points of top-1, at most %.1f",
			100*max(0, p.Top1LikelyBound-p.Top1), 100*max(0, p.Top1Bound-p.Top1))
	case p.Top1Bound > 0:
		add("gap", "at most %.1f points of top-1", 100*max(0, p.Top1Bound-p.Top1))
	}
	if r := d.Ranks; r != nil && made(d) == 0 && r.Predicted+r.Measured > 2 {
		add("rank", "%d predicted, %d measured", r.Predicted, r.Measured)
	}
	if m := d.Measured; m != nil {
		if m.Images > 0 {
			add("tested on", "%d images", m.Images)
		}
		if m.Runtime != "" {
			add("timed with", "%s", m.Runtime)
		}
		if m.Unstable {
			add("beware", "the latency is not to be trusted: the machine was too noisy")
		}
	}
	if f := d.Finetuned; f != nil {
		add("trained further", "%d epochs", f.Epochs)
	}
	if f := d.Pruned; f != nil {
		add("pruned", "%s by %s", f.Structure, f.Method)
	}
	return all
}

// energyText is a predicted energy, with its upper end where that is known.
func energyText(p manifest.Predicted) string {
	text := fmt.Sprintf("%.4g mJ an inference on %s", p.EnergyMJ, p.EnergyDevice)
	if p.EnergyHighMJ > 0 {
		text += fmt.Sprintf(", at most %.4g mJ with %.4g %% confidence", p.EnergyHighMJ,
			100*p.Confidence)
	}
	return text
}

// hrefs makes links from a page in a folder to files; without a folder there are none.
type hrefs struct{ from string }

// to is a link to a file, empty where there is none: a path from the page, which no browser takes
// for anything but a file.
func (h hrefs) to(path string) string {
	if h.from == "" || !exists(path) {
		return ""
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return ""
	}
	rel, err := filepath.Rel(h.from, absolute)
	if err != nil {
		return ""
	}
	parts := strings.Split(filepath.ToSlash(rel), "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return "./" + strings.Join(parts, "/")
}

// filesOf are the manifest's own file and those that it names.
func filesOf(m at[manifest.Manifest], h hrefs) (all []page.File) {
	add := func(name string) {
		if name == filepath.Base(name) {
			all = append(all, page.File{Name: name, Href: h.to(filepath.Join(m.dir(), name))})
		}
	}
	add(filepath.Base(m.path))
	if w := m.doc.Weights; w != nil {
		add(w.File)
	}
	for _, e := range m.doc.Exports {
		add(e.File)
	}
	return all
}

// winnerBlocks are a manifest's blocks, with times where they are known: of a pruned network those
// that a profile of narrower or sparser blocks gives.
func (g *gathering) winnerBlocks(d *manifest.Manifest) []page.Block {
	resolution := d.Blocks[0].In.H
	all := g.convert(resolution, d.Blocks)
	if g.latency == nil || d.Pruned == nil {
		return all
	}
	parent := g.lib.manifest(d.Inputs[manifest.ParentRole].SHA256)
	if parent == nil || len(parent.doc.Blocks) != len(d.Blocks) {
		return all
	}
	structure := supernet.Structure(d.Pruned.Structure)
	if d.Pruned.Run > 0 {
		structure = supernet.Structure(fmt.Sprintf("%s%d", d.Pruned.Structure, d.Pruned.Run))
	}
	if structure.Check() != nil {
		return all
	}
	p, err := g.latency.doc.Pruned(parent.doc.Blocks, structure)
	if err != nil {
		return all
	}
	for i, b := range d.Blocks {
		if ms, err := p.BlockMS(i, b); err == nil {
			all[i].MS = ms
		}
	}
	return all
}
