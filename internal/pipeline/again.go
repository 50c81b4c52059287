package pipeline

import (
	"context"
	"fmt"
	"time"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/reopen"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// Again is the accuracy and latency of a manifest's network, measured again.
type Again struct {
	Manifest  string  `json:"manifest"`
	Top1      float64 `json:"top1"`
	Images    int     `json:"images"`
	LatencyMS float64 `json:"latency_ms"`
	LowMS     float64 `json:"latency_ci_low_ms"`
	HighMS    float64 `json:"latency_ci_high_ms"`
	Unstable  bool    `json:"unstable,omitempty"`
	// Pace is how many times as long as in the profile its reference network took, on whose scale
	// the latency is as claimed; 0 where it is what the clock said.
	Pace    float64            `json:"reference_pace,omitempty"`
	Runtime string             `json:"runtime"` // that timed it
	MACs    int64              `json:"macs"`
	Params  int64              `json:"params"`
	NonZero int64              `json:"nonzero_weights"`
	Claimed *manifest.Measured `json:"claimed,omitempty"` // what the manifest says
	// the images are not the test images of the manifest
	OtherData bool `json:"other_data,omitempty"`
	Answers
}

// AgainJob asks for the network of a manifest to be measured again.
type AgainJob struct {
	Manifest string // the file, or the folder that it is in
	// its own test images, where they are now or were, or others of the same classes
	Images TestImages
	// Runtime runs it; nil for tailor's own engine.
	Runtime profiles.Runtime
	Budget  time.Duration     // of timing
	Seed    uint64            // of the order in which it is timed
	Workers int               // that test
	Opened  func(data.Report) // if set, told of the images before the work
	Tested  Progress          // of the test
}

// MeasureAgain tests the network of a manifest, and times it on this machine with the threads and
// batch that its latency is claimed for; with one thread if none is, or that of another runtime. A
// runtime that is given does both instead. On the device and in the runtime of the claimed latency,
// what is found is on its scale.
func MeasureAgain(ctx context.Context, j AgainJob) (*Again, error) {
	path := manifest.Path(j.Manifest)
	m, net, err := reopen.Network(path, "test")
	if err != nil {
		return nil, err
	}
	t, err := openManifestTest(m, path, j.Images)
	if err != nil {
		return nil, err
	}
	if j.Opened != nil {
		j.Opened(t.seen)
	}
	a := &Again{Manifest: path, Images: t.set.Len(), MACs: m.MACs, Params: m.Params,
		Claimed: m.Measured, OtherData: t.other}
	_, a.NonZero = net.NonZero()
	counts, err := countIn(ctx, j.Runtime, m, net, t.set, j.Workers, j.Tested)
	if err != nil {
		return nil, err
	}
	a.Top1, a.Answers = trainer.Confusion(counts).Top1(), NewAnswers(m.Classes, counts)
	rt := j.Runtime
	if rt == nil {
		rt = engineOf(claimedRuntime(m))
	}
	there, err := profiles.DeviceOf(ctx, rt)
	if err != nil {
		return nil, err
	}
	timed, pace, err := timeAgain(ctx, rt, net, m.Measured.ReferenceOn(there.ID, rt.Info().ID()),
		j.Budget, j.Seed)
	if err != nil {
		return nil, fmt.Errorf("time %s: %w", path, err)
	}
	a.Pace = pace
	a.LatencyMS, a.LowMS, a.HighMS, a.Unstable, a.Runtime = timed.LatencyMS, timed.LatencyLowMS,
		timed.LatencyHighMS, timed.Unstable, timed.Runtime
	return a, nil
}

// timeAgain is the part of what is measured that a clock tells. pace is how many times as long as
// in its manifest the reference took, if there is one.
func timeAgain(ctx context.Context, rt profiles.Runtime, net *supernet.Subnet,
	ref *manifest.Reference, budget time.Duration, seed uint64) (m *manifest.Measured, pace float64,
	err error) {
	timings, session, err := profiles.Subnets(ctx, rt, []*supernet.Subnet{net},
		(*profiles.Reference)(ref), budget, seed)
	if err != nil {
		return nil, 0, err
	}
	t := timings[0]
	m = &manifest.Measured{LatencyMS: t.LatencyMS, LatencyLowMS: t.CILowMS,
		LatencyHighMS: t.CIHighMS, Unstable: t.Unstable || session.Unstable,
		Runtime: rt.Info().ID()}
	return m, ref.Pace(session.ReferenceMS), nil
}

// claimedRuntime is the ID of what a manifest's latency was measured with; empty without one.
func claimedRuntime(m *manifest.Manifest) string {
	if m.Measured == nil {
		return ""
	}
	return m.Measured.Runtime
}

// engineOf is tailor's engine with the threads that a runtime's ID names, or with one thread if the
// ID is another runtime's.
func engineOf(runtime string) profiles.Native {
	if n, ok := profiles.NativeOf(runtime); ok {
		return n
	}
	return profiles.Native{Threads: 1}
}

// openManifestTest opens the images to test a manifest's network on.
func openManifestTest(m *manifest.Manifest, path string, images TestImages) (testData, error) {
	if images.Path == "" {
		d, err := reopen.Images(m, path, "")
		if err != nil {
			return testData{}, err
		}
		return testData{set: d.Test, own: d, seen: reopen.Report(d)}, nil
	}
	return openTest(images.Path, m.Inputs["data"].SHA256, images.options(reopen.Options(m)),
		m.Classes, m.Blocks[0].In.C)
}

// ClaimedRuntime is the ID of the runtime that a winner's latency was measured with. It is empty
// where there is none, or no winner.
func ClaimedRuntime(winner string) string { return ClaimedIdentity(winner).Runtime }

// ClaimedIdentity is what a winner's latency was measured on and with. It is empty where there is
// none, or no winner.
func ClaimedIdentity(winner string) profiles.Identity {
	m, err := manifest.Read(manifest.Path(winner))
	if err != nil || m.Measured == nil {
		return profiles.Identity{}
	}
	return profiles.Identity{Device: m.Measured.Device, Runtime: m.Measured.Runtime}
}
