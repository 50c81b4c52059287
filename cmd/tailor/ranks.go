package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/tailor-nas/tailor/internal/ranks"
	"github.com/tailor-nas/tailor/trainer"
)

// processes are those that mpirun started, of which this is one.
type processes interface {
	trainer.Group
	Close() error
	Abort(status int)
}

// togetherWith trains with the other processes that mpirun started, if it did. Rank 0 has the
// folder and says what there is to say. What all ranks end with, it says for all; what one alone
// ends with, that one says, and ends the others.
func (g *Globals) togetherWith(train func(group trainer.Group) error) error {
	if ranks.Launched() == 1 {
		return train(nil)
	}
	group, err := joinProcesses()
	if err != nil {
		return err
	}
	follows := group.Rank() > 0
	if follows {
		g.Quiet, g.stdout = true, io.Discard
		g.saving.Store(true) // rank 0 does, and the others wait for it
	}
	meter := ranks.NewMeter(group)
	err = train(meter)
	if err != nil && !errors.Is(err, trainer.ErrInterrupted) && !errors.Is(err, trainer.ErrRanks) {
		g.clearProgress()
		fmt.Fprintf(g.stderr, "tailor: rank %d of %d: %s\n", group.Rank(), group.Size(),
			inOneLine(err.Error()))
		group.Abort(status(err))
	}
	c := meter.Counts()
	g.say("rank 0 of %d sent %sB in %s calls, and was in them for %.1fs", group.Size(),
		large(c.GatherBytes+c.LateBytes), large(int64(c.Gathers+c.Late)), c.Time().Seconds())
	if closeErr := group.Close(); err == nil {
		err = closeErr
	}
	if follows {
		return nil
	}
	return err
}
