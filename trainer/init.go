package trainer

import (
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/transfer"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/provenance"
)

// Init says how a run trains what it took over from another network. Zero means zero: begin with
// [InitDefaults].
type Init struct {
	// FreezeEpochs is for how long what was taken over stands still while the rest learns.
	FreezeEpochs float64 `json:"freeze_epochs" range:"0..1000000"`
	// LR is the factor of the learning rate for what was taken over; 0: it never moves.
	LR float64 `json:"init_lr" range:"0..1"`
}

// InitDefaults train what was taken over like the rest.
func InitDefaults() Init { return Init{LR: 1} }

// initRole is the input of a run that it took weights over from.
const initRole = "init"

// Origin is where a run takes weights over from.
type Origin struct {
	Path string                   // for people, and to tell it from another
	Open func() (*Trained, error) // called once at most, and not where a run goes on
}

// Trained is a trained network: what a run can begin with. [Run.Trained] gives that of a run.
type Trained struct {
	SHA256  string            // of the file of its weights
	Space   *supernet.Space   // nil where it is none of a space
	Tensors []supernet.Tensor // named as those of [supernet.Supernet.Tensors]
	Classes []string          // by output; nil: not known
	// by channel: what its images were normalised with, as this run's are then too
	Mean, Std []float32
	Part      float64 // of its own training that is done, 0 to 1
}

// Taken says what of a network was taken over from another. A tensor that is neither in Fresh nor
// in Part was taken over whole.
type Taken struct {
	Fresh []string `json:"fresh,omitempty"` // tensors of which nothing was taken over
	// Part has the leading corner that was taken over, by tensor, where it is not all.
	Part map[string][]int `json:"part,omitempty"`
	// Cut names the source's tensors that have no place here, or not with all of their values.
	Cut []string `json:"cut,omitempty"`
	// numbers of weights: taken over, fresh, and left behind
	WeightsTaken int64 `json:"weights_taken"`
	WeightsFresh int64 `json:"weights_fresh"`
	WeightsCut   int64 `json:"weights_cut,omitempty"`
}

// Start is what a run began with, as run.json has it. What it was taken from is the input "init".
type Start struct {
	Taken
	Trained float64 `json:"trained"` // the part of its own training that the source had done
}

// Trained gives a run's weights, and how its images were prepared, to begin another with.
func (r *Run) Trained() (*Trained, error) {
	d := r.Info.Data
	t := &Trained{SHA256: r.State.WeightsSHA256, Space: r.Info.Space, Tensors: r.Net.Tensors(),
		Classes: d.Classes, Part: 1}
	if p := d.Preparation; p != nil {
		t.Mean, t.Std = p.Mean, p.Std
	}
	if t.Mean == nil || !r.State.Done {
		images, err := r.OpenData("")
		if err != nil {
			return nil, fmt.Errorf("what %s was trained on says how far it is: %w", r.Dir, err)
		}
		t.Mean, t.Std = images.Stats()
		steps := r.Info.Config.Epochs * (images.Train.Len() / r.Info.Config.Batch)
		t.Part = min(1, float64(r.State.Step)/float64(max(steps, 1)))
	}
	return t, nil
}

// openOnce is the job whose source is opened once at most.
func (j Job) openOnce() Job {
	if j.From != nil {
		j.From = &Origin{j.From.Path, sync.OnceValues(j.From.Open)}
	}
	return j
}

// target is a supernet as the rooms that fill it see it.
func target(net *supernet.Supernet, classes []string) transfer.Target {
	blocks := net.Space.Blocks(net.Space.Max())
	return transfer.Target{Params: weights.Params(net), Classifier: blocks[len(blocks)-1].Name,
		Classes: classes}
}

// takeOver copies what fits from a trained network.
func takeOver(net *supernet.Supernet, classes []string, t *Trained) *transfer.Taken {
	return transfer.Take(target(net, classes), transfer.Source{Tensors: t.Tensors,
		Classes: t.Classes})
}

// prepare makes the images of a new run those that the source's weights expect.
func (t *Trained) prepare(d *DataInfo) {
	if t != nil && t.Mean != nil {
		d.Preparation = &Preparation{Mean: t.Mean, Std: t.Std}
	}
}

// checkChannels refuses images that the source's weights cannot see.
func (t *Trained) checkChannels(from string, d *data.Dataset) error {
	if t == nil || t.Mean == nil || len(t.Mean) == d.Channels {
		return nil
	}
	return fmt.Errorf("%w: --init %s is for images with %d channels, these have %d: convert them",
		ErrConfig, from, len(t.Mean), d.Channels)
}

// begin records what a new run takes over, and decides what follows from it.
func (i *Info) begin(dir string, from *Origin, t *Trained) error {
	net := supernet.New(i.Space, i.Config.Seed)
	taken := takeOver(net, i.Data.Classes, t)
	if taken.WeightsTaken == 0 {
		return fmt.Errorf("%w: nothing of --init %s fits space %s: its blocks have other names or kernels",
			ErrConfig, from.Path, i.Space.Name)
	}
	i.Start = &Start{Taken: Taken(*taken), Trained: t.Part}
	i.Inputs[initRole] = provenance.Input{Path: data.Keep(dir, from.Path), SHA256: t.SHA256}
	return nil
}

// half says whether the largest network counts as half trained: DepS then begins to shrink.
func (s *Start) half() bool { return (*transfer.Taken)(&s.Taken).Share()*s.Trained >= 0.5 }

// mostAlone is for how many epochs the largest network trains alone at most before it shrinks,
// where it came trained but for some new parts; a tenth of all epochs if that is less.
const mostAlone = 5

// warmup is W where nobody chose it: what is new learns first, then the sub-networks' rate rises.
func (s *Start) warmup(c Config) float64 {
	epsilon := c.EpsilonEpochs
	if epsilon == Auto {
		epsilon = defaultEpsilon(c.Epochs)
	}
	alone := c.Init.FreezeEpochs
	if s.WeightsFresh > 0 {
		alone = max(alone, min(mostAlone, float64(c.Epochs)/10))
	}
	return min(float64(c.Epochs), alone+epsilon)
}

// initLR is the learning rate of a run that begins with a trained network, where nobody chose it.
func initLR(batch int) float64 { return InitDefaultLR * float64(batch) / InitLRBatch }

// complete is [Config.Complete] of a run that began so.
func (s *Start) complete(c Config) (Config, error) {
	if c.LR == Auto {
		c.LR = initLR(c.Batch)
	}
	if c.Strategy == DepS && c.WarmupEpochs == Auto && s.half() {
		c.WarmupEpochs = s.warmup(c)
	}
	c, err := c.Complete()
	if err != nil {
		return c, err
	}
	return c, c.checkFreeze()
}

// nearly is what sums of epochs, as 1.15 - 0.15, may be off by; less than any step.
const nearly = 1e-9

// checkFreeze refuses to freeze weights that channels are about to be sorted of.
func (c Config) checkFreeze() error {
	most, advice := float64(c.Epochs), ""
	switch {
	case c.Strategy.sorts():
		most, advice = c.WarmupEpochs-c.EpsilonEpochs, ": raise --warmup-epochs"
	case len(c.Phases) > 0:
		if most = 0; c.Phases[0].Networks == 0 {
			most = c.Phases[0].Epochs
		}
	}
	if c.Init.FreezeEpochs > most+nearly {
		return fmt.Errorf("%w: freeze epochs is %v, expected at most %.6g, where shrinking begins%s",
			ErrConfig, c.Init.FreezeEpochs, most, advice)
	}
	return nil
}

// taken says what a run took over, nil if it began with random weights.
func (i *Info) taken() *transfer.Taken {
	if i.Start == nil {
		return nil
	}
	return (*transfer.Taken)(&i.Start.Taken)
}

// divide tells the stepper what was taken over. Once channels are sorted, a tensor that was taken
// over in part has old and new values mixed: it counts as new.
func (t *training) divide(s *stepper) {
	c := t.info.Config.Strategy
	sorted := (c.sorts() || c.phased()) && t.state.Step >= t.schedule.shrinkFrom
	s.parts = t.info.taken().Parts(weights.Params(t.net), sorted)
}

// takenRate is the factor of the rate for what was taken over at a step.
func (t *training) takenRate(step int) float64 {
	if step < frozenSteps(t.info.Config, t.schedule.perEpoch) {
		return 0
	}
	return t.info.Config.Init.LR
}

// frozenSteps is for how many steps what was taken over stands still.
func frozenSteps(c Config, perEpoch int) int {
	return int(math.Round(c.Init.FreezeEpochs * float64(perEpoch)))
}

// checkOrigin says whether a run that goes on began as it is asked to.
func (i *Info) checkOrigin(dir string, from *Origin) error {
	had, ok := i.Inputs[initRole]
	switch {
	case !ok && from == nil:
		return nil
	case from == nil:
		return fmt.Errorf("%w: run %s was started with --init %s: resume it with the same", ErrConfig,
			dir, data.Resolve(dir, had.Path))
	case ok && had.Path == data.Keep(dir, from.Path):
		return nil
	case !ok:
		return fmt.Errorf("%w: run %s was started without --init: resume it without, or choose another --out",
			ErrConfig, dir)
	}
	t, err := from.Open()
	if err == nil && t.SHA256 != had.SHA256 {
		err = fmt.Errorf("%w: run %s was started with --init %s: resume it with the same, or choose another --out",
			ErrConfig, dir, data.Resolve(dir, had.Path))
	}
	return err
}

// fill gives a run that has done no step the weights that it begins with.
func (i *Info) fill(j Job, net *supernet.Supernet) error {
	if i.Start == nil {
		return nil
	}
	t, err := j.From.Open()
	if err != nil {
		return err
	}
	if err := i.Check(j.Dir, initRole, t.SHA256); err != nil {
		return fmt.Errorf("run %s has done no step yet, and what it is to begin with has changed: choose another --out: %w",
			j.Dir, err)
	}
	if got := takeOver(net, i.Data.Classes, t); !slices.Equal(got.Fresh, i.Start.Fresh) {
		return fmt.Errorf("run %s was started with another part of %s", j.Dir, j.From.Path)
	}
	return nil
}
