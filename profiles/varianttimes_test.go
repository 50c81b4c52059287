package profiles_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/supernet"
)

// keptVariants measures variants of a simulated device and saves them.
func keptVariants(t *testing.T) (v *profiles.Variants, path string, of profiles.VariantsOf) {
	t.Helper()
	d := newDevice()
	of = profiles.VariantsOf{
		Parent: strings.Repeat("ab", 32), Network: winner(t), Structure: supernet.Vectors8,
		Identity: profiles.Identity{Device: "here", Runtime: d.Info().ID()},
		Settings: givenVariants(profiles.VariantSettings{Seed: 3, Clock: d.machine}),
	}
	v, err := profiles.MeasureVariants(t.Context(), d, of.Network, of.Structure, of.Settings)
	if err != nil {
		t.Fatal(err)
	}
	v.NetworkSession.UnstableReason = "a neighbour"
	path = filepath.Join(t.TempDir(), "variants.json")
	if err := v.Save(path, of); err != nil {
		t.Fatal(err)
	}
	return v, path, of
}

// TestKeptVariants: the times of blocks and networks that were saved are read again.
func TestKeptVariants(t *testing.T) {
	v, path, of := keptVariants(t)
	got, err := profiles.LoadVariants(path, of)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Blocks) != len(v.Blocks) || len(got.Networks) != len(v.Networks) ||
		got.Unstable() != "a neighbour" || got.Structure != v.Structure {
		t.Fatalf("%d blocks and %d networks, %q, of %s", len(got.Blocks), len(got.Networks),
			got.Unstable(), got.Structure)
	}
	for i, b := range got.Blocks {
		if was := v.Blocks[i]; b.Block != was.Block || b.LatencyMS != was.LatencyMS {
			t.Errorf("%s: %g ms, saved %s with %g", b.Block.Key(), b.LatencyMS, was.Block.Key(),
				was.LatencyMS)
		}
	}
	for i, n := range got.Networks {
		if n.LatencyMS != v.Networks[i].LatencyMS {
			t.Errorf("network %d: %g ms, saved %g", i, n.LatencyMS, v.Networks[i].LatencyMS)
		}
	}
}

// TestKeptVariantsOfOthers: times hold for what they were measured of, in the way they were.
func TestKeptVariantsOfOthers(t *testing.T) {
	_, path, of := keptVariants(t)
	for what, change := range map[string]func(*profiles.VariantsOf){
		"parent":    func(o *profiles.VariantsOf) { o.Parent = strings.Repeat("cd", 32) },
		"structure": func(o *profiles.VariantsOf) { o.Structure = supernet.Vectors16 },
		"device":    func(o *profiles.VariantsOf) { o.Identity.Device = "there" },
		"runtime":   func(o *profiles.VariantsOf) { o.Identity.Runtime = "other/1" },
		"budget":    func(o *profiles.VariantsOf) { o.Settings.Budget = time.Second },
		"seed":      func(o *profiles.VariantsOf) { o.Settings.Seed++ },
		"random":    func(o *profiles.VariantsOf) { o.Settings.Random++ },
		"blocks":    func(o *profiles.VariantsOf) { o.Network = o.Network[:len(o.Network)-1] },
	} {
		other := of
		change(&other)
		if _, err := profiles.LoadVariants(path, other); !errors.Is(err,
			profiles.ErrOtherVariants) {
			t.Errorf("another %s: %v", what, err)
		}
	}
	if _, err := profiles.LoadVariants(path+"x", of); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// TestKeptVariantsDamaged: neither a file that was cut nor one with times that cannot be is read.
func TestKeptVariantsDamaged(t *testing.T) {
	_, path, of := keptVariants(t)
	key := of.Network[0].Key()
	for what, change := range map[string]func(*profiles.VariantTimes){
		"a block of no time":   func(d *profiles.VariantTimes) { d.BlocksMS[key] = 0 },
		"a time below 0":       func(d *profiles.VariantTimes) { d.BlocksMS[key] = -1 },
		"no times":             func(d *profiles.VariantTimes) { d.BlocksMS = nil },
		"a block of no one":    func(d *profiles.VariantTimes) { d.BlocksMS["x"] = 1 },
		"a network less":       func(d *profiles.VariantTimes) { d.NetworksMS = d.NetworksMS[1:] },
		"a network of no time": func(d *profiles.VariantTimes) { d.NetworksMS[0] = 0 },
	} {
		bad := filepath.Join(t.TempDir(), "variants.json")
		var d profiles.VariantTimes
		if err := store.ReadDocument(path, "variants", 1, &d); err != nil {
			t.Fatal(err)
		}
		change(&d)
		if err := store.WriteDocument(bad, "variants", 1, &d); err != nil {
			t.Fatal(err)
		}
		if _, err := profiles.LoadVariants(bad, of); !errors.Is(err, profiles.ErrOtherVariants) {
			t.Errorf("%s: %v", what, err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text[:len(text)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := profiles.LoadVariants(path, of); err == nil {
		t.Error("half a file is read")
	}
}
