package pipeline

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/passes"
	"github.com/tailor-nas/tailor/internal/ship"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/profiles/device"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/trainer"
)

// What is found again may differ from what is claimed by so much: processors round differently, and
// machines have other work.
const (
	accuracySlack = 0.002 // of the images, or slackImages
	slackImages   = 2
	latencySlack  = 1.25 // between the intervals
)

// VerifyJob asks whether all that a winner claims is so.
type VerifyJob struct {
	Manifest string // the file, or the folder that it is in
	// its own test images, where they are now or were
	Images  TestImages
	Time    bool              // measure its latency again
	Budget  time.Duration     // of timing
	Seed    uint64            // of the order in which it is timed
	Workers int               // that test
	Opened  func(data.Report) // if set, told of the images before the work
}

// Verified is what came out.
type Verified struct {
	Manifest string             `json:"manifest"`
	OK       bool               `json:"ok"` // nothing is a lie
	Checks   []ship.Check       `json:"checks"`
	Claimed  *manifest.Measured `json:"claimed,omitempty"` // what the manifest says
	Found    *manifest.Measured `json:"found,omitempty"`   // what was measured again
}

// Verify checks the files of a winner, and measures its accuracy and its latency again. A lie is no
// error but in what it gives.
func Verify(ctx context.Context, j VerifyJob) (*Verified, error) {
	v := &Verified{Manifest: manifest.Path(j.Manifest)}
	w, checks := ship.Files(v.Manifest)
	v.Checks = checks
	if w.Manifest != nil && w.Manifest.Measured != nil {
		v.Claimed, v.Found = w.Manifest.Measured, &manifest.Measured{}
		if err := v.testAgain(ctx, j, w); err != nil {
			return nil, err
		}
		if err := v.timeAgain(ctx, j, w); err != nil {
			return nil, err
		}
	}
	v.OK = v.Lies() == 0
	return v, nil
}

// Lies is how many checks found one.
func (v *Verified) Lies() (n int) {
	for _, c := range v.Checks {
		if c.Verdict == ship.Lie {
			n++
		}
	}
	return n
}

// testAgain counts again how many test images the network gets right.
func (v *Verified) testAgain(ctx context.Context, j VerifyJob, w ship.Winner) error {
	m := v.Claimed
	if m.Images == 0 {
		return nil
	}
	c := ship.Check{What: "accuracy", Verdict: ship.Unknown, Claimed: top1Text(m)}
	defer func() { v.Checks = append(v.Checks, c) }()
	if w.Net == nil || w.Manifest.Images == nil {
		c.Why = "there is no network, or nothing is said of its images"
		return nil
	}
	t, err := openManifestTest(w.Manifest, v.Manifest, j.Images)
	if err != nil && j.Images.Path == "" {
		c.Why = fmt.Sprintf("its images cannot be opened where they were; give --data: %v", err)
		return nil
	}
	if err != nil {
		return err
	}
	if j.Opened != nil {
		j.Opened(t.seen)
	}
	counts, err := passes.Test(ctx, w.Net, t.set, w.Manifest.Images.Size,
		data.Transform{Mean: w.Manifest.Mean, Std: w.Manifest.Std}, j.Workers)
	if err != nil {
		return err
	}
	v.Found.Top1, v.Found.Images = trainer.Confusion(counts).Top1(), t.set.Len()
	c.Found = top1Text(v.Found)
	c.Verdict, c.Why = judgeAccuracy(m, v.Found, t.other)
	if !t.other {
		v.Found.Split = m.Split
	}
	return nil
}

func top1Text(m *manifest.Measured) string {
	return fmt.Sprintf("%.2f %% of %d images", 100*m.Top1, m.Images)
}

// judgeAccuracy compares accuracies.
func judgeAccuracy(claimed, found *manifest.Measured, other bool) (ship.Verdict, string) {
	n := float64(found.Images)
	switch {
	case other:
		return ship.Unknown, "these are not the images that it was tested on"
	case claimed.Images != found.Images:
		return ship.Lie, "there are not so many test images"
	case !(math.Abs(claimed.Top1-found.Top1)*n <= max(slackImages, accuracySlack*n)+.5):
		return ship.Lie, "it gets others right"
	}
	return ship.Holds, ""
}

// timeAgain measures the latency again where that says something: on the same device, with the same
// runtime.
func (v *Verified) timeAgain(ctx context.Context, j VerifyJob, w ship.Winner) error {
	m := v.Claimed
	if m.LatencyMS == 0 {
		return nil
	}
	c := ship.Check{What: "latency", Verdict: ship.Unknown, Claimed: latencyText(m)}
	defer func() { v.Checks = append(v.Checks, c) }()
	engine, native := profiles.NativeOf(m.Runtime)
	here, err := device.Describe(ctx)
	switch {
	case err != nil:
		return err
	case w.Net == nil:
		c.Why = "there is no network"
	case !j.Time:
		c.Why = "it was not asked for"
	case !native || engine.Info().ID() != m.Runtime:
		c.Why = "it was measured with another runtime, " + m.Runtime
	case here.ID != m.Device:
		c.Why = "it was measured on another device, " + m.Device
	default:
		found, err := timeAgain(ctx, engine, w.Net, j.Budget, j.Seed)
		if err != nil {
			return fmt.Errorf("time %s: %w", v.Manifest, err)
		}
		f := v.Found
		f.LatencyMS, f.LatencyLowMS, f.LatencyHighMS, f.Unstable = found.LatencyMS,
			found.LatencyLowMS, found.LatencyHighMS, found.Unstable
		f.Runtime, f.Device = found.Runtime, here.ID
		c.Found = latencyText(f)
		c.Verdict, c.Why = judgeLatency(m, f)
	}
	return nil
}

func latencyText(m *manifest.Measured) string {
	return fmt.Sprintf("%.4g ms (%.3g to %.3g)", m.LatencyMS, m.LatencyLowMS,
		m.LatencyHighMS)
}

// judgeLatency compares latencies: the claimed figure, which budgets are judged by, with the
// interval that was found. The claimed interval says nothing more: it may be wide.
func judgeLatency(claimed, found *manifest.Measured) (ship.Verdict, string) {
	slower := found.LatencyLowMS > claimed.LatencyMS*latencySlack
	faster := found.LatencyHighMS*latencySlack < claimed.LatencyMS
	switch {
	case claimed.Unstable || found.Unstable:
		return ship.Unknown, "the machine was too noisy"
	case slower:
		return ship.Lie, "it is slower"
	case faster:
		return ship.Lie, "it is faster"
	}
	return ship.Holds, ""
}
