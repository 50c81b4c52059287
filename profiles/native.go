package profiles

import (
	"context"
	"fmt"
	"runtime"
	"strings"

	"github.com/tailor-nas/tailor/internal/engine"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/settings"
	"github.com/tailor-nas/tailor/supernet"
)

// nativeVersion changes when the speed of tailor's own engine does.
const nativeVersion = "3"

// Bounds of what [Native] can be asked for.
const (
	maxBatch  = 4096
	maxValues = 1 << 30 // of one activation of a batch
)

// Native is tailor's own engine, in this process. Several threads share the images of a batch or,
// where there is one, its rows.
type Native struct {
	Threads int // 1 to 1024; 0 is 1
	Batch   int // images that run together, 1 to 4096; 0 is 1, as RuntimeInfo leaves it out
}

// Info describes the engine.
func (n Native) Info() RuntimeInfo {
	batch := n.Batch
	if batch == 1 {
		batch = 0
	}
	return RuntimeInfo{
		Name: "native", Version: nativeVersion, Threads: max(n.Threads, 1), Batch: batch,
		Options: map[string]string{"go": runtime.Version(), "kernels": nn.Kernels()},
	}
}

// NativeOf is tailor's own engine with the settings that a runtime's ID was made of, unless that is
// of another runtime or version. IDs are only ever compared: it looks among those that the engine
// can have.
func NativeOf(id string) (n Native, ok bool) {
	for threads := range settings.MaxWorkers {
		one := Native{Threads: threads + 1}
		written := one.Info().ID()
		if written == id {
			return one, true
		}
		for batch := 2; batch <= maxBatch && strings.HasPrefix(id, written); batch++ {
			if one.Batch = batch; one.Info().ID() == id {
				return one, true
			}
		}
	}
	return Native{}, false
}

func (n Native) check(net *supernet.Subnet) error {
	if n.Threads < 0 || n.Threads > settings.MaxWorkers || n.Batch < 0 || n.Batch > maxBatch {
		return fmt.Errorf("%w: %d threads and batches of %d, expected at most %d and %d",
			ErrSettings, n.Threads, n.Batch, settings.MaxWorkers, maxBatch)
	}
	if net == nil || len(net.Blocks) == 0 {
		return fmt.Errorf("%w: a network without blocks", ErrSettings)
	}
	for _, b := range net.Blocks {
		values, err := mostValues(b)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrSettings, err)
		}
		if values > maxValues/max(n.Batch, 1) {
			return fmt.Errorf("%w: %s on batches of %d has more than %d values, use smaller ones",
				ErrSettings, b.Name, n.Batch, maxValues)
		}
	}
	return nil
}

// mostValues is the size of the block's largest activation of one image.
func mostValues(b supernet.Block) (int, error) {
	ops, err := b.Ops()
	values := b.In.Len()
	for _, op := range ops {
		values = max(values, op.Out.Len())
	}
	return values, err
}

// Load prepares a network.
func (n Native) Load(_ context.Context, net *supernet.Subnet) (Session, error) {
	if err := n.check(net); err != nil {
		return nil, fmt.Errorf("native runtime: %w", err)
	}
	pool, batch := nn.NewPool(n.Threads), max(n.Batch, 1)
	s := &nativeSession{
		pool: pool, runner: engine.NewRunner(net, pool),
		outputs: batch * net.Blocks[len(net.Blocks)-1].Out.Len(),
	}
	s.runner.Bind(net.Blocks, batch, nn.Infer)
	return s, nil
}

// nativeSession is a network bound to a pool of its own.
type nativeSession struct {
	pool    *nn.Pool
	runner  engine.Runner // nil once closed
	outputs int           // values
	filled  bool          // there is an input
	ran     bool          // there is an output
}

func (s *nativeSession) SetInput(batch []float32) error {
	if s.runner == nil {
		return ErrClosed
	}
	if want := len(s.runner.Input()); len(batch) != want {
		return fmt.Errorf("%w: %d values, expected %d", ErrInput, len(batch), want)
	}
	copy(s.runner.Input(), batch)
	s.filled, s.ran = true, false
	return nil
}

func (s *nativeSession) Run() error {
	if s.runner == nil {
		return ErrClosed
	}
	if !s.filled {
		return fmt.Errorf("%w: there is no input", ErrOrder)
	}
	s.runner.Forward()
	s.ran = true
	return nil
}

func (s *nativeSession) Output() ([]float32, error) {
	if s.runner == nil {
		return nil, ErrClosed
	}
	if !s.ran {
		return nil, fmt.Errorf("%w: there was no run", ErrOrder)
	}
	out := make([]float32, s.outputs)
	s.runner.Output(out)
	return out, nil
}

func (s *nativeSession) Close() error {
	if s.runner != nil {
		s.runner = nil
		s.pool.Close()
	}
	return nil
}
