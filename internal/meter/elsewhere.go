package meter

import (
	"context"
	"fmt"
	"time"

	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// Elsewhere measures networks on other machines, to the bits that this one would.
type Elsewhere interface {
	// Measure gives the values of archs, in their order. progress is told how many there are.
	Measure(ctx context.Context, t *Task, archs []supernet.Arch, progress func(done int)) ([]Value,
		error)
}

// Task is all that the values of networks depend on.
type Task struct {
	Run    *trainer.Run
	Data   *trainer.Data
	Images trainer.Set // to count right answers of
	Eval   trainer.EvalSettings
	// Here measures a network on this machine.
	Here func(ctx context.Context, a supernet.Arch) (trainer.Imitation, error)
}

// Value is what was measured of a network.
type Value struct {
	trainer.Imitation
	Seconds float64   // that it took
	At      time.Time // when
	Device  string    // where, and by whom
}

func (m *Meter) measureHere(ctx context.Context, a supernet.Arch) (trainer.Imitation, error) {
	if err := m.compareWith(ctx); err != nil {
		return trainer.Imitation{}, err
	}
	return m.evaluators[0].Imitate(ctx, a, m.images, m.largest)
}

// measureElsewhere has networks measured, and keeps all values once all are there: what a part of
// them says of who made them is known only then.
func (m *Meter) measureElsewhere(ctx context.Context, todo []supernet.Arch,
	progress func(done int)) error {
	values, err := m.elsewhere.Measure(ctx, m.task, todo, progress)
	if err != nil {
		return err
	}
	if len(values) != len(todo) {
		return fmt.Errorf("%d networks were measured elsewhere, expected %d", len(values),
			len(todo))
	}
	for i, a := range todo {
		if err := m.keep(ctx, a, values[i]); err != nil {
			return err
		}
	}
	return nil
}
