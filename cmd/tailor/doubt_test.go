package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/micro"
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
