package jobs

import (
	"context"
	"fmt"
	"os"
	"sync"

	"github.com/tailor-nas/tailor/internal/safetensors"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// bench is a protocol ready to be measured by.
type bench struct {
	users, last int // of benches

	mu         sync.Mutex
	ready      bool
	space      *supernet.Space // nil where jobs name networks that stand alone
	net        *supernet.Supernet
	images     *images
	settings   trainer.EvalSettings
	evaluators map[int]*trainer.Evaluator // by slot
	largest    *trainer.Answers           // of the largest network
}

// prepare fetches and checks what a protocol names, once.
func (b *bench) prepare(ctx context.Context, l *Lender, sha string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ready {
		return nil
	}
	path, err := l.fetch(ctx, sha)
	if err != nil {
		return err
	}
	text, err := store.ReadAll(ctx, path, maxProtocol)
	if err != nil {
		return err
	}
	p, err := parseProtocol(text)
	if err != nil {
		return err
	}
	if !p.Networks {
		if path, err = l.fetch(ctx, p.Weights); err != nil {
			return fmt.Errorf("weights: %w", err)
		}
		if b.net, err = p.load(path); err != nil {
			return fmt.Errorf("weights: %w", err)
		}
	}
	if path, err = l.fetch(ctx, p.Images); err != nil {
		return fmt.Errorf("images: %w", err)
	}
	if b.images, err = openImages(path); err != nil {
		return fmt.Errorf("images: %w", err)
	}
	b.settings, b.evaluators, b.space = p.settings(), map[int]*trainer.Evaluator{}, p.Space
	b.ready = true
	return nil
}

// load reads weights. What the space claims takes memory only if the file is as large.
func (p *protocol) load(path string) (*supernet.Supernet, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if want := 4 * supernet.Params(p.Space.Blocks(p.Space.Max())); info.Size() < want {
		return nil, fmt.Errorf("%w: they have %d bytes, those of space %s more than %d", ErrProtocol,
			info.Size(), p.Space.Name, want)
	}
	file, err := safetensors.Read(path)
	if err != nil {
		return nil, err
	}
	net := supernet.New(p.Space, p.Seed)
	if p.Statistics {
		net = supernet.NewWithStatistics(p.Space)
	}
	return net, weights.Load(net, file.Tensors)
}

// evaluator is that of a slot.
func (b *bench) evaluator(slot int) (*trainer.Evaluator, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e := b.evaluators[slot]; e != nil {
		return e, nil
	}
	e, err := trainer.NewEvaluator(b.net, b.images.data, b.settings)
	if err == nil {
		b.evaluators[slot] = e
	}
	return e, err
}

// measure measures a network.
func (b *bench) measure(ctx context.Context, slot int, a supernet.Arch) (trainer.Imitation, error) {
	e, err := b.evaluator(slot)
	if err != nil {
		return trainer.Imitation{}, err
	}
	largest, err := b.teacher(ctx, e)
	if err != nil {
		return trainer.Imitation{}, err
	}
	return e.Imitate(ctx, a, b.images.test, largest)
}

// teacher gives the answers of the largest network, which one slot computes.
func (b *bench) teacher(ctx context.Context, e *trainer.Evaluator) (*trainer.Answers, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.largest == nil {
		var err error
		if b.largest, err = e.Answers(ctx, b.space.Max(), b.images.test); err != nil {
			return nil, err
		}
	}
	return b.largest, nil
}

func (b *bench) close() {
	for _, e := range b.evaluators {
		e.Close()
	}
	if b.images != nil {
		_ = b.images.file.Close() // it was only read
	}
}
