package winners

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/micro"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/search/optimize"
)

// microSearch writes a winner without weights, which takes no training.
func microSearch(t *testing.T) Job {
	t.Helper()
	space := micro.ParseSpace(t, micro.SpaceYAML)
	return Job{Config: optimize.Defaults(), Space: space, Accuracy: micro.Accuracy(t, space,
		strings.Repeat("5", 64)), Dir: filepath.Join(t.TempDir(), "winners")}
}

// TestSearchAfterKilledOnes: what killed searches leave is in nobody's way, and what only looks
// like it stays.
func TestSearchAfterKilledOnes(t *testing.T) {
	j := microSearch(t)
	found := func() *manifest.Manifest {
		t.Helper()
		r, err := Search(t.Context(), j)
		if err != nil {
			t.Fatal(err)
		}
		m, _, err := manifest.Open(r.Winners[0].Manifest)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	j.Config.Seed = 1
	found()
	best := filepath.Join(j.Dir, "best")
	const random = ".0123456789abcdef"
	copies := []string{best + ".partial", best + random + ".partial", best + random + ".old",
		filepath.Join(j.Dir, "front-7"+random+".partial")}
	for _, c := range copies {
		if err := os.CopyFS(c, os.DirFS(best)); err != nil {
			t.Fatal(err)
		}
	}
	strange := best + ".fedcba9876543210.partial"
	if err := os.Mkdir(strange, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(strange, "thesis.tex"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(3) {
		j.Config.Seed = seed
		if m := found(); m.Seed != seed {
			t.Errorf("the winner is still that of seed %d, want %d", m.Seed, seed)
		}
		wantEntries(t, j.Dir, "best", "best.fedcba9876543210.partial", "best.partial")
	}
	// Killed between the two renames that it takes where names cannot be exchanged.
	if err := os.Rename(best, best+random+".old"); err != nil {
		t.Fatal(err)
	}
	j.Limits = []search.Limits{{MACs: 1 << 20}}
	found()
	if m, _, err := manifest.Open(filepath.Join(best, manifest.File)); err != nil || m.Seed != 2 {
		t.Errorf("the winner that was without its name: %v", err)
	}
}

func wantEntries(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if strings.Join(names, " ") != strings.Join(want, " ") {
		t.Errorf("%s holds %q, want %q", dir, names, want)
	}
}
