package manifest

import (
	"fmt"
	"math"

	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/provenance"
)

// Kind is what documents of this package are called.
const Kind = "manifest"

// version is that of what is written; of oldest, [Images.Preparation] is nil.
const version, oldest = 11, 4

// Manifest is a sub-network ready to ship, and where everything in it came from: the document
// "manifest/11". Its inputs are the run's weights ("weights"), the data ("data"), the predictors
// ("accuracy", "latency", "energy") and the profile ("profile"); those of a pruned or fine-tuned
// network are the manifest that it was made from ("parent"), and the data.
type Manifest struct {
	provenance.Header
	SpaceName   string           `json:"space"`
	SpaceSHA256 string           `json:"space_sha256"`
	Arch        supernet.Spec    `json:"arch"`   // the choice of the space that it was cut from
	Blocks      []supernet.Block `json:"blocks"` // what is executed; pruning changes these alone
	BNEps       float64          `json:"bn_eps"`
	Classes     []string         `json:"classes,omitempty"` // the labels, by output
	// input pixels are (value/255 - mean) / std, by channel
	Mean   []float32 `json:"mean,omitempty"`
	Std    []float32 `json:"std,omitempty"`
	Images *Images   `json:"images,omitempty"` // absent without data
	MACs   int64     `json:"macs"`
	Params int64     `json:"params"`
	// absent after a search without a training run
	Weights   *WeightsFile `json:"weights,omitempty"`
	Exports   []Export     `json:"exports,omitempty"` // the network for other programs
	Limits    Limits       `json:"limits"`
	Seed      uint64       `json:"seed"` // of the search
	Predicted Predicted    `json:"predicted"`
	Measured  *Measured    `json:"measured,omitempty"`
	Ranks     *Ranks       `json:"ranks,omitempty"`
	Pruned    *Pruned      `json:"pruned,omitempty"` // absent if nothing was pruned
	// Finetuned is absent if the network was not trained further.
	Finetuned *Finetuned `json:"finetuned,omitempty"`
}

// Images says how the images were opened that the network was trained and tested on: the same gives
// the same images in the same parts.
type Images struct {
	// side that they were brought to before they were scaled to the network's resolution
	Size    int    `json:"size_px"`
	Holdout int    `json:"holdout"`         // images kept out of training; 0 is the default
	Seed    uint64 `json:"seed"`            // of which these are
	Train   int    `json:"train,omitempty"` // of synthetic data: how many images
	Test    int    `json:"test,omitempty"`

	// images that cannot be read were left out
	SkipDamaged bool `json:"skip_damaged,omitempty"`
	// which, and class folders without images
	Skipped     []string     `json:"skipped,omitempty"`
	Subset      bool         `json:"subset,omitempty"`      // there are other classes than these
	Preparation *Preparation `json:"preparation,omitempty"` // nil where an older tailor searched
}

// Preparation is what happens to an image between its file and the network, in this order.
// docs/formats.md says each step exactly.
type Preparation struct {
	// "exif": mirrored and turned as the file's EXIF says
	Orientation string `json:"orientation"`
	Background  string `json:"background"` // "white": under transparent pixels
	Crop        string `json:"crop"`       // "centre-square"
	SizePx      int    `json:"size_px"`    // side that the square is scaled to
	Filter      string `json:"filter"`     // "catmull-rom-antialias": of that scaling
	Channels    string `json:"channels"`   // "rgb", in this order, or "grey"
	// what the bytes 0 and 255 become before mean and standard deviation
	Range [2]float64 `json:"range"`
	Mean  []float32  `json:"mean"`
	Std   []float32  `json:"std"`
	// "bilinear-antialias": scales the result to the network's resolution
	Resize string `json:"resize"`
}

// WeightsFile is the safetensors file beside a manifest: kernels as (height,width,in,out),
// depthwise kernels as (height,width,channels), 1x1 and linear weights as (in,out), batch norm
// scale, shift, mean and variance.
type WeightsFile struct {
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
}

// Predicted is what the search believed, with the predictors' own held-out errors.
type Predicted struct {
	Top1 float64 `json:"top1"`
	// absent if the predictor was fitted elsewhere
	Top1RMSE      float64 `json:"top1_rmse,omitempty"`
	LatencyMS     float64 `json:"latency_ms,omitempty"`
	LatencyMAPE   float64 `json:"latency_mape,omitempty"`
	LatencyDevice string  `json:"latency_device,omitempty"`
	// LatencyHighMS is what the latency stays below with Confidence, the search's choice of this
	// network among many taken into account; absent where it is not known, or was to be measured.
	LatencyHighMS float64 `json:"latency_high_ms,omitempty"`
	Confidence    float64 `json:"confidence,omitempty"`
	// EnergyMJ is of an inference, with what measured the networks that it was learned from.
	EnergyMJ     float64 `json:"energy_mj,omitempty"`
	EnergyMAPE   float64 `json:"energy_mape,omitempty"`
	EnergyDevice string  `json:"energy_device,omitempty"`
	EnergySource string  `json:"energy_source,omitempty"`
	// EnergyHighMJ is what the energy stays below with Confidence, as LatencyHighMS is.
	EnergyHighMJ float64 `json:"energy_high_mj,omitempty"`
	// Exact says that every network of the space within the limits was examined: none has a higher
	// predicted top-1.
	Exact bool `json:"exact,omitempty"`
	// Top1Bound is a certain upper bound on the predicted top-1 within the limits; absent if none
	// was computed.
	Top1Bound float64 `json:"top1_bound,omitempty"`
	// Top1LikelyBound is an estimated upper bound on the predicted top-1 (0 to 1) within the
	// limits; no proof: it assumes that networks nobody examined deviate no more from an additive
	// model than examined ones.
	Top1LikelyBound float64 `json:"top1_likely_bound,omitempty"`
}

// Ranks is a network's place among those that were found for the same limits and verified, from 1.
// What is over its limits when measured comes after what is not; the rest is by top-1.
type Ranks struct {
	Predicted int `json:"predicted"`
	Measured  int `json:"measured"`
}

// Measured is what the extracted network did.
type Measured struct {
	Top1   float64 `json:"top1,omitempty"`
	Images int     `json:"images,omitempty"`
	Split  string  `json:"split,omitempty"` // "test"
	// workers of a queue that measured the top-1 and the latency; absent where nobody else did
	Top1Worker    string  `json:"top1_worker,omitempty"`
	LatencyWorker string  `json:"latency_worker,omitempty"`
	LatencyMS     float64 `json:"latency_ms,omitempty"`
	LatencyLowMS  float64 `json:"latency_ci_low_ms,omitempty"` // 95 % interval
	LatencyHighMS float64 `json:"latency_ci_high_ms,omitempty"`
	// Reference is what the network was timed against; absent where the latency is what a clock
	// said.
	Reference *Reference `json:"reference,omitempty"`
	// the machine was too noisy to trust the latency
	Unstable bool   `json:"unstable,omitempty"`
	Device   string `json:"device,omitempty"`
	Runtime  string `json:"runtime,omitempty"`
	// absent if there is a limit of latency or energy that was not measured
	WithinLimits *bool `json:"within_limits,omitempty"`
}

// Reference is the network of a profile that others are timed against. A latency is a ratio to it,
// times what it took in the profile, so that a machine which has become slower since, or faster,
// gives the same latency.
type Reference struct {
	Blocks []supernet.Block `json:"blocks"`
	MS     float64          `json:"latency_ms"`
}

// Pace is how many times as long as there the reference takes now; 0 without one.
func (r *Reference) Pace(ms float64) float64 {
	if r == nil {
		return 0
	}
	return ms / r.MS
}

// ReferenceOn is what others are timed against for latencies on this one's scale: nil unless the
// device and the runtime are those of the latency.
func (m *Measured) ReferenceOn(device, runtime string) *Reference {
	if m == nil || m.Device != device || m.Runtime != runtime {
		return nil
	}
	return m.Reference
}

// Bounds of a reference network, of which no file tells how large it is: its parameters, the bytes
// of its activations, and its MACs, which a processor of 1 GMAC/s does in 17 s. Its time is one
// that can be measured, so that no latency on its scale is more than a number can be.
const (
	maxReference                   = 1 << 26
	maxReferenceBytes              = 1 << 30
	maxReferenceMACs               = 1 << 34
	minReferenceMS, maxReferenceMS = 1e-6, 1e9
)

// Check refuses what is no reference, or too large a one. None is right.
func (r *Reference) Check() error {
	if r == nil {
		return nil
	}
	if err := supernet.CheckBlocks(r.Blocks); err != nil {
		return fmt.Errorf("the reference network: %w", err)
	}
	for _, of := range []struct {
		what    string
		n, most int64
	}{
		{"parameters", supernet.Params(r.Blocks), maxReference},
		{"bytes of activations", supernet.Memory(r.Blocks), maxReferenceBytes},
		{"MACs", supernet.MACs(r.Blocks), maxReferenceMACs},
	} {
		if of.n > of.most {
			return fmt.Errorf("the reference network has %d %s, expected %d at most", of.n, of.what,
				of.most)
		}
	}
	if !(r.MS >= minReferenceMS && r.MS <= maxReferenceMS) {
		return fmt.Errorf("the reference network takes %g ms, expected %g to %g", r.MS,
			minReferenceMS, maxReferenceMS)
	}
	return nil
}

// check refuses figures that no measurement gives.
func (m *Measured) check() error {
	if m == nil {
		return nil
	}
	if err := m.Reference.Check(); err != nil {
		return fmt.Errorf("measured: %w", err)
	}
	low, high := m.LatencyLowMS, m.LatencyHighMS
	if low == 0 && high == 0 { // without an interval
		low, high = m.LatencyMS, m.LatencyMS
	}
	switch {
	case !(m.Top1 >= 0 && m.Top1 <= 1) || m.Images < 0:
		return fmt.Errorf("measured: top-1 is %g of %d images, expected 0 to 1", m.Top1, m.Images)
	case m.Split != "" && m.Split != "test":
		return fmt.Errorf("measured: the split is %.40q, expected \"test\"", m.Split)
	case !(0 <= low && low <= m.LatencyMS && m.LatencyMS <= high && high <= math.MaxFloat64):
		return fmt.Errorf("measured: latency is %g ms, of an interval from %g to %g ms: "+
			"expected one that holds it", m.LatencyMS, low, high)
	}
	return nil
}

// Judge fills in whether what was measured stays within the limits asked for. Nobody measures the
// energy of a network that was found, so that a limit on it leaves open what others do not exclude.
func (m *Manifest) Judge() {
	if m.Measured == nil || m.Limits.LatencyMS > 0 && m.Measured.LatencyMS == 0 {
		return
	}
	within := m.Limits.Hold(CostsOf(m.Blocks, m.Measured.LatencyMS))
	if m.Measured.WithinLimits = &within; within && m.Limits.EnergyMJ > 0 {
		m.Measured.WithinLimits = nil
	}
}
