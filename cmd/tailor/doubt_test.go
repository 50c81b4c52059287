package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/micro"
	"github.com/tailor-nas/tailor/internal/winners"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/supernet"
)

// TestLoadLatencyRepeatsDoubt: whoever uses a predictor of times in doubt is told, and nobody else.
func TestLoadLatencyRepeatsDoubt(t *testing.T) {
	space := micro.ParseSpace(t, micro.SpaceYAML)
	for _, why := range []string{"", "it grew warm"} {
		l := micro.Latency(t, space)
		l.Unstable = why
		path := filepath.Join(t.TempDir(), "latency.json")
		if err := l.Save(path); err != nil {
			t.Fatal(err)
		}
		var stderr bytes.Buffer
		g := new(Globals)
		g.start(nil, &stderr)
		if _, err := g.loadLatency(path, space); err != nil {
			t.Fatal(err)
		}
		if said := stderr.String(); why == "" && said != "" ||
			why != "" && !strings.Contains(said, "(it grew warm): better profile again") {
			t.Errorf("%q: warned %q", why, said)
		}
	}
}

// TestSourcesRepeatDoubt: so is whoever chooses networks for one, or transfers it.
func TestSourcesRepeatDoubt(t *testing.T) {
	w := newWalkthrough(t)
	space, err := supernet.LoadSpace(w.path("micro.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	l := micro.Latency(t, space)
	l.Unstable = "it grew warm"
	if err := l.Save(w.path("l.json")); err != nil {
		t.Fatal(err)
	}
	w.do("draw", "spaces @micro.yaml --sample 6 --for @l.json --out @archs.jsonl")
	text, err := os.ReadFile(w.path("archs.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	timed := strings.ReplaceAll(string(text), "}}\n", "},\"value\":2.5}\n")
	if err := os.WriteFile(w.path("timed.jsonl"), []byte(timed), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"spaces @micro.yaml --sample 2 --for @l.json",
		"fit latency --space @micro.yaml --measured @timed.jsonl --from @l.json --out @new.json",
	} {
		_, stderr := w.try("doubt", line)
		if !strings.Contains(stderr, "(it grew warm): better profile again") {
			t.Errorf("%s: %q", line, stderr)
		}
	}
}

// TestWarnUnsure: a budget that nothing keeps is warned of where it is one of latency, no winner is
// timed and nobody asked for predictions as they are.
func TestWarnUnsure(t *testing.T) {
	imported := &predictor.Latency{}
	fitted := &predictor.Latency{HeldOut: regress.HeldOut{Samples: 10}}
	budget := search.Limits{LatencyMS: 4}
	for name, c := range map[string]struct {
		latency *predictor.Latency
		job     winners.Job
		warned  bool
	}{
		"an imported table":       {imported, winners.Job{Confidence: 0.9}, true},
		"its winners are timed":   {imported, winners.Job{Confidence: 0.9, Verify: true}, false},
		"as predicted":            {imported, winners.Job{}, false},
		"a predictor with errors": {fitted, winners.Job{Confidence: 0.9}, false},
	} {
		var stderr bytes.Buffer
		g := new(Globals)
		g.start(nil, &stderr)
		c.job.Devices = []winners.Device{{Name: "phone", Latency: c.latency}}
		c.job.Limits = []search.Limits{{MACs: 1}}
		if warnUnsure(g, c.job); stderr.Len() > 0 {
			t.Errorf("%s, without a limit on latency: warned %q", name, stderr.String())
		}
		c.job.Limits = append(c.job.Limits, budget)
		warnUnsure(g, c.job)
		if got := strings.HasPrefix(stderr.String(), "warning: phone states no error"); got != c.warned {
			t.Errorf("%s: warned %q, expected a warning: %t", name, stderr.String(), c.warned)
		}
	}
}
