package trainer

import (
	"fmt"
	"path/filepath"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/engine"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/safetensors"
	"github.com/tailor-nas/tailor/supernet"
)

// teacherFile is in a run's folder where a frozen network teaches. It is written once, or again
// with the same bytes where a run was killed just then.
const teacherFile = "teacher.safetensors"

// frozen is a largest network that does not learn. Like a network that learns it normalises with
// the statistics of the batch, as OFA's does.
type frozen struct {
	space *supernet.Space
	net   *supernet.Subnet
	run   engine.Runner
}

func newFrozen(space *supernet.Space, net *supernet.Subnet, pool *nn.Pool) *frozen {
	return &frozen{space, net, engine.NewRunner(net, pool)}
}

// freeze makes the largest network, as it is now, the teacher.
func (s *stepper) freeze() {
	space := s.net.Space
	blocks := space.Blocks(space.Max())
	s.run.Bind(blocks, s.config.Batch, nn.Train)
	s.frozen = newFrozen(space, s.run.Extract(blocks, space.BNEps), s.pool)
}

// ask has the frozen teacher answer, where somebody is to learn from it.
func (s *stepper) ask(b *data.Batch, lessons []lesson) {
	for _, n := range lessons {
		if n.teaches {
			return
		}
		if n.answers != 0 {
			logits := s.frozen.answer(s, b, n.arch.Resolution)
			nn.Softmax(s.teacher[:len(logits)], logits, s.classes, float32(s.config.Temperature))
			return
		}
	}
}

func (f *frozen) answer(s *stepper, b *data.Batch, resolution uint16) []float32 {
	a := f.space.Max()
	a.Resolution = resolution
	f.run.Bind(f.space.Blocks(a), b.N, nn.Calibrate)
	s.inputs.Fill(f.run.Input(), int(resolution), s.share(b))
	s.whole = s.pool.Whole(s.whole, f.run.Forward(), b.N, s.classes)
	return s.whole
}

// write keeps the teacher for when the run goes on.
func (f *frozen) write(dir string) (sha string, err error) {
	sha, err = safetensors.Write(filepath.Join(dir, teacherFile), f.net.Tensors(), nil)
	if err != nil {
		return "", fmt.Errorf("save the teacher: %w", err)
	}
	return sha, nil
}

// readFrozen reads the teacher of a run, whose file has this hash.
func readFrozen(dir, sha string, space *supernet.Space, pool *nn.Pool) (*frozen, error) {
	path := filepath.Join(dir, teacherFile)
	f, err := safetensors.Read(path)
	if err == nil && f.SHA256 != sha {
		err = fmt.Errorf("%s is not the file that the checkpoint was saved with: sha256 %.12s, expected %.12s",
			path, f.SHA256, sha)
	}
	if err != nil {
		return nil, fmt.Errorf("the teacher is lost, without which this run cannot go on: train again, to another --out: %w",
			err)
	}
	net, err := supernet.LoadSubnet(space.Blocks(space.Max()), space.BNEps, f.Tensors)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return newFrozen(space, net, pool), nil
}
