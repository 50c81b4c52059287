package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// model is what the parser knows.
func model(t *testing.T) *kong.Node {
	t.Helper()
	parser, err := newParser(&cli{}, &bytes.Buffer{}, &bytes.Buffer{}, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	return parser.Model.Node
}

// TestUsage shows alternatives as alternatives, and all that must be given.
func TestUsage(t *testing.T) {
	want := map[string]string{
		"tailor":             "tailor <command> [flags]",
		"tailor search":      "tailor search (--space=SPACE | --run=RUN | --genes=5,5,5|FILE) (--accuracy=ACCURACY | --run-command=RUN-COMMAND) --out=OUT [flags]",
		"tailor eval":        "tailor eval (<manifest> | --run=RUN) [flags]",
		"tailor train":       "tailor train --data=DATA (--init=INIT | --space=SPACE) (--out=OUT | --plan) [flags]",
		"tailor fit latency": "tailor fit latency (--profile=PROFILE | --measured=FILE,...) [--space=SPACE | --run=RUN | --genes=5,5,5|FILE] --out=OUT [flags]",
	}
	app := model(t)
	nodes := append(app.Leaves(true), app)
	for _, n := range nodes {
		got := usage(n)
		if w, ok := want[n.FullPath()]; ok && got != w {
			t.Errorf("got  %s\nwant %s", got, w)
		}
		for _, f := range slices.Concat(n.AllFlags(true)...) {
			if f.Required && !strings.Contains(got, f.Summary()) {
				t.Errorf("%s does not say %s, which is needed", got, f.Summary())
			}
		}
		for line := range strings.Lines(folded(got, "    ")) {
			if len(line) > helpWidth+1 {
				t.Errorf("%d columns: %s", len(line), line)
			}
		}
	}
}

// TestPrunedUsage: one of prune's goals is needed, though kong does not know.
func TestPruneUsage(t *testing.T) {
	for _, leaf := range model(t).Leaves(true) {
		if got := usage(leaf); leaf.Name == "prune" &&
			!(strings.HasPrefix(got, "tailor prune <manifest> ") &&
				strings.Contains(got, "(--sparsity=SPARSITY | --max-latency=")) {
			t.Error(got)
		}
	}
}

func TestParseError(t *testing.T) {
	var out, problem bytes.Buffer
	for line, want := range map[string]string{
		"train --space mbv3-tiny --data synthetic --out r --strategy dps": "--strategy is \"dps\", expected deps, bignas, progressive, compofa or full (did you mean deps?); see",
		"train --space mbv3-tiny --data synthetic --out r --strategy x":   "--strategy is \"x\", expected deps, bignas, progressive, compofa or full; see",
		"search --run r --accuracy a --out o --pareto --cost mac":         "--cost is \"mac\", expected latency, energy, macs, params, memory or size (did you mean macs?); see",
		"seach": "did you mean \"search\"?",
		"search --latncy x --run r --accuracy a --out o": "did you mean \"--latency\"?",
		"search --accuracy a --out o":                    "--space=SPACE or --run=RUN",
	} {
		problem.Reset()
		if code := run(t.Context(), strings.Fields(line), &out, &problem); code != exitUsage ||
			!strings.Contains(problem.String(), want) {
			t.Errorf("tailor %s: status %d, %s, want %s", line, code, problem.String(), want)
		}
	}
}

// TestHelpCommand is --help.
func TestHelpCommand(t *testing.T) {
	for _, c := range []struct{ help, flag string }{{"help", "--help"},
		{"help search", "search --help"}, {"--json help fit latency", "--json fit latency --help"},
		{"help fit", "fit --help"}} {
		var out [2]bytes.Buffer
		var problem bytes.Buffer
		for i, line := range []string{c.help, c.flag} {
			if code := run(t.Context(), strings.Fields(line), &out[i], &problem); code != exitDone {
				t.Errorf("tailor %s: status %d, %s", line, code, problem.String())
			}
		}
		if out[0].String() != out[1].String() || !strings.HasPrefix(out[0].String(),
			"Usage: tailor") {
			t.Errorf("tailor %s: %s", c.help, out[0].String())
		}
	}
}

// TestManual names every command and flag, and begins no line with what is taken for a command of
// roff by accident.
func TestManual(t *testing.T) {
	app := model(t)
	var page strings.Builder
	manual(&page, app)
	text := page.String()
	for _, leaf := range app.Leaves(true) {
		if !strings.Contains(text, ".SS "+roff(leaf.FullPath())+"\n") {
			t.Errorf("the page has no %s", leaf.FullPath())
		}
		for _, f := range leaf.Flags {
			if !strings.Contains(text, ".B "+roff(f.String())+"\n") {
				t.Errorf("the page has no %s of %s", f.String(), leaf.FullPath())
			}
		}
	}
	for line := range strings.Lines(text) {
		macro, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.HasPrefix(line, ".") && !slices.Contains([]string{".TH", ".SH", ".SS", ".TP",
			".PP", ".B"}, macro) || strings.HasPrefix(line, "'") {
			t.Errorf("line %q", line)
		}
	}
}

// TestComplete offers what can stand at a place.
func TestComplete(t *testing.T) {
	app := model(t)
	for _, c := range []struct{ line, want, not string }{
		{"", "search train spaces", "--json"},
		{"tr", "train", "search"},
		{"fit ", "accuracy latency", "train"},
		{"fit latency --pro", "--profile", "--max-latency"},
		{"train --strategy ", "deps bignas progressive compofa full", "--space"},
		{"train --strategy=", "--strategy=deps --strategy=full", ""},
		{"train --strategy = b", "bignas", "deps"}, // as bash takes it apart
		{"train --space mbv3-t", "mbv3-tiny", "mbv3-cifar"},
		{"train --quiet --data ", "synthetic", ""},
		{"spaces ofa", "ofa-mbv3 ofa-proxyless", "mbv3-tiny"},
		{"search --no-v", "--no-verify", "--verify"},
		{"search --pareto --cost ", "latency macs params", "--points"},
		{"search --accuracy ", "", "--out"}, // a file: the shell knows
		{"completion ", "bash zsh fish", ""},
		{"help fi", "fit", "train"},
		{"--json sea", "search", ""},
	} {
		var out bytes.Buffer
		words := strings.Split(c.line, " ")
		complete(&out, app, words)
		var got []string
		for line := range strings.Lines(out.String()) {
			word, _, _ := strings.Cut(line, "\t")
			got = append(got, word)
		}
		for _, w := range strings.Fields(c.want) {
			if !slices.Contains(got, w) {
				t.Errorf("%q: offers %q, not %s", c.line, got, w)
			}
		}
		if c.not != "" && slices.Contains(got, c.not) || c.want == "" && len(got) > 0 {
			t.Errorf("%q: offers %q", c.line, got)
		}
	}
}
