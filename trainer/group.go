package trainer

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/tailor-nas/tailor/internal/nn"
)

// Group is the processes that train one network together, its ranks, on one machine or several. Of
// every batch each has some of the images; what is summed over a batch comes together by these
// calls, and every rank adds it in the order of the images, so that the result is that of one rank
// alone, to the bit.
//
// All ranks make the same calls in the same order, with cuts that agree, each from one goroutine at
// a time. Once the group is lost calls return without having done anything: see Err. A rank whose
// [Train] returns an error that is neither [ErrInterrupted] nor [ErrRanks] has to end the group,
// since the others may wait for it.
type Group interface {
	Rank() int // 0 to Size-1
	Size() int // at most 8
	// Gather completes all, of which rank r has all[cuts[r]:cuts[r+1]], and returns when it is
	// whole.
	Gather(all []byte, cuts []int)
	// StartGather begins what wait completes. In between all is left alone.
	StartGather(all []byte, cuts []int) (wait func())
	// StartExchange begins to give out[outCuts[r]:outCuts[r+1]] to each rank r, which has it in its
	// in from inCuts[this rank] on. Until wait has returned both are left alone.
	StartExchange(out []byte, outCuts []int, in []byte, inCuts []int) (wait func())
	// Err is why the group was lost, nil while it is whole.
	Err() error
}

// ErrRanks is wrapped by errors about ranks that cannot train together, which all of them return.
var ErrRanks = errors.New("these ranks cannot train together")

// leads says whether this process has the run's folder: it is rank 0, or alone.
func (j Job) leads() bool { return j.Group == nil || j.Group.Rank() == 0 }

// lost is why the group was lost.
func (j Job) lost() error {
	if j.Group == nil || j.Group.Err() == nil {
		return nil
	}
	return fmt.Errorf("training on %d ranks: %w; the last checkpoint is whole: the same command with --resume goes on, on any number of ranks",
		j.Group.Size(), j.Group.Err())
}

// hear gives what all ranks say.
func (j Job) hear(own []byte) ([][]byte, error) {
	const word = 8
	size, rank := j.Group.Size(), j.Group.Rank()
	lengths, cuts := make([]byte, size*word), make([]int, size+1)
	binary.LittleEndian.PutUint64(lengths[rank*word:], uint64(len(own)))
	for r := range cuts {
		cuts[r] = r * word
	}
	j.Group.Gather(lengths, cuts)
	if err := j.lost(); err != nil {
		return nil, err
	}
	cuts[0] = 0
	for r := range size {
		n := binary.LittleEndian.Uint64(lengths[r*word:])
		if n > mostHeard {
			return nil, fmt.Errorf("%w: rank %d says %d bytes, expected at most %d", ErrRanks, r, n,
				mostHeard)
		}
		cuts[r+1] = cuts[r] + int(n)
	}
	all, said := make([]byte, cuts[size]), make([][]byte, size)
	copy(all[cuts[rank]:], own)
	j.Group.Gather(all, cuts)
	for r := range said {
		said[r] = all[cuts[r]:cuts[r+1]]
	}
	return said, j.lost()
}

// mostHeard is more than any description of a run has.
const mostHeard = 64 << 20

// meet compares the ranks before anything is read or written.
func (j Job) meet() error {
	if size := j.Group.Size(); size > nn.MaxGroup || size > j.Config.Batch {
		return fmt.Errorf("%w: there are %d ranks, expected at most %d, and no more than --batch, which is %d",
			ErrRanks, size, nn.MaxGroup, j.Config.Batch)
	}
	own, err := j.member()
	if err != nil {
		return err
	}
	said, err := j.hear(own)
	if err != nil {
		return err
	}
	for r := range said {
		if err := differ(r, said[r], said[0]); err != nil {
			return err
		}
	}
	return nil
}

// member is what has to be the same on all ranks for the results to be: an object of texts, by what
// they are.
func (j Job) member() ([]byte, error) {
	settings, err := json.Marshal(struct {
		Config
		Holdout, Train, Test, Size     int
		Classes                        []string
		SkipDamaged, Resume, WithSpace bool
	}{j.Config, j.Holdout, j.TrainImages, j.TestImages, j.Size, j.Classes, j.SkipDamaged, j.Resume,
		j.Space != nil})
	var each map[string]json.RawMessage
	if err == nil {
		err = json.Unmarshal(settings, &each)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	all := map[string]string{"kernels": nn.Kernels(), "system": runtime.GOOS + "/" + runtime.GOARCH,
		"Go": runtime.Version(), "program": program()}
	for name, value := range each {
		all["setting "+name] = string(value)
	}
	return json.Marshal(all)
}

// differ says in what a rank differs from the first.
func differ(rank int, own, first []byte) error {
	var a, b map[string]string
	if err := errors.Join(json.Unmarshal(own, &a), json.Unmarshal(first, &b)); err != nil {
		return fmt.Errorf("%w: rank %d is of another version of tailor: %w", ErrRanks, rank, err)
	}
	var all []string
	for _, what := range slices.Sorted(maps.Keys(b)) {
		if got, want := cmp.Or(a[what], "none"), cmp.Or(b[what], "none"); got != want {
			all = append(all,
				fmt.Sprintf("%s of rank %d is %s, of rank 0 %s", what, rank, got, want))
		}
	}
	for _, what := range slices.Sorted(maps.Keys(a)) {
		if _, ok := b[what]; !ok {
			all = append(all,
				fmt.Sprintf("%s of rank %d is %s, of rank 0 none", what, rank, a[what]))
		}
	}
	if len(all) == 0 {
		return nil
	}
	return fmt.Errorf("%w, as they would compute other bits: %s; start the same program with the same flags on machines of one kind, or build it with -tags noasm for different ones",
		ErrRanks, strings.Join(all, "; "))
}

// program says which build this is, as far as it knows.
func program() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	text := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" || s.Key == "vcs.modified" {
			text += " " + s.Value
		}
	}
	return text
}

// together tells all ranks whether one of them cannot go on, for which it gives its reason.
func (j Job) together(own error) error {
	text := ""
	if own != nil {
		text = own.Error()
	}
	said, err := j.hear([]byte(text))
	if own != nil || err != nil {
		return errors.Join(own, err)
	}
	for r, text := range said {
		if len(text) > 0 {
			return fmt.Errorf("%w: rank %d: %s", ErrRanks, r, text)
		}
	}
	return nil
}
