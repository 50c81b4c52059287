package adopt

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/tailor-nas/tailor/internal/engine"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/onnxgraph"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/internal/tensorfile"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
)

// ErrUnknown is wrapped by errors about what a file does not say, and the caller must.
var ErrUnknown = errors.New("the file does not say all")

// Options say what a file does not, or override it. Zero values leave it to the file.
type Options struct {
	Resolution int
	Mean, Std  []float32 // by channel, of values from 0 to 1
	BNEps      float64
	Padding    *supernet.Padding
}

// Adopted is a network from a file, with all that is known of it.
type Adopted struct {
	Network *Network
	Facts   Facts
	Example *Example // of an ONNX file; nil of a state dict, which cannot be run
	SHA256  string   // of the file
}

// Open reads the network of a file: PyTorch's state dicts, safetensors and ONNX, told by their
// content. Errors about its content wrap [ErrNetwork], and those about what it does not say
// [ErrUnknown].
func Open(ctx context.Context, path string, o Options) (*Adopted, error) {
	a, err := open(ctx, path, o)
	if err != nil {
		return nil, fmt.Errorf("adopt: %w", err)
	}
	return a, nil
}

func open(ctx context.Context, path string, o Options) (*Adopted, error) {
	f, err := tensorfile.Read(ctx, path)
	switch {
	case err == nil:
		a, err := fromTensors(path, f, o)
		if err != nil {
			return nil, at(path, err)
		}
		a.SHA256 = f.SHA256
		return a, nil
	case !errors.Is(err, tensorfile.ErrFormat):
		return nil, err // which names the file
	}
	data, err := store.ReadAll(ctx, path, onnxgraph.MaxFile)
	if err != nil {
		return nil, err
	}
	g, err := onnxgraph.Read(data)
	if err != nil {
		return nil, at(path, fmt.Errorf("%w: neither a state dict of PyTorch, nor safetensors, nor "+
			"ONNX: %w", ErrNetwork, err))
	}
	a, err := fromGraph(ctx, g, o)
	if err != nil {
		return nil, at(path, err)
	}
	sum := sha256.Sum256(data)
	a.SHA256 = hex.EncodeToString(sum[:])
	return a, nil
}

// at says in an error which file it is about.
func at(path string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", path, err)
}

func fromTensors(path string, file *tensorfile.File, o Options) (a *Adopted, err error) {
	a = &Adopted{}
	if a.Network, a.Facts, err = FromStateDict(path, file.Tensors); err != nil {
		if text := file.WholeText(); text != "" {
			err = fmt.Errorf("%w; %s", err, text)
		}
		return nil, err
	}
	a.Facts.within(file)
	return a.with(o)
}

func fromGraph(ctx context.Context, g *onnxgraph.Graph, o Options) (a *Adopted, err error) {
	a = &Adopted{}
	if a.Network, a.Facts, a.Example, err = FromONNX(ctx, g, o.Resolution); err != nil {
		return nil, err
	}
	return a.with(o)
}

// with is the network with what the caller says.
func (a *Adopted) with(o Options) (*Adopted, error) {
	if err := a.override(o); err != nil {
		return nil, err
	}
	return a, a.complete()
}

// override takes what the caller says over what the file does.
func (a *Adopted) override(o Options) error {
	f := &a.Facts
	if o.Resolution != 0 {
		f.Resolution = fact(o.Resolution, "--resolution")
	}
	if o.Mean != nil {
		f.Mean = fact(o.Mean, "--mean")
	}
	if o.Std != nil {
		f.Std = fact(o.Std, "--std")
	}
	if a.Example != nil && (o.Padding != nil || o.BNEps != 0) {
		return fmt.Errorf("--padding and --bn-eps are for state dicts: an ONNX file says itself " +
			"what they are")
	}
	if o.Padding != nil {
		f.Padding = fact(*o.Padding, "--padding")
	}
	if o.BNEps != 0 {
		f.BNEps = fact(o.BNEps, "--bn-eps")
	}
	return nil
}

// complete says what is still not known, and tells batch norm its epsilon.
func (a *Adopted) complete() error {
	f := &a.Facts
	channels := a.Network.Stem.In
	if f.Mean.From == "" || f.Std.From == "" {
		return fmt.Errorf("%w: how images are normalised: give --mean and --std, a number for each "+
			"of %d channels, of values from 0 to 1 (networks of ImageNet mostly have --mean "+
			"0.485,0.456,0.406 --std 0.229,0.224,0.225)", ErrUnknown, channels)
	}
	if len(f.Mean.Value) != channels || len(f.Std.Value) != channels {
		return fmt.Errorf("%w: there are %d means (%s) and %d deviations (%s) for %d channels: "+
			"give --mean and --std with a number for each channel", ErrUnknown,
			len(f.Mean.Value), f.Mean.From, len(f.Std.Value), f.Std.From, channels)
	}
	if err := f.checkTold(); err != nil {
		return err
	}
	for _, c := range a.Network.units() {
		if c.Norm != nil && c.Norm.Eps == 0 {
			c.Norm.Eps = f.BNEps.Value
		}
	}
	return nil
}

// Supernet puts the network into a space: [Network.Space], or one that was edited. Middle channels
// are sorted by importance, so that narrower networks keep the best. It ends early when ctx does.
func (a *Adopted) Supernet(ctx context.Context, s *supernet.Space) (*supernet.Supernet, error) {
	tensors, err := a.Network.Tensors(s)
	if err = cmp.Or(err, ctx.Err()); err != nil {
		return nil, err
	}
	net := supernet.NewWithStatistics(s)
	if err := cmp.Or(load(net, tensors), ctx.Err()); err != nil {
		return nil, err
	}
	net.SortChannels()
	return net, ctx.Err()
}

// load sets what the file has. Learned maps between kernels, which it has not, stay as they are
// made: they change nothing.
func load(net *supernet.Supernet, from []supernet.Tensor) error {
	have := map[string]bool{}
	for _, t := range from {
		have[t.Name] = true
	}
	for _, t := range net.Tensors() {
		if !have[t.Name] {
			from = append(from, t)
		}
	}
	return weights.Load(net, from)
}

// Tolerance is how far outputs may be from the file's, as a share of the largest.
const Tolerance = 1e-4

// Difference is how far a network's logits for the example are from the file's own output, as a
// share of the largest value of it.
func (e *Example) Difference(logits []float32) (float64, error) {
	if len(logits) != len(e.Output) {
		return 0, fmt.Errorf("%d logits, the file gives %d", len(logits), len(e.Output))
	}
	got := make([]float64, len(logits))
	for i, v := range logits {
		got[i] = float64(v)
	}
	if e.Probabilities {
		got = softmax(got)
	}
	worst, size := 0.0, 0.0
	for i, v := range e.Output {
		d := math.Abs(got[i] - v)
		if math.IsNaN(d) {
			return math.Inf(1), nil
		}
		worst, size = max(worst, d), max(size, math.Abs(v))
	}
	if size == 0 {
		size = 1
	}
	return worst / size, nil
}

func softmax(logits []float64) []float64 {
	most, sum := math.Inf(-1), 0.0
	for _, v := range logits {
		most = max(most, v)
	}
	p := make([]float64, len(logits))
	for i, v := range logits {
		p[i] = math.Exp(v - most)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

// Check runs the largest network of a space for the example: see [Example.Difference].
func (a *Adopted) Check(net *supernet.Supernet) (float64, error) {
	logits, err := a.Logits(net, a.Example.Image)
	if err != nil {
		return 0, err
	}
	if v, bad := notFinite(logits); bad {
		return 0, fmt.Errorf("%w: in float32 it gives %g for a random image: its weights are too "+
			"large", ErrNetwork, v)
	}
	return a.Example.Difference(logits)
}

// Logits are those of the largest network of a space for an image (height,width,channels) at the
// network's own resolution.
func (a *Adopted) Logits(net *supernet.Supernet, image []float32) ([]float32, error) {
	pool := nn.NewPool(1)
	defer pool.Close()
	run := engine.NewRunner(net, pool)
	arch := net.Space.Max()
	arch.Resolution = uint16(a.Facts.Resolution.Value)
	run.Bind(net.Space.Blocks(arch), 1, nn.Infer)
	if to := run.Input(); len(to) != len(image) {
		return nil, fmt.Errorf("an image of %d values, expected %d", len(image), len(to))
	}
	copy(run.Input(), image)
	return slices.Clone(run.Forward()), nil
}
