package pipeline

import (
	"context"
	"fmt"
	"image"

	"github.com/tailor-nas/tailor"
	"github.com/tailor-nas/tailor/internal/classify"
	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/passes"
	"github.com/tailor-nas/tailor/internal/prepare"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
)

// served is a network in a runtime, for any number of images: they run in batches of the runtime's
// size, of which the last is filled up.
type served struct {
	session profiles.Session
	batch   []float32
	in, out int // values of an image, and of its answer
}

// serve loads a network into a runtime. Whoever loads one closes it.
func serve(ctx context.Context, rt profiles.Runtime, net *supernet.Subnet) (*served, error) {
	session, err := rt.Load(ctx, net)
	if err != nil {
		return nil, fmt.Errorf("load the network into %s: %w", rt.Info().ID(), err)
	}
	in, out := net.Blocks[0].In.Len(), net.Blocks[len(net.Blocks)-1].Out.Len()
	return &served{session: session, batch: make([]float32, in*max(rt.Info().Batch, 1)), in: in,
		out: out}, nil
}

// logits gives the outputs for images, one after the other.
func (s *served) logits(images []float32) ([]float32, error) {
	all := make([]float32, 0, len(images)/s.in*s.out)
	for len(images) > 0 {
		n := copy(s.batch, images)
		clear(s.batch[n:])
		out, err := s.run()
		if err != nil {
			return nil, err
		}
		all, images = append(all, out[:n/s.in*s.out]...), images[n:]
	}
	return all, nil
}

func (s *served) run() ([]float32, error) {
	if err := s.session.SetInput(s.batch); err != nil {
		return nil, err
	}
	if err := s.session.Run(); err != nil {
		return nil, err
	}
	return s.session.Output()
}

// isNative says whether networks run in tailor's own engine, which no runtime stands for.
func isNative(rt profiles.Runtime) bool {
	_, native := rt.(profiles.Native)
	return rt == nil || native
}

// Progress, if not nil, is told how many images of all were run through a network.
type Progress func(done, total int)

// of tells the progress of so many images, given how many come at a time.
func (p Progress) of(total int) (each func(images int)) {
	if p == nil {
		return nil
	}
	done := 0
	return func(images int) {
		done += images
		p(done, total)
	}
}

// countIn counts what a manifest's network answers for test images, in a runtime.
func countIn(ctx context.Context, rt profiles.Runtime, m *manifest.Manifest, net *supernet.Subnet,
	set data.Set, workers int, progress Progress) ([][]int, error) {
	each := progress.of(set.Len())
	transform := data.Transform{Mean: m.Mean, Std: m.Std}
	if isNative(rt) {
		return passes.Test(ctx, net, set, m.Images.Size, transform, workers, each)
	}
	s, err := serve(ctx, rt, net)
	if err != nil {
		return nil, err
	}
	defer s.session.Close()
	return passes.TestBy(ctx, net.Blocks, set, m.Images.Size, transform, workers, each,
		s.logits)
}

// servedNetwork classifies images as package tailor does, with a network in a runtime.
type servedNetwork struct {
	*served
	preparer *prepare.Preparer
	labels   []string
}

// openServed opens a winner and loads it into a runtime.
func openServed(ctx context.Context, rt profiles.Runtime, winner string) (*servedNetwork, error) {
	m, net, err := manifest.Open(winner)
	if err != nil {
		return nil, err
	}
	preparer, err := classify.Preparer(m, net)
	if err != nil {
		return nil, err
	}
	s, err := serve(ctx, rt, net)
	if err != nil {
		return nil, err
	}
	return &servedNetwork{s, preparer, m.Classes}, nil
}

// Classify gives all classes, the most probable first.
func (n *servedNetwork) Classify(img image.Image) ([]tailor.Class, error) {
	input := make([]float32, n.in)
	if err := n.preparer.Prepare(input, img); err != nil {
		return nil, err
	}
	logits, err := n.logits(input)
	if err != nil {
		return nil, err
	}
	ranked, err := classify.Rank(logits)
	if err != nil {
		return nil, err
	}
	classes := make([]tailor.Class, len(ranked))
	for i, r := range ranked {
		classes[i] = tailor.Class{Label: n.labels[r.Index], Index: r.Index, Logit: r.Logit,
			Probability: r.Probability}
	}
	return classes, nil
}

// Close ends what the runtime has of the network.
func (n *servedNetwork) Close() error { return n.session.Close() }
