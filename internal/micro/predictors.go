package micro

import (
	"path/filepath"
	"testing"

	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/profiles/device"
	"github.com/tailor-nas/tailor/profiles/timing"
	"github.com/tailor-nas/tailor/supernet"
)

// QuickFit are settings of a predictor that is fitted in a moment.
func QuickFit() regress.Settings {
	s := regress.Defaults()
	s.Epochs, s.Members, s.Folds = 1, 1, 2
	return s
}

// Accuracy was fitted to top-1 values that rise with the MACs, of every network of the space, and
// claims to be of the weights with a SHA-256.
func Accuracy(t *testing.T, space *supernet.Space, weights string) *predictor.Accuracy {
	t.Helper()
	var samples []predictor.Sample
	for _, a := range AllArchs(space) {
		samples = append(samples, predictor.Sample{Arch: space.Spec(a),
			Value: float64(MACs(space, a)) / 1e6})
	}
	a, err := predictor.FitAccuracy(t.Context(), space, samples, QuickFit())
	if err != nil {
		t.Fatal(err)
	}
	a.Inputs = map[string]store.Input{"weights": {SHA256: weights}}
	Save(t, "accuracy.json", a.Save)
	return a
}

// BlockMS is the time of a block on the invented device, in ms: its MACs in nanoseconds, and one
// more.
func BlockMS(b supernet.Block) float64 { return float64(b.MACs()+1) / 1e6 }

// NetworkMS is the time of a network on the invented device, in ms: the sum of its blocks'.
func NetworkMS(space *supernet.Space, a supernet.Arch) (ms float64) {
	for _, b := range space.Blocks(a) {
		ms += BlockMS(b)
	}
	return ms
}

// Profile is that of the invented device, and the file that it is saved in.
func Profile(t *testing.T, space *supernet.Space) (*profiles.Profile, string) {
	t.Helper()
	p := &profiles.Profile{
		SpaceName: space.Name, SpaceSHA256: space.SHA256(), Resolutions: space.Resolutions,
		Device:         device.Device{ID: "0123456789abcdef0123456789abcdef"},
		Runtime:        profiles.Native{Threads: 1}.Info(),
		NetworkSession: timing.Summary{ReferenceMS: NetworkMS(space, space.Min())},
		ReferenceArch:  space.Spec(space.Min()),
	}
	for _, r := range space.Resolutions {
		for _, b := range space.AllBlocks(r) {
			p.Blocks = append(p.Blocks, profiles.BlockTiming{Block: b,
				Timing: timing.Timing{LatencyMS: BlockMS(b)}})
		}
	}
	all := AllArchs(space)
	for _, a := range []supernet.Arch{space.Max(), space.Min(), all[7], all[20]} {
		timed := timing.Timing{LatencyMS: NetworkMS(space, a)}
		p.Networks = append(p.Networks, profiles.NetworkTiming{Arch: space.Spec(a), Timing: timed})
	}
	return p, Save(t, "profile.json", p.Save)
}

// Latency predicts the invented device's latencies exactly.
func Latency(t *testing.T, space *supernet.Space) *predictor.Latency {
	t.Helper()
	p, _ := Profile(t, space)
	var blocks []predictor.BlockTime
	for _, b := range p.Blocks {
		blocks = append(blocks, predictor.BlockTime{Block: b.Block, MS: b.LatencyMS})
	}
	var networks []predictor.NetworkTime
	for _, n := range p.Networks {
		a, err := space.Arch(n.Arch)
		if err != nil {
			t.Fatal(err)
		}
		networks = append(networks, predictor.NetworkTime{Arch: a, MS: n.LatencyMS})
	}
	l, err := predictor.FitLatency(space, blocks, networks, regress.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	identity := p.Identity()
	l.Device, l.Runtime = identity.Device, identity.Runtime
	Save(t, "latency.json", l.Save)
	return l
}

// Save saves a document in a folder of its own, and so gives it a checksum. It gives its path.
func Save(t *testing.T, name string, save func(path string) error) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := save(path); err != nil {
		t.Fatal(err)
	}
	return path
}
