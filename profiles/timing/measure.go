package timing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tailor-nas/tailor/profiles/device"
)

// ErrTooFast is returned by [Measure] for a subject that takes no time the
// clock can tell, even when repeated a million times.
var ErrTooFast = errors.New("timing: subject takes no measurable time")

// Subject is something to time. An error of Run ends the measurement.
type Subject struct {
	Name string
	// Run executes it once. In steady state it must not allocate, because garbage collection is
	// off while it is timed.
	Run func() error
	// Key is what stands for it in a [Sample], where Settings.Elsewhere is set; Run is not called
	// then.
	Key func() any
	// Next, if set, is called before each sample, and not timed: to go on with another copy, where
	// it matters where in memory one lies.
	Next func()
}

// Timing is what a session found out about one subject.
type Timing struct {
	Name string `json:"name"`
	// LatencyMS is the estimate: Ratio times what the reference takes, which is the session's
	// ReferenceMS unless it was given.
	LatencyMS float64 `json:"latency_ms"`
	// Ratio is its time in units of that of the references beside it, as the package comment says.
	Ratio float64 `json:"ratio"`
	// CILowMS and CIHighMS are the 95 % interval of Ratio, times the same. They do not cover the
	// uncertainty of what the reference takes, which all subjects of a session share.
	CILowMS  float64 `json:"ci_low_ms"`
	CIHighMS float64 `json:"ci_high_ms"`
	// Raw figures are plain times of one run, disturbances and all.
	RawMedianMS float64 `json:"raw_median_ms"`
	RawMinMS    float64 `json:"raw_min_ms"`
	RawP10MS    float64 `json:"raw_p10_ms"`
	RawP90MS    float64 `json:"raw_p90_ms"`
	Rounds      int     `json:"rounds"`
	Repeats     int     `json:"repeats"` // runs in each sample
	// Unstable says that the figure is not known to within Settings.Target.
	Unstable       bool   `json:"unstable"`
	UnstableReason string `json:"unstable_reason,omitempty"`
}

// Summary is what all timings of one call of [Measure] share.
type Summary struct {
	ReferenceName string `json:"reference_name"`
	// ReferenceMS is what the reference takes undisturbed: the mean of the fastest quarter of those
	// samples that nothing slowed. Against ReferenceMedianMS it tells how noisy it was.
	ReferenceMS float64 `json:"reference_ms"`
	// ReferenceGivenMS is Settings.ReferenceMS, what it took in another session, whose scale all
	// latencies are on; 0 if it was not given.
	ReferenceGivenMS  float64 `json:"reference_given_ms,omitempty"`
	ReferenceMedianMS float64 `json:"reference_median_ms"`
	ReferenceSamples  int     `json:"reference_samples"`
	// DriftRatio is the 5th percentile of the reference in the session's last fifth over that in
	// its first; 1 is no drift, or too few samples to tell.
	DriftRatio float64 `json:"drift_ratio"`
	// Sentinels counts subjects that settled early and were timed again at the
	// end; SentinelRatio is the median of late by early ratio, 1 if none.
	Sentinels     int               `json:"sentinels"`
	SentinelRatio float64           `json:"sentinel_ratio"`
	Rounds        int               `json:"rounds"`
	Target        float64           `json:"target"`
	Seed          uint64            `json:"seed"`
	Pinned        bool              `json:"pinned"`
	Conditions    device.Conditions `json:"conditions"`
	Started       time.Time         `json:"started"`
	Seconds       float64           `json:"seconds"`
	// Unstable says that the machine changed while the session lasted, so that
	// LatencyMS of all subjects is in doubt; take it again.
	Unstable       bool   `json:"unstable"`
	UnstableReason string `json:"unstable_reason,omitempty"`
}

// Measure times subjects against ref, as the package comment describes, and
// returns a Timing for each in the same order. It runs them on the calling
// goroutine, locked to its thread, with garbage collection off; thread, affinity
// and collector are as before when it returns. Run one measurement at a time
// in a process. When ctx ends, Measure returns after the sample in progress.
func Measure(ctx context.Context, ref Subject, subjects []Subject, s Settings) (timings []Timing,
	summary Summary, err error) {
	s, err = s.complete()
	if err != nil {
		return nil, Summary{}, err
	}
	if err := checkSubjects(ref, subjects); err != nil {
		return nil, Summary{}, err
	}
	quiet, err := s.quiet()
	if err != nil {
		return nil, Summary{}, err
	}
	defer func() {
		if failed := quiet.Restore(); failed != nil && err == nil {
			timings, summary, err = nil, Summary{}, failed
		}
	}()
	before, err := s.observe()
	if err != nil {
		return nil, Summary{}, err
	}
	m := newMeasurement(ctx, ref, subjects, s)
	m.quiet = quiet
	if err := m.run(); err != nil {
		return nil, Summary{}, err
	}
	after, err := s.observe()
	if err != nil {
		return nil, Summary{}, err
	}
	timings, summary = m.results()
	summary.Conditions = before.Until(after)
	return timings, summary, nil
}

// checkSubjects wants names that tell results apart and something to run.
func checkSubjects(ref Subject, subjects []Subject) error {
	if ref.Run == nil {
		return fmt.Errorf("timing: the reference %q has no Run function", ref.Name)
	}
	if len(subjects) == 0 {
		return errors.New("timing: no subject to measure")
	}
	seen := make(map[string]bool, len(subjects))
	for i, s := range subjects {
		if s.Name == "" || s.Run == nil {
			return fmt.Errorf("timing: subject %d (%q) needs a name and a Run function", i, s.Name)
		}
		if seen[s.Name] {
			return fmt.Errorf("timing: two subjects are named %q", s.Name)
		}
		seen[s.Name] = true
	}
	return nil
}
