package findings

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/tailor-nas/tailor/internal/page"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet/provenance"
)

// sources are the files with their hashes, seeds, and what they were made from.
func (l *library) sources(h hrefs) (all []page.Source) {
	add := func(kind, path string, header provenance.Header, seed string) {
		s := page.Source{Kind: kind, Path: path, SHA256: header.SHA256, Href: h.to(path),
			Seed: seed}
		for _, role := range slices.Sorted(maps.Keys(header.Inputs)) {
			in := header.Inputs[role]
			s.Inputs = append(s.Inputs, page.Input{Role: role, Path: in.Path, SHA256: in.SHA256})
		}
		all = append(all, s)
	}
	for _, x := range l.runs {
		add("run", x.path, x.doc.Info.Header, number(x.doc.Info.Config.Seed))
	}
	for _, x := range l.profiles {
		add("profile", x.path, x.doc.Header, number(x.doc.Settings.Seed))
	}
	for _, x := range l.accuracies {
		add("accuracy", x.path, x.doc.Header, number(x.doc.Seed))
	}
	for _, x := range l.latencies {
		add("latency", x.path, x.doc.Header, "")
	}
	for _, x := range l.energies {
		add("energy", x.path, x.doc.Header, "")
	}
	for _, x := range l.fronts {
		add("front", x.path, x.doc.Header, number(x.doc.Seed))
	}
	for _, x := range l.manifests {
		add("manifest", x.path, x.doc.Header, number(x.doc.Seed))
	}
	for _, x := range l.prunings {
		add("pruning", x.path, x.doc.Header, number(x.doc.Config.Seed))
	}
	return all
}

func number(seed uint64) string { return strconv.FormatUint(seed, 10) }

// commands are command lines that ask for the same again, as far as the files tell.
func (l *library) commands() (all []page.Command) {
	add := func(what string, words ...string) {
		all = append(all, page.Command{What: what, Line: strings.Join(words, " ")})
	}
	for _, x := range l.runs {
		if x.doc.Info.Imported == nil {
			add("train "+base(x.dir()), trainWords(&x.doc.Info, x.dir())...)
		}
	}
	for _, x := range l.profiles {
		add("profile "+base(x.path), "tailor profile --space", shell(x.doc.SpaceName), "--runtime",
			shell(x.doc.Runtime.Name), fmt.Sprintf("--networks %d --seed %d --out",
				x.doc.Settings.Networks, x.doc.Settings.Seed), shell(x.path))
	}
	for _, x := range l.latencies {
		if p := l.profile(x.doc.Inputs["profile"].SHA256); p != nil {
			add("fit "+base(x.path), "tailor fit latency --profile", shell(p.path), "--out",
				shell(x.path))
		}
	}
	for _, x := range l.energies {
		p := l.profile(x.doc.Inputs["profile"].SHA256)
		if p != nil && len(x.doc.Inputs) == 1 { // else what --from named is not known
			add("fit "+base(x.path), "tailor fit energy --profile", shell(p.path), "--out",
				shell(x.path))
		}
	}
	for _, x := range l.accuracies {
		if r := l.runOf(x.doc.Inputs["weights"].SHA256); r != nil {
			add("fit "+base(x.path), "tailor fit accuracy --run", shell(r.dir()), fmt.Sprintf(
				"--samples %d --seed %d --out", x.doc.Samples, x.doc.Seed), shell(x.path))
		}
	}
	all = append(all, l.searches()...)
	return append(all, l.pruningCommands()...)
}

// searches are the commands of searches: one for all winners of a folder that have everything but
// their limits in common.
func (l *library) searches() (all []page.Command) {
	index := map[string]int{}
	for _, m := range l.manifests {
		a := l.accuracy(m.doc.Inputs["accuracy"].SHA256)
		if a == nil {
			continue
		}
		dir := filepath.Dir(m.dir())
		words := []string{"tailor search"}
		if r := l.runOf(a.doc.Inputs["weights"].SHA256); r != nil {
			words = append(words, "--run", shell(r.dir()))
		} else {
			words = append(words, "--space", shell(m.doc.SpaceName))
		}
		words = append(words, "--accuracy", shell(a.path))
		if b := l.latency(m.doc.Inputs["latency"].SHA256); b != nil {
			words = append(words, "--latency", shell(b.path))
		}
		if e := l.energy(m.doc.Inputs["energy"].SHA256); e != nil {
			words = append(words, "--energy", shell(e.path))
		}
		words = append(words, limitFlags(m.doc.Limits)...)
		words = append(words, fmt.Sprintf("--seed %d --out", m.doc.Seed), shell(dir))
		line := strings.Join(words, " ")
		if _, known := index[line]; !known {
			index[line] = len(all)
			all = append(all, page.Command{What: "search " + l.names[m.path], Line: line})
		}
	}
	return all
}

func limitFlags(l manifest.Limits) (words []string) {
	if l.LatencyMS > 0 {
		words = append(words, fmt.Sprintf("--max-latency %gms", l.LatencyMS))
	}
	if l.EnergyMJ > 0 {
		words = append(words, "--max-energy",
			strconv.FormatFloat(l.EnergyMJ, 'f', -1, 64)+"mJ")
	}
	if l.MACs > 0 {
		words = append(words, fmt.Sprintf("--max-macs %d", l.MACs))
	}
	if l.Params > 0 {
		words = append(words, fmt.Sprintf("--max-params %d", l.Params))
	}
	if l.MemoryBytes > 0 {
		words = append(words, fmt.Sprintf("--max-memory %d", l.MemoryBytes))
	}
	if l.SizeBytes > 0 {
		words = append(words, fmt.Sprintf("--max-size %d", l.SizeBytes))
	}
	return words
}

// goal is how much was to go, as it was asked for.
func goal(p *manifest.Pruned) string {
	switch {
	case p.MaxLatencyMS > 0:
		return fmt.Sprintf("--max-latency %gms", p.MaxLatencyMS)
	case p.MaxParams > 0:
		return fmt.Sprintf("--max-params %d", p.MaxParams)
	}
	return fmt.Sprintf("--sparsity %g", p.Sparsity)
}

// pruningCommands are those of pruning and of fine-tuning.
func (l *library) pruningCommands() (all []page.Command) {
	for _, m := range l.manifests {
		parent := m.doc.Inputs[manifest.ParentRole].Path
		out := shell(filepath.Dir(m.dir()))
		switch p, f := m.doc.Pruned, m.doc.Finetuned; {
		case p != nil && parent != "":
			structure := p.Structure
			if p.Run > 0 {
				structure += strconv.Itoa(p.Run)
			}
			all = append(all, page.Command{What: "prune " + l.names[m.path],
				Line: fmt.Sprintf("tailor prune %s --structure %s --method %s %s "+
					"--epochs %d --seed %d --out %s", shell(parent), shell(structure),
					shell(p.Method), goal(p), p.Epochs, p.Seed, out)})
		case f != nil && parent != "":
			all = append(all, page.Command{What: "finetune " + l.names[m.path],
				Line: fmt.Sprintf("tailor finetune %s --epochs %d --batch %d --lr %g --seed %d "+
					"--out %s", shell(parent), f.Epochs, f.Batch, f.LR, f.Seed, out)})
		}
	}
	return all
}
