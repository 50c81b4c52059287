package winners

import (
	"context"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/report"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/profiles/timing"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// DefaultPoints is the default of Job.Points.
const DefaultPoints = 10

// Cutting is what [Job.Progress] is told while winners are cut from the supernet and tested, from 0
// done on.
const Cutting = "cut and test"

// Testing is what it is told while others test them.
const Testing = "test winners"

// Job asks for the best sub-networks on each of some devices, within each of some limits.
type Job struct {
	Space *supernet.Space
	Run   *trainer.Run // weights of the winners; nil gives manifests without weights
	// of the run: to calibrate the winners and, with Verify, to measure their accuracy
	Data     *trainer.Data
	Verify   bool
	Accuracy *predictor.Accuracy
	Devices  []Device // may be empty if no limit is a latency or an energy
	Limits   []search.Limits
	Known    []supernet.Arch // of an earlier search, to begin with: see ReadKnown
	// Top is the winners for each of the limits, 0 for one; with Pareto it must be 0 or 1.
	Top int
	// Confidence, from 0 to 1, is how sure it should be that a winner stays within a limit on
	// energy, or on latency where it cannot be timed: search.Selection says what that takes. 0
	// takes predictions as they are, and so does a predictor whose error is not known.
	Confidence float64
	// Pareto asks for the whole Pareto front of accuracy against Cost, found in one search for each
	// device. With two or more Limits the winners are the front's best within each; with one or
	// none, Points winners evenly spaced along the front within it.
	Pareto bool
	Cost   search.Cost     // default latency if there is a device, else MACs
	Points int             // winners on each front; default DefaultPoints
	Config optimize.Config // begin with optimize.Defaults; Top is that of the job
	// BoundSteps is how many regions of the space are bounded for each of the limits, for an upper
	// bound on the predicted top-1 of all networks within them (search.Bound). 0 is the default,
	// search.BoundSteps; a negative number asks for no bounds.
	BoundSteps int
	// Plot is a picture to write: the best top-1 found against the evaluations, of each search, of
	// OFA's evolution and of random search. With Pareto it shows the fronts of all devices; each
	// front is also drawn in a picture of its own, in the folder of its document. Empty for none.
	Plot string
	// Export lists the formats that winners with weights are written in, too: see ship.Formats.
	Export []string
	// Dir is where the folders of winners go; with several devices, it has a folder for each
	Dir    string
	Budget time.Duration // for measuring latency; default 2 s a winner
	// Tester, if set, measures the accuracy of the winners in the place of this machine.
	Tester   Tester
	Workers  int
	Progress func(what string, done, total int)
}

// Device is a device to find winners for: its predictors of latency and energy, and the runtime
// that times the winners there.
type Device struct {
	Name    string // in tables and paths; may be empty if it is the only one
	Latency *predictor.Latency
	Energy  *predictor.Energy // may be nil if no limit is an energy
	// Runtime times the winners if the predictor is of this runtime, on the device that it is on,
	// and they are chosen so that they meet their latency budgets there; otherwise, or if it is
	// nil, their latency is only predicted
	Runtime profiles.Runtime
	// Elsewhere, if set, times them in the place of Runtime: it has the predictor's device and
	// runtime.
	Elsewhere Timer

	// by which a winner's latency and energy may be above their predictions
	margin, energyMargin search.Margin
}

// Timer times sub-networks on a device that others have, on the scale of the latency predictor, and
// says who did.
type Timer interface {
	Time(ctx context.Context, archs []supernet.Arch, budget time.Duration, seed uint64) (
		all []timing.Timing, session timing.Summary, worker string, err error)
}

// Tester measures the top-1 of networks that stand alone on other machines, to the bits that this
// one would.
type Tester interface {
	// Test is on images of some size, which t brings to the networks. progress, if not nil, is told
	// how many networks are done.
	Test(ctx context.Context, nets []*supernet.Subnet, set data.Set, size int, t data.Transform,
		progress func(done int)) ([]manifest.Measured, error)
}

// Winner is a sub-network that was found, as its manifest describes it.
type Winner struct {
	Device string        `json:"device,omitempty"` // its name, if there are several
	Arch   supernet.Spec `json:"arch"`
	Limits search.Limits `json:"limits"`
	MACs   int64         `json:"macs"`
	Params int64         `json:"params"`
	// of activations, and of the file of weights at most, in bytes
	Memory    int64              `json:"memory_bytes"`
	Size      int64              `json:"size_bytes"`
	Predicted manifest.Predicted `json:"predicted"`
	Measured  *manifest.Measured `json:"measured,omitempty"`
	Ranks     *manifest.Ranks    `json:"ranks,omitempty"`
	// OverBudget says that the measured latency is above the limit.
	OverBudget bool   `json:"over_budget,omitempty"`
	Manifest   string `json:"manifest"`
	// files beside the manifest that other programs run
	Exports []manifest.Export `json:"exports,omitempty"`
}

// Same says that another question on the same device has the same answer, a network that is the
// best within both, and was measured to be within both or neither.
func (w Winner) Same(other Winner) bool {
	return w.Device == other.Device && w.Limits != other.Limits &&
		w.OverBudget == other.OverBudget && reflect.DeepEqual(w.Arch, other.Arch) &&
		reflect.DeepEqual(w.Ranks, other.Ranks)
}

// Result is all winners: by device, then in the order of the limits or along the front, then
// best first: by measured top-1 if it was measured, else by the predicted one.
type Result struct {
	Evaluations int      `json:"evaluations"`
	Seconds     float64  `json:"seconds"` // of searching alone
	Winners     []Winner `json:"winners"`
	Fronts      []Front  `json:"fronts,omitempty"`
	// Unreachable are the questions that no network answers.
	Unreachable []Unreachable `json:"unreachable,omitempty"`
	Devices     []Known       `json:"devices,omitempty"`
}

// Unreachable is a question that no network answers.
type Unreachable struct {
	Device string        `json:"device,omitempty"`
	Limits search.Limits `json:"limits"`
	Error  string        `json:"error"`
	Err    error         `json:"-"`
}

// Known is what can be said of a device's networks before they are searched.
type Known struct {
	Device  string        `json:"device,omitempty"`
	Spans   []search.Span `json:"costs"`
	LeftOut []int         `json:"resolutions_left_out,omitempty"` // no predictor knows them
	Why     error         `json:"-"`                              // of the first of these
}

// Front is a device's front, in a file.
type Front struct {
	Device string `json:"device,omitempty"`
	Path   string `json:"path"`   // of its document
	Points int    `json:"points"` // networks on it
	Plot   string `json:"plot"`   // its picture
}

// Search finds the winners, extracts and measures them, ranks them, and writes their manifests.
func Search(ctx context.Context, j Job) (*Result, error) {
	if err := j.check(); err != nil {
		return nil, err
	}
	lock, err := j.own()
	if err != nil {
		return nil, err
	}
	defer lock.Unlock()
	if err := j.checkFolders(); err != nil {
		return nil, err
	}
	if err := j.setMargins(ctx); err != nil {
		return nil, err
	}
	picks, fronts, result, err := j.find(ctx)
	if err != nil {
		return nil, err
	}
	if err := j.keep(ctx, picks, result, j.stopwatch); err != nil {
		return nil, err
	}
	groups, err := j.cut(ctx, picks)
	if err != nil {
		return nil, err
	}
	if err := j.timeAll(ctx, groups); err != nil {
		return nil, err
	}
	for _, g := range groups {
		g.rank()
		for i, c := range g.cuts {
			path, err := j.save(filepath.Join(j.dir(g.device), g.name(i)), c)
			if err != nil {
				return nil, err
			}
			result.Winners = append(result.Winners, c.winner(j.label(g.device), path))
		}
	}
	if j.Plot != "" && !j.Pareto {
		if err := j.plot(ctx, picks); err != nil {
			return nil, err
		}
	}
	for _, f := range fronts {
		if err := j.saveFront(f, result); err != nil {
			return nil, err
		}
	}
	return result, j.plotFronts(fronts, result)
}

// check completes the job with its defaults, and refuses predictors, devices and weights that do
// not belong together.
func (j *Job) check() error {
	if j.Pareto && j.Top > 1 {
		return fmt.Errorf(
			"%d winners for each of the limits are asked for, and a Pareto front, which has one: leave Top 0",
			j.Top)
	}
	j.Top = max(j.Top, 1)
	if j.Points == 0 {
		j.Points = DefaultPoints
	}
	if len(j.Limits) == 0 {
		j.Limits = []search.Limits{{}}
	}
	if len(j.Devices) == 0 {
		j.Devices = []Device{{}}
	}
	j.Devices = slices.Clone(j.Devices) // each gets a margin
	if !(j.Confidence >= 0 && j.Confidence < 1) {
		return fmt.Errorf("a confidence of %g, expected 0 to below 1", j.Confidence)
	}
	if j.Cost == 0 {
		j.Cost = search.Latency
		if j.Devices[0].Latency == nil {
			j.Cost = search.MACs
		}
	}
	if j.Plot != "" {
		if err := report.CheckPlot(j.Plot); err != nil {
			return err
		}
	}
	sha := j.Space.SHA256()
	if j.Accuracy.SpaceSHA256 != sha {
		return &store.StaleError{File: "the accuracy predictor", Role: "space",
			Want: j.Accuracy.SpaceSHA256, Got: sha}
	}
	names := map[string]bool{}
	for _, d := range j.Devices {
		if names[d.Name] {
			return fmt.Errorf("two devices are called %q; give their latency predictors different file names", d.Name)
		}
		names[d.Name] = true
		if d.Latency != nil && d.Latency.SpaceSHA256 != sha {
			return &store.StaleError{File: "the latency predictor", Role: "space",
				Want: d.Latency.SpaceSHA256, Got: sha}
		}
		if d.Energy != nil && d.Energy.SpaceSHA256 != sha {
			return &store.StaleError{File: "the energy predictor", Role: "space",
				Want: d.Energy.SpaceSHA256, Got: sha}
		}
	}
	if j.Run != nil {
		if err := CheckWeights("the accuracy predictor", j.Accuracy, j.Run); err != nil {
			return err
		}
	}
	return nil
}

// CheckWeights refuses an accuracy predictor, from a file, that was not fitted to the weights that
// a run has now. One that others published goes with weights that others trained: which ones, it
// does not say.
func CheckWeights(file string, a *predictor.Accuracy, run *trainer.Run) error {
	if _, published := a.Inputs["published"]; published && run.Info.Imported != nil {
		return nil
	}
	return a.Check(file, "weights", run.State.WeightsSHA256)
}

// label is a device's name, empty if it is the only one.
func (j *Job) label(d *Device) string {
	if len(j.Devices) == 1 {
		return ""
	}
	return d.Name
}

// dir is the folder that has the folders of a device's winners.
func (j *Job) dir(d *Device) string { return filepath.Join(j.Dir, j.label(d)) }

func (j *Job) report(what string, done, total int) {
	if j.Progress != nil {
		j.Progress(what, done, total)
	}
}

// DeviceName is what a device is called by the file of its latency predictor, in tables and paths:
// the name without its extension, or whole where nothing but dots would be left, as of ".json" and
// "...json".
func DeviceName(path string) string {
	base := filepath.Base(path)
	name := strings.TrimSuffix(base, filepath.Ext(base))
	if strings.Trim(name, ".") == "" {
		return base
	}
	return name
}
