package profiles_test

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/tailor-nas/tailor/internal/micro"
	"github.com/tailor-nas/tailor/profiles"
	hw "github.com/tailor-nas/tailor/profiles/device"
)

// metered is a simulated board elsewhere whose counter rises by 3 mJ in each millisecond that
// networks run there, and begins again at 20 J.
type metered struct {
	*device
	mj      float64
	fails   string // why it cannot be read, if not empty
	stopped bool
}

const meteredRange = 20000 // mJ

func (m *metered) Device() hw.Device { d, _ := hw.Describe(context.Background()); return d }

func (m *metered) Observe(context.Context) (hw.Observation, error) {
	o := hw.Observation{At: m.Now(), Missing: map[string]string{}}
	if m.fails != "" {
		o.Missing["energy"] = m.fails
		return o, nil
	}
	o.Energy = map[string]hw.EnergyCounter{"package-0": {
		Microjoules: 1000 * math.Mod(m.mj, meteredRange), Range: 1000 * meteredRange}}
	return o, nil
}

func (m *metered) Sample(_ context.Context, plan []profiles.Sample) ([]time.Duration, error) {
	took := make([]time.Duration, len(plan))
	for i, p := range plan {
		each := p.Session.(*simulated).took
		for range p.Runs {
			m.now += each
		}
		took[i] = each * time.Duration(p.Runs)
		if !m.stopped {
			m.mj += 3 * float64(took[i]) / float64(time.Millisecond)
		}
	}
	return took, nil
}

func meter(t *testing.T, m *metered) *profiles.Profile {
	t.Helper()
	m.device = newDevice()
	s := profiles.ProfileDefaults()
	s.Networks, s.Budget, s.Clock = 6, 20*time.Second, m.machine
	p, err := profiles.New(t.Context(), micro.ParseSpace(t, micro.SpaceYAML), m, s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestEnergyOfNetworks: a network's energy is what the counter of the board rises by in a run.
func TestEnergyOfNetworks(t *testing.T) {
	space := micro.ParseSpace(t, micro.SpaceYAML)
	p := meter(t, &metered{})
	if p.EnergySource != profiles.Powercap || p.EnergyUnavailable != "" || len(p.Networks) != 6 {
		t.Fatalf("%d networks, source %q, %q", len(p.Networks), p.EnergySource, p.EnergyUnavailable)
	}
	for i, n := range p.Networks {
		a, err := space.Arch(n.Arch)
		if err != nil {
			t.Fatal(err)
		}
		want := 3 * float64(timeOf(space.Blocks(a))) / float64(time.Millisecond)
		if math.Abs(n.EnergyMJ/want-1) > 1e-6 {
			t.Errorf("network %d takes %g mJ, want %g", i, n.EnergyMJ, want)
		}
	}
	path := micro.Save(t, "profile.json", p.Save)
	again, err := profiles.Load(path)
	if err != nil || again.Networks[3].EnergyMJ != p.Networks[3].EnergyMJ {
		t.Errorf("%+v, %v", again, err)
	}
	p.Networks[2].EnergyMJ = -1
	if _, err := profiles.Load(micro.Save(t, "bad.json", p.Save)); err == nil ||
		!strings.Contains(err.Error(), "networks[2]: energy_mj is -1") {
		t.Errorf("-1 mJ: %v", err)
	}
}

// TestNoEnergy: without a counter, or with one that does not move, times are all there is, and the
// profile says why.
func TestNoEnergy(t *testing.T) {
	for want, m := range map[string]*metered{
		"no powercap counter here":        {fails: "no powercap counter here"},
		"the energy counters stand still": {stopped: true},
	} {
		p := meter(t, m)
		if p.EnergySource != "" || p.EnergyUnavailable != want {
			t.Errorf("source %q, %q, want %q", p.EnergySource, p.EnergyUnavailable, want)
		}
		for _, n := range p.Networks {
			if n.EnergyMJ != 0 || !(n.LatencyMS > 0) {
				t.Errorf("%g mJ, %g ms", n.EnergyMJ, n.LatencyMS)
			}
		}
	}
}
