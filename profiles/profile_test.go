package profiles_test

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/profiles"
)

// profiled measures a part of a space on the simulated device.
func profiled(t *testing.T) *profiles.Profile {
	t.Helper()
	d, space := newDevice(), tiny(t)
	s := profiles.ProfileSettings{Resolutions: space.Resolutions[:1], Networks: 3, Clock: d.machine}
	p, err := profiles.New(t.Context(), space, d, givenProfile(s))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestProfileSurvivesItsFile(t *testing.T) {
	p, path := profiled(t), filepath.Join(t.TempDir(), "profile.json")
	if err := p.Save(path); err != nil {
		t.Fatal(err)
	}
	back, err := profiles.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if back.Identity() != p.Identity() || !reflect.DeepEqual(back.Blocks, p.Blocks) ||
		!reflect.DeepEqual(back.Networks, p.Networks) {
		t.Errorf("another profile came back")
	}
}

// TestLoadRefuses: somebody's file may have the right checksum and hold what no measurement gives.
func TestLoadRefuses(t *testing.T) {
	measured := profiled(t)
	share := func(v float64) *float64 { return &v }
	for want, change := range map[string]func(p *profiles.Profile){
		`kind "swirl"`: func(p *profiles.Profile) { p.Blocks[2].Block.Kind = "swirl" },
		"blocks[0]":    func(p *profiles.Profile) { p.Blocks[0].Block.Out.H = -1 },
		"blocks[1] (":  func(p *profiles.Profile) { p.Blocks[1].LatencyMS = 0 },
		"networks[0]":  func(p *profiles.Profile) { p.Networks[0].LatencyMS = -3 },
		"session: conditions: psi_cpu_some_share is 2, expected 0 to 1": func(p *profiles.Profile) {
			p.Session.Conditions.PSISomeShare = share(2)
		},
		"network_session: conditions: steal_share is -0.5": func(p *profiles.Profile) {
			p.NetworkSession.Conditions.StealShare = share(-0.5)
		},
		"expected above 0; p": func(p *profiles.Profile) { p.Networks[2].LatencyMS = 0 },
	} {
		p, path := *measured, filepath.Join(t.TempDir(), "profile.json")
		p.Blocks, p.Networks = slices.Clone(p.Blocks), slices.Clone(p.Networks)
		change(&p)
		if err := p.Save(path); err != nil {
			t.Fatal(err)
		}
		_, err := profiles.Load(path)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(),
			path) {
			t.Errorf("got %v, want an error that names %s and %q", err, path, want)
		}
	}
}
