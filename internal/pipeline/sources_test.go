package pipeline

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/internal/micro"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/supernet"
)

func sourcesOf(t *testing.T, space *supernet.Space, from ...string) []Source {
	t.Helper()
	all, err := LoadSources(space, from, "")
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestFitTimingsFromFolder: all latency predictors of the space in a folder are sources, each once,
// and nothing else there.
func TestFitTimingsFromFolder(t *testing.T) {
	space, other := micro.ParseSpace(t, micro.SpaceYAML), micro.ParseSpace(t, micro.OtherYAML)
	dir := t.TempDir()
	l := micro.Latency(t, space)
	save := func(name string, save func(path string) error) string {
		path := filepath.Join(dir, name)
		if err := save(path); err != nil {
			t.Fatal(err)
		}
		return path
	}
	first := save("b.json", l.Save)
	save("c.json", l.Save)
	l.Device = "another"
	save("a.json", l.Save)
	save("other.json", micro.Latency(t, other).Save)
	p, _ := micro.Profile(t, space)
	save("profile.json", p.Save)
	timings := &Timings{Space: space}
	for _, a := range micro.AllArchs(space)[:6] {
		timings.Networks = append(timings.Networks,
			predictor.NetworkTime{Arch: a, MS: 2 * micro.NetworkMS(space, a)})
	}
	got, err := FitTimings(timings, sourcesOf(t, space, dir, first))
	if err != nil {
		t.Fatal(err)
	}
	roles := slices.Sorted(maps.Keys(got.Inputs))
	if !slices.Equal(roles, []string{"latency 1 a.json", "latency 2 b.json"}) {
		t.Errorf("sources %v", roles)
	}
	links := t.TempDir()
	if err := os.Symlink(first, filepath.Join(links, "link.json")); err != nil {
		t.Fatal(err)
	}
	if linked := sourcesOf(t, space, links); len(linked) != 1 {
		t.Errorf("of a folder of a link: %v", linked)
	}
	if _, err := LoadSources(space, []string{t.TempDir()}, ""); !errors.Is(err, errNoSource) {
		t.Errorf("an empty folder: %v", err)
	}
	left, err := LoadSources(space, []string{dir}, first)
	if err != nil || len(left) != 2 || slices.ContainsFunc(left, func(s Source) bool {
		return s.Path == first
	}) {
		t.Errorf("beside the file to write: %v, %v", left, err)
	}
}

// TestFitTimingsLeavesItsOwnOut: a predictor of the same times would be found to be without error.
func TestFitTimingsLeavesItsOwnOut(t *testing.T) {
	space, dir := micro.ParseSpace(t, micro.SpaceYAML), t.TempDir()
	own, other := filepath.Join(dir, "own.json"), filepath.Join(dir, "z.json")
	l := micro.Latency(t, space)
	if err := l.Save(other); err != nil {
		t.Fatal(err)
	}
	measured := map[string]store.Input{"measured": {Path: "m.jsonl", SHA256: l.SHA256}}
	timings := &Timings{Space: space, Inputs: measured}
	for i, a := range micro.AllArchs(space)[:12] {
		timings.Networks = append(timings.Networks, predictor.NetworkTime{Arch: a,
			MS: micro.NetworkMS(space, a) * (1 + float64(i*i%5)/10)})
	}
	want, err := FitTimings(timings, sourcesOf(t, space, other))
	if err != nil {
		t.Fatal(err)
	}
	l.Inputs = map[string]store.Input{"measured of a": measured["measured"]}
	if err := l.Save(own); err != nil {
		t.Fatal(err)
	}
	got, err := FitTimings(timings, sourcesOf(t, space, dir))
	if err != nil || got.HeldOut != want.HeldOut || len(got.Inputs) != 2 {
		t.Errorf("from a folder %+v of %v, expected %+v: %v", got.HeldOut, got.Inputs,
			want.HeldOut, err)
	}
	if _, err := FitTimings(timings, sourcesOf(t, space, other, own)); !errors.Is(err,
		errOwnSource) {
		t.Errorf("named: %v", err)
	}
}
