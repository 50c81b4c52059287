package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"time"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/reopen"
	"github.com/tailor-nas/tailor/internal/ship"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/internal/winners"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
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
	Images TestImages
	// Runtime runs it. Nil is tailor's own engine, which takes no time where another was measured.
	Runtime profiles.Runtime
	Time    bool              // measure its latency again
	Budget  time.Duration     // of timing
	Seed    uint64            // of the order in which it is timed
	Workers int               // that test
	Opened  func(data.Report) // if set, told of the images before the work
	Tested  Progress          // of the test
	// Elsewhere, if set, measures in the place of this machine, and Runtime is nil.
	Elsewhere *Elsewhere
	// Follows, if set, is told of images that the manifest names, before they are opened.
	Follows func(path string)
}

// Elsewhere is who measures a winner in the place of this machine.
type Elsewhere struct {
	Tester winners.Tester // nil where nobody tests
	Timer  Timer          // nil where nobody times on what the latency was measured on
	// Untested and Untimed say why, and what to do, where nobody does.
	Untested, Untimed string
}

// Timer times a network that stands alone, with its own weights, on a device that others have, and
// on the scale of a reference if that is not nil: pace is how many times as long it took.
type Timer interface {
	TimeNetwork(ctx context.Context, net *supernet.Subnet, of profiles.Identity,
		ref *manifest.Reference, budget time.Duration, seed uint64) (m *manifest.Measured,
		pace float64, err error)
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
// error but in what it gives; where there is no manifest, or one of another version of the format,
// nothing is claimed that could be looked at, which is one.
func Verify(ctx context.Context, j VerifyJob) (*Verified, error) {
	v := &Verified{Manifest: manifest.Path(j.Manifest)}
	_, err := manifest.Read(v.Manifest)
	if version := (*store.VersionError)(nil); errors.Is(err, fs.ErrNotExist) ||
		errors.As(err, &version) {
		return nil, err
	}
	w, checks := ship.Files(v.Manifest)
	v.Checks = checks
	if w.Manifest != nil && w.Manifest.Measured != nil {
		v.Claimed, v.Found = w.Manifest.Measured, &manifest.Measured{}
		if err := v.compareIn(ctx, j.Runtime, w); err != nil {
			return nil, err
		}
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
func (v *Verified) Lies() int { return v.count(ship.Lie) }

// Unknown is how many checks are left open.
func (v *Verified) Unknown() int { return v.count(ship.Unknown) }

func (v *Verified) count(verdict ship.Verdict) (n int) {
	for _, c := range v.Checks {
		if c.Verdict == verdict {
			n++
		}
	}
	return n
}

// compareIn compares what a runtime gives with tailor's engine.
func (v *Verified) compareIn(ctx context.Context, rt profiles.Runtime, w ship.Winner) error {
	if isNative(rt) || w.Net == nil {
		return nil
	}
	s, err := serve(ctx, rt, w.Net)
	if err != nil {
		return err
	}
	defer s.session.Close()
	c := ship.CheckOutputs("outputs in "+rt.Info().Name, w.Net,
		func(image []float32) ([]float64, error) {
			logits, err := s.logits(image)
			var wide []float64
			for _, l := range logits {
				wide = append(wide, float64(l))
			}
			return wide, err
		})
	v.Checks = append(v.Checks, c)
	return ctx.Err()
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
		c.Why = "there is no network to test, or the manifest says nothing of its images: " +
			"ask for a winner of a search with --run"
		return nil
	}
	if e := j.Elsewhere; e != nil && e.Tester == nil {
		c.Why = e.Untested
		return nil
	}
	if j.Images.Path == "" && j.Follows != nil {
		j.Follows(reopen.ImagesPath(w.Manifest, v.Manifest))
	}
	t, err := openManifestTest(w.Manifest, v.Manifest, j.Images)
	if err != nil && j.Images.Path == "" {
		c.Why = fmt.Sprintf("its images are not here: say where with --data DIR (%v)", err)
		return nil
	}
	if err != nil {
		return err
	}
	if j.Opened != nil {
		j.Opened(t.seen)
	}
	if err := v.test(ctx, j, w, t.set); err != nil {
		return err
	}
	c.Found = top1Text(v.Found)
	c.Verdict, c.Why = judgeAccuracy(m, v.Found, t.other)
	c.Why = byWorker(c.Why, v.Found.Top1Worker)
	if !t.other {
		v.Found.Split = m.Split
	}
	return nil
}

// test measures the top-1 on a set of images.
func (v *Verified) test(ctx context.Context, j VerifyJob, w ship.Winner, set data.Set) error {
	if j.Elsewhere != nil {
		return v.testElsewhere(ctx, j, w, set)
	}
	counts, err := countIn(ctx, j.Runtime, w.Manifest, w.Net, set, j.Workers, j.Tested)
	v.Found.Top1, v.Found.Images = trainer.Confusion(counts).Top1(), set.Len()
	return err
}

// testElsewhere has others measure the top-1.
func (v *Verified) testElsewhere(ctx context.Context, j VerifyJob, w ship.Winner,
	set data.Set) error {
	m := w.Manifest
	all, err := j.Elsewhere.Tester.Test(ctx, []*supernet.Subnet{w.Net}, set, m.Images.Size,
		data.Transform{Mean: m.Mean, Std: m.Std}, nil)
	if err != nil {
		return fmt.Errorf("test %s: %w", v.Manifest, err)
	}
	f := v.Found
	f.Top1, f.Images, f.Top1Worker = all[0].Top1, all[0].Images, all[0].Top1Worker
	return nil
}

func top1Text(m *manifest.Measured) string {
	return fmt.Sprintf("%.2f %% of %d images", 100*m.Top1, m.Images)
}

// byWorker names, behind what a check says, the worker of a queue that measured.
func byWorker(why, worker string) string {
	switch {
	case worker == "":
		return why
	case why == "":
		return "by worker " + worker
	}
	return fmt.Sprintf("%s (by worker %s)", why, worker)
}

// judgeAccuracy compares accuracies.
func judgeAccuracy(claimed, found *manifest.Measured, other bool) (ship.Verdict, string) {
	n := float64(found.Images)
	switch {
	case other:
		return ship.Unknown, "these are not the images that it was tested on: give those with " +
			"--data DIR"
	case claimed.Images != found.Images:
		return ship.Lie, "there are not so many test images"
	case !(math.Abs(claimed.Top1-found.Top1)*n <= max(slackImages, accuracySlack*n)+.5):
		return ship.Lie, "it gets others right"
	}
	return ship.Holds, ""
}

// Why a latency is left open.
const (
	noNetwork   = "there is no network to time"
	notAskedFor = "it was not asked for: leave out --no-latency"
)

// timeAgain measures the latency again where that says something: on the same device, with the same
// runtime.
func (v *Verified) timeAgain(ctx context.Context, j VerifyJob, w ship.Winner) error {
	m := v.Claimed
	if m.LatencyMS == 0 {
		return nil
	}
	c := ship.Check{What: "latency", Verdict: ship.Unknown, Claimed: latencyText(m)}
	defer func() { v.Checks = append(v.Checks, c) }()
	if j.Elsewhere != nil {
		return v.timeElsewhere(ctx, j, w, &c)
	}
	rt := v.runtime(j)
	there, err := profiles.DeviceOf(ctx, rt)
	switch {
	case err != nil:
		return err
	case w.Net == nil:
		c.Why = noNetwork
	case !j.Time:
		c.Why = notAskedFor
	case rt == nil:
		c.Why = "it was measured in " + m.Runtime + ", which is not here: install it, or " +
			"see with --runtime NAME what another takes"
	case there.CheckTiming() != nil:
		c.Why = there.CheckTiming().Error()
	case there.ID != m.Device && j.Runtime == nil:
		c.Why = "it was measured on another device, " + m.Device + ": verify it there, or name " +
			"it with --device"
	default:
		found, pace, err := timeAgain(ctx, rt, w.Net, m.ReferenceOn(there.ID, rt.Info().ID()),
			j.Budget, j.Seed)
		if err != nil {
			return fmt.Errorf("time %s: %w", v.Manifest, err)
		}
		found.Device = there.ID
		v.noteLatency(&c, found, pace)
	}
	return nil
}

// timeElsewhere has others measure the latency.
func (v *Verified) timeElsewhere(ctx context.Context, j VerifyJob, w ship.Winner,
	c *ship.Check) error {
	m := v.Claimed
	switch {
	case w.Net == nil:
		c.Why = noNetwork
	case !j.Time:
		c.Why = notAskedFor
	case j.Elsewhere.Timer == nil:
		c.Why = j.Elsewhere.Untimed
	default:
		found, pace, err := j.Elsewhere.Timer.TimeNetwork(ctx, w.Net,
			profiles.Identity{Device: m.Device, Runtime: m.Runtime}, m.Reference, j.Budget, j.Seed)
		if err != nil {
			return fmt.Errorf("time %s: %w", v.Manifest, err)
		}
		v.noteLatency(c, found, pace)
		c.Why = byWorker(c.Why, found.LatencyWorker)
	}
	return nil
}

// runtime is what times the network: nil if the latency was measured with none that is here.
func (v *Verified) runtime(j VerifyJob) profiles.Runtime {
	if j.Runtime != nil {
		return j.Runtime
	}
	if engine, ok := profiles.NativeOf(v.Claimed.Runtime); ok {
		return engine
	}
	return nil
}

// noteLatency says in a check what was found, where the reference took pace times as long as the
// manifest says; 0 without one.
func (v *Verified) noteLatency(c *ship.Check, found *manifest.Measured, pace float64) {
	f := v.Found
	f.LatencyMS, f.LatencyLowMS, f.LatencyHighMS, f.Unstable = found.LatencyMS,
		found.LatencyLowMS, found.LatencyHighMS, found.Unstable
	f.Runtime, f.Device, f.LatencyWorker = found.Runtime, found.Device, found.LatencyWorker
	c.Found = latencyText(f)
	c.Verdict, c.Why = judgeLatency(v.Claimed, f)
	if c.Verdict == ship.Holds && pace != 0 && max(pace, 1/pace) > latencySlack {
		// The machine has changed, or the manifest lies about the reference.
		c.Verdict, c.Why = ship.Unknown, fmt.Sprintf("it is so beside the profile's reference "+
			"network, but both take %.3g times as long now (%.4g ms): verify again when the "+
			"machine is as it was profiled, or profile it again", pace, pace*f.LatencyMS)
	}
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
	case claimed.Runtime != found.Runtime:
		return ship.Unknown, "it is claimed for " + claimed.Runtime + " and was measured in " +
			found.Runtime + ": measure it as claimed, without --runtime"
	case claimed.Device != found.Device:
		return ship.Unknown, "it was measured on another device, " + claimed.Device +
			": verify it there"
	case claimed.Unstable || found.Unstable:
		return ship.Unknown, "the machine was too noisy: verify again when it is quiet"
	case slower:
		return ship.Lie, "it is slower"
	case faster:
		return ship.Lie, "it is faster"
	}
	return ship.Holds, ""
}
