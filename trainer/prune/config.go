package prune

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/tailor-nas/tailor/internal/settings"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// Method is how weights are trained so that some can go.
type Method string

// The methods. What makes each of them is filled in by [Defaults]; [Config] can change everything.
const (
	// SSGD scales gradients so that small weights move slowly (sparsity-promoting SGD, ICASSP
	// 2020).
	SSGD Method = "ssgd"
	// Magnitude is plain SGD with weight decay; weights go gradually, the smallest first (Zhu and
	// Gupta, 2017).
	Magnitude Method = "magnitude"
	// L1 is plain SGD with an l1 penalty, by proximal steps.
	L1 Method = "l1"
	// Powerprop trains v where the weight is v·|v|^(α-1) (Schwarz et al., NeurIPS 2021).
	Powerprop Method = "powerprop"
	// OneShot is plain training; everything goes at once, and what is left is not trained again.
	OneShot Method = "one-shot"
)

// Methods lists all.
func Methods() []Method { return []Method{SSGD, Magnitude, L1, Powerprop, OneShot} }

// Criterion is how weights of different layers are compared.
type Criterion string

// The criteria.
const (
	Global Criterion = "global" // by size alone: the root mean square of what is removed together
	Layer  Criterion = "layer"  // the same share of every layer; half of it in the classifier
	// Fisher goes by what the loss is expected to grow by: half of a weight's square times the mean
	// square of its gradient (optimal brain damage, LeCun et al., NIPS 1989, with the Fisher
	// information for the curvature, Theis et al., 2018). It needs gradients of some steps before
	// the first weights go.
	Fisher Criterion = "fisher"
	// LAMP divides a weight's square by the sum of the squares of its layer that are not smaller
	// (Lee et al., ICLR 2021).
	LAMP Criterion = "lamp"
)

// Criteria lists all.
func Criteria() []Criterion { return []Criterion{LAMP, Global, Fisher, Layer} }

// Config are the settings of a pruning run. Zero means zero: begin with [Defaults]. The tags say
// which numbers each may hold.
type Config struct {
	Method    Method             `json:"method"`
	Structure supernet.Structure `json:"structure"`
	// SSGD scales what is removed together by one factor
	Grouped   bool      `json:"grouped"`
	Criterion Criterion `json:"criterion"`
	// Sparsity is the share of the removable weights to remove.
	Sparsity float64 `json:"sparsity" range:"0..0.9999"`
	Epochs   int     `json:"epochs" range:"1..1000000"`
	Batch    int     `json:"batch" range:"2..1048576"`
	Seed     uint64  `json:"seed"`
	LR       float64 `json:"lr" range:"0..1000"`
	// FreezeEpochs is for how long the classifier alone is trained.
	FreezeEpochs float64 `json:"freeze_epochs,omitempty" range:"0..1000000"`
	// Hold is the part of training at LR; then a cosine to 0.
	Hold      float64           `json:"hold" range:"0..1"`
	Optimizer trainer.Optimizer `json:"optimizer"`

	LabelSmoothing float64 `json:"label_smoothing" range:"0..0.9"`
	// Distill is the share of the target that is the softmax of the unpruned network, or of another
	// teacher.
	Distill float64 `json:"distill" range:"0..1"`
	// training images are moved by up to so many pixels
	Shift int  `json:"shift_px" range:"0..64"`
	Flip  bool `json:"flip"` // and mirrored at random
	// Augment is what happens to training images instead of that, where nothing is removed; batch
	// norm is calibrated as Shift and Flip say.
	Augment trainer.Augment `json:"augment,omitzero"`

	// Removal goes along a cubic curve from Begin to End, parts of training (Zhu and Gupta, 2017,
	// equation 1), in steps of Every batches, and in 20 steps at least. Equal Begin and End are one
	// shot.
	Begin float64 `json:"begin" range:"0..1"`
	End   float64 `json:"end" range:"0..1"` // not before Begin
	Every int     `json:"every" range:"1..1000000000"`
	// Regrow is a share of what is left that is exchanged each time: the smallest go, and those
	// come back, from zero, whose gradients are largest. The share falls along a cosine to 0 at End
	// (RigL, Evci et al., ICML 2020, section 3). Powerpropagation never moves a weight of zero, so
	// that there is none with it.
	Regrow float64 `json:"regrow" range:"0..0.5"`
}

// Defaults are the settings of a method for a network that is already trained, to remove a
// structure from it.
func Defaults(m Method, structure supernet.Structure) Config {
	c := Config{
		Method: m, Structure: structure, Criterion: Fisher, Epochs: 10, Batch: 128, LR: 0.02,
		Hold:      0.5,
		Optimizer: trainer.Optimizer{Rule: trainer.SGD, Momentum: 0.9, WeightDecay: 3e-5},
		Distill:   0.5, Shift: 4, Flip: true, Begin: 0.05, End: 0.6, Every: 50,
	}
	switch m {
	case SSGD:
		c.Grouped = true
		c.Optimizer.Rule = trainer.SSGD
		c.Optimizer.Scaling = trainer.Scaling{Measure: trainer.PNorm, P: 1, Epsilon: 1,
			EpsilonEnd: 0.1}
	case L1:
		c.Optimizer.Rule, c.Optimizer.Lambda = trainer.L1, 1e-5
	case Powerprop:
		c.Optimizer.Rule, c.Optimizer.Alpha = trainer.Powerprop, 2
	case OneShot:
		c.Begin, c.End = 1, 1
	}
	return c
}

// AtOnce are the settings for removing everything at the end, after which nothing is trained again.
// SSGD and Powerpropagation then need a decay, which draws small weights to zero while the
// gradients of the large ones hold these.
func (c Config) AtOnce() Config {
	c.Begin, c.End = 1, 1
	switch c.Method {
	case SSGD:
		c.Optimizer.Scaling = trainer.Scaling{Measure: trainer.PNorm, P: 1, Epsilon: 0.1,
			EpsilonEnd: 0.1}
		c.Optimizer.WeightDecay = 1e-3
	case Powerprop:
		c.Optimizer.WeightDecay = 1e-3
	}
	return c
}

// Auto is the method that did best in the comparison that docs/results/ssgd.md records: where what
// is left is trained again, and where everything goes at once at the end.
func Auto(atOnce bool) Method {
	if atOnce {
		return Powerprop
	}
	return Magnitude
}

// Check refuses settings that cannot be, by name.
func (c Config) Check() error {
	if err := settings.Check(c); err != nil {
		return fmt.Errorf("%w: %w", trainer.ErrConfig, err)
	}
	if c.End < c.Begin {
		return fmt.Errorf("%w: end is %g, expected begin, which is %g, to 1", trainer.ErrConfig,
			c.End, c.Begin)
	}
	if err := errors.Join(c.checkFreeze(), c.checkAugment()); err != nil {
		return err
	}
	if c.Method != Finetune && !slices.Contains(Methods(), c.Method) {
		return fmt.Errorf("%w: method %q is unknown; use one of %v", trainer.ErrConfig,
			string(c.Method), Methods())
	}
	if err := c.checkNames(); err != nil {
		return err
	}
	return c.Optimizer.Check()
}

// weightless says that there is no network, or one that nobody gave weights.
func weightless(net *supernet.Subnet) bool {
	return net == nil || len(net.Blocks) == 0 || len(net.Tensors()) == 0
}

// checkRemoval looks at what decides what goes: of a network, beforehand.
func (c Config) checkRemoval(net *supernet.Subnet, shares map[string]float64) error {
	if weightless(net) {
		return fmt.Errorf("%w: there is no network to prune, or it has no weights: make it with supernet.NewSubnet or LoadSubnet", trainer.ErrConfig)
	}
	if !(c.Sparsity >= 0 && c.Sparsity <= 0.9999) {
		return fmt.Errorf("%w: sparsity is %g, expected 0 to 0.9999", trainer.ErrConfig, c.Sparsity)
	}
	if err := c.checkNames(); err != nil {
		return err
	}
	weights := WeightsByBlock(net, c)
	if len(weights) == 0 {
		return fmt.Errorf("%w: the network has no %s that could be removed", trainer.ErrConfig,
			c.Structure)
	}
	for _, block := range slices.Sorted(maps.Keys(shares)) {
		share := shares[block]
		switch {
		case !(share >= 0 && share <= 1):
			return fmt.Errorf("%w: block %q is to lose a share of %g, expected 0 to 1",
				trainer.ErrConfig, block, share)
		case share > 0 && weights[block] == 0:
			return fmt.Errorf("%w: there is no block %q with %s that could be removed",
				trainer.ErrConfig, block, c.Structure)
		case share > 0 && c.Sparsity == 0:
			return fmt.Errorf("%w: block %q is to lose a share of %g, but sparsity, which sets the pace, is 0: give what all shares remove together", trainer.ErrConfig, block, share)
		}
	}
	return nil
}

func (c Config) checkNames() error {
	if err := c.Structure.Check(); err != nil {
		return fmt.Errorf("%w: %w", trainer.ErrConfig, err)
	}
	switch {
	case !slices.Contains(Criteria(), c.Criterion):
		return fmt.Errorf("%w: criterion %q is unknown; use one of %v", trainer.ErrConfig,
			string(c.Criterion), Criteria())
	case c.Regrow > 0 && c.Structure == supernet.Channels:
		return fmt.Errorf("%w: channels do not grow again: a channel of zeros has no gradients",
			trainer.ErrConfig)
	case c.Regrow > 0 && c.Optimizer.Rule == trainer.Powerprop && c.Optimizer.Alpha > 1:
		return fmt.Errorf("%w: weights do not grow again by powerprop: it never moves one that is zero; set regrow to 0, or use another method", trainer.ErrConfig)
	}
	return nil
}

// lower says which settings may have been too high where training failed.
func (c Config) lower() string {
	o, text := c.Optimizer, fmt.Sprintf("a lower --lr than %g", c.LR)
	if o.Lambda > 0 {
		text += fmt.Sprintf(", or a lower --lambda than %g", o.Lambda)
		if o.Scaling.Measure == trainer.LogL1 {
			text += fmt.Sprintf(" or --epsilon than %g", max(o.Scaling.Epsilon,
				o.Scaling.EpsilonEnd))
		}
	}
	return text
}

// rate is the learning rate at a part of training, 0 to 1.
func (c Config) rate(part float64) float64 {
	if part <= c.Hold {
		return c.LR
	}
	return c.LR / 2 * (1 + math.Cos(math.Pi*(part-c.Hold)/(1-c.Hold)))
}

// exchange is the share of what is left that is exchanged at a part of training.
func (c Config) exchange(part float64) float64 {
	if part >= c.End {
		return 0
	}
	return c.Regrow / 2 * (1 + math.Cos(math.Pi*part/c.End))
}

// share is how much is removed at a part of training: S·(1 - (1-x)³) with x rising from 0 at Begin
// to 1 at End.
func (c Config) share(part float64) float64 {
	switch {
	case part >= c.End:
		return c.Sparsity
	case part <= c.Begin:
		return 0
	}
	left := 1 - (part-c.Begin)/(c.End-c.Begin)
	return c.Sparsity * (1 - left*left*left)
}
