package findings

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tailor-nas/tailor/internal/page"
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
		i, c := x.doc.Info, x.doc.Info.Config
		if i.Imported != nil {
			continue
		}
		add("train "+base(x.dir()), "tailor train --space", shell(i.Space.Name), "--data",
			shell(i.Data.Path), "--strategy", string(c.Strategy), fmt.Sprintf(
				"--epochs %d --batch %d --lr %g --seed %d --out", c.Epochs, c.Batch, c.LR, c.Seed),
			shell(x.dir()))
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
	for _, x := range l.accuracies {
		if r := l.runOf(x.doc.Inputs["weights"].SHA256); r != nil {
			add("fit "+base(x.path), "tailor fit accuracy --run", shell(r.dir()), fmt.Sprintf(
				"--samples %d --seed %d --out", x.doc.Samples, x.doc.Seed), shell(x.path))
		}
	}
	return all
}

// shell quotes a word for a shell, where it must be.
func shell(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' ||
			strings.ContainsRune("-_./,:=@%+", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
