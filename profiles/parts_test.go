package profiles_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/profiles/timing"
	"github.com/tailor-nas/tailor/supernet"
)

// TestProfileGoesOn interrupts a profile in the second of three resolutions. The same call goes on
// with what the first one gave, and finds the times that the device has.
func TestProfileGoesOn(t *testing.T) {
	d, space, kept := newDevice(), tiny(t), filepath.Join(t.TempDir(), "parts")
	ctx, cancel := context.WithCancel(t.Context())
	s := givenProfile(profiles.ProfileSettings{Networks: 6, Clock: d.machine, Parts: kept})
	before := 0
	s.Before = func(context.Context) error { before++; return nil }
	s.Progress = func(p timing.Progress) {
		if files, _ := os.ReadDir(kept); len(files) == 1 && p.Rounds > 0 {
			cancel()
		}
	}
	if _, err := profiles.New(ctx, space, d, s); !errors.Is(err, context.Canceled) {
		t.Fatalf("interrupted: %v, want context.Canceled", err)
	}
	if before != 2 {
		t.Errorf("Before was called %d times for two resolutions", before)
	}
	d.loads = map[string]int{}
	s.Progress = nil
	p, err := profiles.New(t.Context(), space, d, s)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range space.AllBlocks(space.Resolutions[0]) {
		if d.loads[b.Key()] > 1 { // the reference is loaded again
			t.Errorf("%s was measured again", b.Key())
		}
	}
	if !slices.Equal(p.Resolutions, space.Resolutions) || len(p.Networks) != 6 {
		t.Fatalf("%d networks at %v px, want 6 at %v", len(p.Networks), p.Resolutions,
			space.Resolutions)
	}
	checkTimes(t, p)
	d.loads = map[string]int{}
	s.Seed++
	if _, err := profiles.New(t.Context(), space, d, s); err != nil {
		t.Fatal(err)
	}
	if n := d.loads[space.AllBlocks(space.Resolutions[0])[0].Key()]; n == 0 {
		t.Error("parts of another seed were taken")
	}
	if err := p.DropParts(kept); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(kept); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the parts are still there (%v)", err)
	}
}

// checkTimes compares all times of a profile with those of the simulated device.
func checkTimes(t *testing.T, p *profiles.Profile) {
	t.Helper()
	space := tiny(t)
	largest, err := space.Arch(p.Networks[0].Arch)
	if err != nil || largest != space.Max() {
		t.Errorf("the first network is %+v (%v), want the largest", largest, err)
	}
	for _, b := range p.Blocks {
		want := float64(timeOf([]supernet.Block{b.Block})) / 1e6
		if b.LatencyMS < want*.97 || b.LatencyMS > want*1.03 {
			t.Errorf("%s: %v ms, want %v", b.Block.Key(), b.LatencyMS, want)
		}
	}
	for _, n := range p.Networks {
		a, err := space.Arch(n.Arch)
		if err != nil {
			t.Fatal(err)
		}
		want := float64(timeOf(space.Blocks(a))) / 1e6
		if n.LatencyMS < want*.97 || n.LatencyMS > want*1.03 {
			t.Errorf("%s: %v ms, want %v", n.Name, n.LatencyMS, want)
		}
	}
}

// TestPartsCannotBeKept: a profile that could not keep its parts says so before it measures.
func TestPartsCannotBeKept(t *testing.T) {
	for name, make := range map[string]func(folder string) error{
		"a file": func(folder string) error { return os.WriteFile(folder, nil, 0o644) },
		"a folder in the place of a part": func(folder string) error {
			return os.MkdirAll(filepath.Join(folder, "24.json"), 0o755)
		},
	} {
		d, kept := newDevice(), filepath.Join(t.TempDir(), "parts")
		if err := make(kept); err != nil {
			t.Fatal(err)
		}
		s := givenProfile(profiles.ProfileSettings{Networks: 6, Clock: d.machine, Parts: kept})
		_, err := profiles.New(t.Context(), tiny(t), d, s)
		if err == nil || !strings.Contains(err.Error(), kept+": move away what is there") {
			t.Errorf("%s: %v", name, err)
		}
		if len(d.loads) > 0 {
			t.Errorf("%s: %d blocks were loaded", name, len(d.loads))
		}
		if _, err := os.Stat(kept); err != nil {
			t.Errorf("%s: what was there: %v", name, err)
		}
	}
}
