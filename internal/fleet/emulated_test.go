package fleet

import (
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/profiles/device"
	"github.com/tailor-nas/tailor/supernet"
)

// TestEmulated: an agent for another processor, under an emulator, computes what tailor's engine
// does here, and is not timed.
func TestEmulated(t *testing.T) {
	const emulator = "qemu-aarch64-static"
	if _, err := exec.LookPath(emulator); err != nil {
		t.Skip(err)
	}
	t.Setenv("TAILOR_AGENT_LOCK", t.TempDir())
	built, err := Options{Runtime: "native"}.build(t.Context(), platform{"linux", "arm64"})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "tailor-agent")
	if err := os.WriteFile(file, built.data, 0o700); err != nil {
		t.Fatal(err)
	}
	d, err := Open("exec:"+emulator+" '"+file+"'", Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := opened(t, d, "tests")
	if err != nil {
		t.Fatal(err)
	}
	if there := r.Device(); there.Arch != "arm64" || !there.Emulated {
		t.Errorf("it is on %+v, expected an arm64 processor that is emulated", there)
	}
	net, input, want := network(t)
	s, err := r.Load(t.Context(), net)
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range compute(t, s, input) {
		if !(math.Abs(float64(got-want[i])) <= 1e-4*(1+math.Abs(float64(want[i])))) {
			t.Errorf("output %d is %g, expected %g", i, got, want[i])
		}
	}
	space, err := supernet.LoadSpace("mbv3-tiny")
	if err != nil {
		t.Fatal(err)
	}
	_, err = profiles.New(t.Context(), space, r, profiles.ProfileDefaults())
	if !errors.Is(err, device.ErrEmulated) {
		t.Errorf("a profile of it: %v, expected ErrEmulated", err)
	}
}
