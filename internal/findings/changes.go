package findings

import (
	"fmt"
	"math"

	"github.com/tailor-nas/tailor/internal/page"
	"github.com/tailor-nas/tailor/search/manifest"
)

// changes are what pruning and further training made of networks.
func (l *library) changes() (all []page.Change) {
	for _, m := range l.manifests {
		switch d := m.doc; {
		case d.Pruned != nil:
			c := page.Change{Title: l.names[m.path], About: prunedBy(d.Pruned),
				Figures: figures(d.Pruned.Before, d.Pruned.After)}
			if parent := l.manifest(d.Inputs[manifest.ParentRole].SHA256); parent != nil {
				c.About = "Made of " + l.names[parent.path] + ". " + c.About
				c.Blocks = blockChanges(parent.doc, d)
			}
			all = append(all, c)
		case d.Finetuned != nil:
			f := d.Finetuned
			all = append(all, page.Change{Title: l.names[m.path], About: fmt.Sprintf(
				"Trained further for %d epochs of %d images a step.", f.Epochs, f.Batch),
				Figures: figures(f.Before, f.After)})
		}
	}
	return all
}

func prunedBy(p *manifest.Pruned) string {
	what := map[string]string{manifest.PrunedWeights: "Single weights",
		manifest.PrunedVectors:  fmt.Sprintf("Runs of %d weights", p.Run),
		manifest.PrunedChannels: "Channels"}[p.Structure]
	if what == "" {
		what = p.Structure
	}
	return fmt.Sprintf("%s were removed by %s, with %d epochs of training.", what, p.Method,
		p.Epochs)
}

// figures is a table of before and after.
func figures(before, after manifest.PrunedFigures) page.Table {
	t := page.Table{Head: []string{"", "before", "after", "change"}, Numbers: true}
	row := func(name, a, b string, from, to float64) {
		change := "–"
		if from > 0 && to > 0 {
			change = fmt.Sprintf("%+.1f %%", 100*(to/from-1))
		}
		t.Rows = append(t.Rows, []string{name, a, b, change})
	}
	if before.Images > 0 && after.Images > 0 {
		t.Rows = append(t.Rows, []string{"top-1", page.Percent(before.Top1),
			page.Percent(after.Top1), fmt.Sprintf("%+.1f points", 100*(after.Top1-before.Top1))})
	} else if after.Images > 0 {
		t.Rows = append(t.Rows, []string{"top-1", "–", page.Percent(after.Top1), "–"})
	}
	if after.LatencyMS > 0 {
		row("latency", page.Milliseconds(before.LatencyMS), page.Milliseconds(after.LatencyMS),
			before.LatencyMS, after.LatencyMS)
	}
	for _, x := range []struct {
		name     string
		from, to int64
		text     func(int64) string
	}{
		{"file of weights", before.FileBytes, after.FileBytes, page.Bytes},
		{"weights", before.Weights, after.Weights, page.Count},
		{"weights without zeros", before.NonZero, after.NonZero, page.Count},
		{"MACs", before.MACs, after.MACs, page.Count},
		{"MACs without zeros", before.MACsNonZero, after.MACsNonZero, page.Count},
	} {
		row(x.name, x.text(x.from), x.text(x.to), float64(x.from), float64(x.to))
	}
	return t
}

// blockChanges compares the blocks that have something to lose.
func blockChanges(parent, m *manifest.Manifest) (all []page.BlockChange) {
	if len(parent.Blocks) != len(m.Blocks) {
		return nil
	}
	for i, b := range m.Blocks {
		was := parent.Blocks[i]
		if was.Mid == b.Mid && b.Zeros == 0 {
			continue
		}
		all = append(all, page.BlockChange{Name: b.Name, Before: was.Mid, After: b.Mid,
			Zeros: int(math.Min(float64(b.Zeros), 100))})
	}
	return all
}
