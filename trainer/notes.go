package trainer

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/transfer"
)

// notes say what is not as in a run that begins with random weights, and why.
func (i *Info) notes(dir string, s schedule) (all []string) {
	if i.Start != nil {
		from := data.FromHere(data.Resolve(dir, i.Inputs[initRole].Path))
		all = append(all, i.Start.note(from))
		if note := i.Config.Init.note(); note != "" {
			all = append(all, note)
		}
		if c := i.Config; c.LR == initLR(c.Batch) {
			all = append(all, fmt.Sprintf("the learning rate is %.3g, as by default with --init: %g for a --batch of %d, and in proportion to it",
				c.LR, InitDefaultLR, InitLRBatch))
		}
		if i.Config.Strategy == DepS {
			all = append(all, i.shrinkNote(s))
		}
	}
	if n := len(i.Extended); n > 0 {
		e := i.Extended[n-1]
		all = append(all, fmt.Sprintf("extended at step %d from %d to %d epochs: from there on the learning rate is that of a run of %d epochs, which goes on with %.3g where it had come to %.3g",
			e.FromStep, e.Epochs, i.Config.Epochs, i.Config.Epochs, s.rate(e.FromStep),
			s.cosine(e.FromStep, e.Epochs*s.perEpoch)))
	}
	return all
}

// note says what was taken over, what is new and what was left behind.
func (s *Start) note(from string) string {
	text := fmt.Sprintf("begins with %s: %s of the weights are taken over", from,
		percent((*transfer.Taken)(&s.Taken).Share()))
	if fresh := slices.Concat(s.Fresh, slices.Sorted(maps.Keys(s.Part))); len(fresh) > 0 {
		text += "; new, or in part: " + some(fresh)
	} else {
		text += "; none is new"
	}
	if len(s.Cut) > 0 {
		text += "; left behind, or in part: " + some(s.Cut)
	}
	return text + "; images are normalised as there"
}

// note says how what was taken over is trained; nothing if it is like the rest.
func (i Init) note() string {
	switch {
	case i.LR == 0:
		return "what is taken over stands still"
	case i.FreezeEpochs > 0 && i.LR < 1:
		return fmt.Sprintf("what is taken over stands still for %s, then learns at %g times the rate",
			epochs(i.FreezeEpochs), i.LR)
	case i.FreezeEpochs > 0:
		return fmt.Sprintf("what is taken over stands still for %s", epochs(i.FreezeEpochs))
	case i.LR < 1:
		return fmt.Sprintf("what is taken over learns at %g times the rate", i.LR)
	}
	return ""
}

// shrinkNote says when shrinking begins, and why then.
func (i *Info) shrinkNote(s schedule) string {
	c := i.Config
	text := fmt.Sprintf("shrinking begins at epoch %.3g of %d", c.WarmupEpochs-c.EpsilonEpochs,
		c.Epochs)
	share := (*transfer.Taken)(&i.Start.Taken).Share() * i.Start.Trained
	switch {
	case !i.Start.half():
		return text + fmt.Sprintf(": only %s of the largest network counts as trained, so that it trains first as without --init",
			percent(share))
	case c.WarmupEpochs != i.Start.warmup(c):
		return text + ", as --warmup-epochs says"
	case i.Start.WeightsFresh == 0 && c.Init.FreezeEpochs == 0:
		return text + ": DepS waits until the largest network is half trained, and it comes trained"
	}
	return text + fmt.Sprintf(": DepS waits until the largest network is half trained, and %s of it comes trained; until then it trains alone",
		percent(share))
}

func percent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }

func epochs(n float64) string {
	if n == 1 {
		return "1 epoch"
	}
	return fmt.Sprintf("%g epochs", n)
}

// someNames is how many names a line has room for.
const someNames = 3

// some lists names, the first of many.
func some(names []string) string {
	if len(names) <= someNames {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:someNames], ", "),
		len(names)-someNames)
}
