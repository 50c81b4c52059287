package predictor

import (
	"errors"
	"fmt"
	"math"

	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/supernet"
)

// ErrSamples is what errors about measurements that no model can be fitted to wrap: too few, or
// values that cannot be.
var ErrSamples = errors.New("cannot learn from these measurements")

// ErrOverflow is what an error about a prediction wraps that is beyond the numbers there are:
// infinite, or none.
var ErrOverflow = errors.New("the prediction is no finite number")

func finite(v float64) bool { return math.Abs(v) <= math.MaxFloat64 }

// Times of blocks and of networks in milliseconds, beyond which there is none: sums and squares of
// what lies between are finite.
const (
	minMS = 1e-9
	maxMS = 1e12
)

// checkMS refuses a time that is not within these limits.
func checkMS(ms float64) error {
	if !(ms >= minMS && ms <= maxMS) {
		return fmt.Errorf("took %g ms, expected %g to %g", ms, minMS, float64(maxMS))
	}
	return nil
}

// SpaceError is returned for a predictor of another space than the one at hand.
type SpaceError struct {
	File                 string
	Space, SpaceSHA256   string // of the file
	Wanted, WantedSHA256 string // at hand
}

func (e *SpaceError) Error() string {
	return fmt.Sprintf("%s predicts networks of space %s (%.12s), not of %s (%.12s): fit one for this space, or name that space",
		e.File, e.Space, e.SpaceSHA256, e.Wanted, e.WantedSHA256)
}

// UnknownBlockError is returned for a network with a block that was never timed.
type UnknownBlockError struct {
	Block supernet.Block
}

func (e *UnknownBlockError) Error() string {
	return fmt.Sprintf("block %s (%s) was not timed: measure the device for this space, at this resolution too", e.Block.Name, e.Block.Key())
}

// UnknownVariantsError is returned for a block that was timed, but not with anything removed from
// it.
type UnknownVariantsError struct {
	Block     supernet.Block
	Structure supernet.Structure
}

func (e *UnknownVariantsError) Error() string {
	do := "measure the variants of this network"
	if e.Structure != supernet.Channels {
		do += fmt.Sprintf(", or profile the space with --sparse %s and fit the latency again",
			e.Structure)
	}
	return fmt.Sprintf("block %s (%s) was not timed with %s removed: %s", e.Block.Name,
		e.Block.Key(), e.Structure, do)
}

// UnknownResolutionError is returned for a network of a resolution that an accuracy predictor was
// not fitted to.
type UnknownResolutionError struct {
	Resolution int
	Known      []int
}

func (e *UnknownResolutionError) Error() string {
	return fmt.Sprintf("the accuracy predictor was not fitted to resolution %d: it knows %v",
		e.Resolution, e.Known)
}

// archError says what is wrong with the i-th arch of a batch, which is not one of the space.
func archError(space *supernet.Space, archs []supernet.Arch, i int) error {
	err := space.Check(archs[i])
	if err == nil {
		err = errors.New("arch is not canonical")
	}
	return fmt.Errorf("arch %d of %d: %w %s: %w", i+1, len(archs), supernet.ErrArch, space.Name,
		err)
}

// checkStated says what is wrong with the errors that a file states of a predictor, by resolution
// too, and the interval that follows from them.
func checkStated(all regress.HeldOut, byResolution []ResolutionHeldOut,
	curve []regress.CurvePoint, i regress.Interval) error {
	if err := all.Check(); err != nil {
		return fmt.Errorf("heldout: %w", err)
	}
	for _, r := range byResolution {
		if err := r.HeldOut.Check(); err != nil {
			return fmt.Errorf("heldout of resolution %d: %w", r.Resolution, err)
		}
	}
	for _, p := range curve {
		if err := p.HeldOut.Check(); err != nil || p.TrainedOn < 1 {
			return fmt.Errorf("learning_curve: fitted to %d (%v), expected 1 or more", p.TrainedOn,
				err)
		}
	}
	if !(i.Relative >= 0 && i.Relative <= maxMS) || !(i.Coverage >= 0 && i.Coverage <= 1) {
		return fmt.Errorf("interval: %g of networks within %g, expected 0 to 1 and 0 or more",
			i.Coverage, i.Relative)
	}
	return nil
}
