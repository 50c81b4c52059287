package pipeline

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/profiles/device"
	"github.com/tailor-nas/tailor/profiles/timing"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// microSpace has 40 networks: 2 resolutions times 4 of depth 1 and 16 of depth 2.
const microSpace = `
tailor: space/1
name: micro
classes: 10
resolutions: [12, 16]
stem: {width: 8, stride: 2, act: h_swish}
stages:
  - {width: 8, stride: 2, act: relu, se: true, depth: [1, 2], kernel: [3, 5], expand: [2, 3]}
head: {expand: 16, act: h_swish}
`

// otherSpace has the same genes, and another head.
const otherSpace = `
tailor: space/1
name: micro
classes: 10
resolutions: [12, 16]
stem: {width: 8, stride: 2, act: h_swish}
stages:
  - {width: 8, stride: 2, act: relu, se: true, depth: [1, 2], kernel: [3, 5], expand: [2, 3]}
head: {expand: 24, act: h_swish}
`

func parseSpace(t *testing.T, text string) *supernet.Space {
	t.Helper()
	s, err := supernet.ParseSpace("micro.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// mediumSpace has 180 networks.
const mediumSpace = `
tailor: space/1
name: medium
classes: 10
resolutions: [12, 16]
stem: {width: 8, stride: 2, act: h_swish}
stages:
  - {width: 8, stride: 2, act: relu, depth: [1, 2], kernel: [3, 5, 7], expand: [1, 2, 3]}
head: {expand: 16, act: h_swish}
`

// trainMicro does 8 steps on 128 images.
func trainMicro(t *testing.T, seed uint64, holdout int) (*trainer.Run, *trainer.Data) {
	t.Helper()
	return train(t, microSpace, seed, holdout)
}

func train(t *testing.T, space string, seed uint64, holdout int) (*trainer.Run, *trainer.Data) {
	t.Helper()
	images := 128 + holdout
	j := trainer.NewJob(filepath.Join(t.TempDir(), "run"), parseSpace(t, space), "synthetic")
	j.TrainImages, j.TestImages, j.Holdout, j.ValImages, j.Workers = images, 50, holdout, 0, 2
	j.Config.Strategy, j.Config.Epochs, j.Config.Batch, j.Config.Seed = trainer.BigNAS, 1, 16, seed
	run, err := trainer.Train(context.Background(), j)
	if err != nil {
		t.Fatal(err)
	}
	d, err := run.OpenData("")
	if err != nil {
		t.Fatal(err)
	}
	return run, d
}

// allArchs lists every network of a space, by counting through its genes.
func allArchs(space *supernet.Space) []supernet.Arch {
	choices := space.Genes()
	g := make([]uint16, len(choices))
	seen := map[supernet.Arch]bool{}
	var all []supernet.Arch
	for i := 0; i < len(g); {
		if a := space.Decode(g); !seen[a] {
			seen[a] = true
			all = append(all, a)
		}
		for i = 0; i < len(g); i++ {
			if g[i]++; int(g[i]) < choices[i] {
				break
			}
			g[i] = 0
		}
	}
	return all
}

// macsAccuracy was fitted to accuracies that rise with the MACs, of every network of the space, and
// claims these weights.
func macsAccuracy(t *testing.T, space *supernet.Space, weights string) *predictor.Accuracy {
	t.Helper()
	var samples []predictor.Sample
	for _, a := range allArchs(space) {
		samples = append(samples, predictor.Sample{Arch: space.Spec(a),
			Value: float64(macs(space, a)) / 1e6})
	}
	a, err := predictor.FitAccuracy(context.Background(), space, samples,
		fitWith(regress.Settings{Epochs: 1, Members: 1, Folds: 2}))
	if err != nil {
		t.Fatal(err)
	}
	a.Inputs = inputs("weights", weights)
	saveAs(t, "accuracy.json", a.Save)
	return a
}

// invented is the time of a block on the invented device, in ms: its MACs in nanoseconds, and one
// more.
func invented(b supernet.Block) float64 { return float64(b.MACs()+1) / 1e6 }

func inventedNetwork(space *supernet.Space, a supernet.Arch) (ms float64) {
	for _, b := range space.Blocks(a) {
		ms += invented(b)
	}
	return ms
}

func macs(space *supernet.Space, a supernet.Arch) int64 { return supernet.MACs(space.Blocks(a)) }

// inventedProfile is that of a device on which latencies add up exactly.
func inventedProfile(t *testing.T, space *supernet.Space) (*profiles.Profile, string) {
	t.Helper()
	p := &profiles.Profile{
		SpaceName: space.Name, SpaceSHA256: space.SHA256(), Resolutions: space.Resolutions,
		Device:  device.Device{ID: "0123456789abcdef0123456789abcdef"},
		Runtime: profiles.Native{Threads: 1}.Info(),
	}
	for _, r := range space.Resolutions {
		for _, b := range space.AllBlocks(r) {
			p.Blocks = append(p.Blocks, profiles.BlockTiming{Block: b,
				Timing: timing.Timing{LatencyMS: invented(b)}})
		}
	}
	for _, a := range []supernet.Arch{space.Max(), space.Min(), allArchs(space)[7],
		allArchs(space)[20]} {
		timed := timing.Timing{LatencyMS: inventedNetwork(space, a)}
		p.Networks = append(p.Networks, profiles.NetworkTiming{Arch: space.Spec(a), Timing: timed})
	}
	return p, saveAs(t, "profile.json", p.Save)
}

func inventedLatency(t *testing.T, space *supernet.Space) *predictor.Latency {
	t.Helper()
	p, path := inventedProfile(t, space)
	l, err := FitLatency(space, p, path)
	if err != nil {
		t.Fatal(err)
	}
	saveAs(t, "latency.json", l.Save)
	return l
}

// saveAs saves a document in a folder of its own, and so gives it a checksum.
func saveAs(t *testing.T, name string, save func(path string) error) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := save(path); err != nil {
		t.Fatal(err)
	}
	return path
}
