package trainer

import (
	"math"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
)

// TestImageMACs against sums by hand, of networks whose MACs are known.
func TestImageMACs(t *testing.T) {
	space := micro(t)
	macs := func(a supernet.Arch, resolution int) float64 {
		if resolution > 0 {
			a.Resolution = uint16(resolution)
		}
		return float64(supernet.MACs(space.Blocks(a)))
	}
	largest, smallest := macs(space.Max(), 0), macs(space.Min(), 0)
	const images = 4 * 10 * 16 // epochs, steps, batch
	for name, c := range map[string]struct {
		change func(*Config)
		want   float64
	}{
		"full": {func(c *Config) { c.Strategy = Full }, images * largest},
		"bignas": {func(c *Config) { c.Strategy, c.Networks = BigNAS, 2 },
			images * (largest + smallest)},
		"deps": {func(c *Config) { c.Networks, c.WarmupEpochs, c.EpsilonEpochs = 2, 3, 1 },
			images * (largest + smallest/2)},
		// Random networks of the largest choices alone, at either of two resolutions.
		"progressive": {func(c *Config) {
			c.Strategy = Progressive
			c.Phases = []PhaseSettings{{Epochs: 2, LR: 1}, {Epochs: 2, LR: 1, Networks: 3,
				Kernels: 1, Depths: 1, Expands: 1, Teacher: 1}}
		}, images / 2 * (1 + 3 + 1.0/3) * (macs(space.Max(), 12) + largest) / 2},
	} {
		config := Defaults()
		config.Epochs, config.Batch = 4, 16
		c.change(&config)
		got, err := config.ImageMACs(space, 10)
		if err != nil {
			t.Fatal(err)
		}
		if tolerance := map[string]float64{"progressive": 0.2}[name]; math.Abs(got/c.want-1) >
			tolerance+1e-9 {
			t.Errorf("%s: %g MACs times images, want %g", name, got, c.want)
		}
	}
}

// TestPlanOfPhases names them with their rates, and adds up what they cost.
func TestPlanOfPhases(t *testing.T) {
	j := microJob(t, t.TempDir())
	j.Config.Strategy = Progressive
	p, err := NewPlan(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	sum, steps := 0.0, 0
	for i, f := range p.Phases {
		want := []string{"largest alone", "kernel", "depth 2", "expand 2"}[i]
		if f.Name != want || f.Teacher != (i > 0) || f.Networks != []int{1, 1, 2, 4}[i] ||
			f.StepSeconds <= 0 || !(f.LR > f.LREnd) {
			t.Errorf("phase %d is %+v", i, f)
		}
		sum, steps = sum+f.ImageMACs, steps+f.Steps
	}
	if len(p.Phases) != 4 || steps != p.Steps || sum != p.ImageMACs || sum <= 0 {
		t.Errorf("plan %+v", p)
	}
}
