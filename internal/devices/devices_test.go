package devices

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tailor-nas/tailor/internal/micro"
	"github.com/tailor-nas/tailor/profiles"
)

// profile is that of the invented device, with times so many times as long.
func profile(t *testing.T, factor float64) *profiles.Profile {
	t.Helper()
	p, _ := micro.Profile(t, micro.ParseSpace(t, micro.SpaceYAML))
	for i := range p.Blocks {
		p.Blocks[i].LatencyMS *= factor
	}
	for i := range p.Networks {
		p.Networks[i].LatencyMS *= factor
	}
	return p
}

// TestList: profiles are found in folders and taken by name, each once, with what is wrong with
// them.
func TestList(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"deep/er", "b.json.parts"} {
		if err := os.MkdirAll(at(name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	good, drifted := profile(t, 1), profile(t, 1)
	good.Session.Started, good.Worker = time.Unix(1e9, 0), "rack-1"
	good.Blocks[0].Unstable, good.Networks[0].Unstable = true, true
	drifted.NetworkSession.UnstableReason = "it grew warm"
	for name, p := range map[string]*profiles.Profile{"b.json": good, "deep/er/a.json": drifted,
		"b.json.parts/12.json": good} {
		if err := p.Save(at(name)); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(at("b.json"))
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"other.json":      "{}",
		"damaged.json":    strings.Replace(string(text), "rack-1", "rack-2", 1),
		"deep/older.json": strings.Replace(string(text), "profile/6", "profile/3", 1),
	} {
		if err := os.WriteFile(at(name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	all, err := List([]string{at("b.json"), dir})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, k := range all {
		name, _ := filepath.Rel(dir, k.Path)
		names = append(names, filepath.ToSlash(name))
	}
	want := []string{"b.json", "damaged.json", "deep/er/a.json", "deep/older.json"}
	if !slices.Equal(names, want) {
		t.Fatalf("found %v, want %v", names, want)
	}
	k := all[0]
	if !k.OK || k.Unstable != 2 || k.Worker != "rack-1" || k.Device != good.Device.ID ||
		!k.Measured.Equal(time.Unix(1e9, 0)) || k.Space != "micro" || k.Networks != 4 ||
		k.Runtime != good.Runtime.ID() {
		t.Errorf("%+v", k)
	}
	for i, why := range []string{"changed or damaged", "it grew warm", "another version"} {
		if k := all[i+1]; k.OK || !strings.Contains(k.Why, why) {
			t.Errorf("%s: %v, want %s", k.Path, k.Why, why)
		}
	}
	for _, name := range []string{"damaged.json", "other.json", "none.json"} {
		if _, err := List([]string{at(name)}); err == nil {
			t.Errorf("%s was named, and is no error", name)
		}
	}
}

// TestCompare: the second profile has its times half as long again, but one block, which has three
// times as long.
func TestCompare(t *testing.T) {
	a, b := profile(t, 1), profile(t, 1.5)
	b.Blocks[3].LatencyMS = 3 * a.Blocks[3].LatencyMS
	b.Blocks[1].Unstable = true
	c, err := Compare(a, b)
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	for _, block := range a.Blocks {
		keys[block.Block.Key()] = true
	}
	near := func(got, want float64) bool { return math.Abs(got-want) < 1e-9 }
	if n := c.Blocks; !c.Same || n.Both != len(keys) || n.Unstable != 1 || !near(n.Ratio, 1.5) ||
		!near(n.Median, .5) || !near(n.P95, .5) || !near(n.Most, 2) {
		t.Errorf("%+v", c)
	}
	if n := c.Networks; n.Both != len(a.Networks) || !near(n.Ratio, 1.5) || !near(n.Most, .5) {
		t.Errorf("%+v", n)
	}
	other, _ := micro.Profile(t, micro.ParseSpace(t, micro.OtherYAML))
	other.Device.ID = "another"
	if c, err = Compare(a, other); err != nil || c.Same || c.Networks.Both != 0 ||
		c.Blocks.Both == 0 || c.Blocks.Both == len(keys) || !near(c.Blocks.Ratio, 1) {
		t.Errorf("%+v, %v: of another head, want the blocks before it", c, err)
	}
	other.Blocks = nil
	if _, err := Compare(a, other); !errors.Is(err, ErrNothing) {
		t.Errorf("%v, want ErrNothing", err)
	}
}
