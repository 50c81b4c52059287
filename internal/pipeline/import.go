package pipeline

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tailor-nas/tailor/internal/bug"
	"github.com/tailor-nas/tailor/internal/ofa"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// ImportAccuracy makes a document of an accuracy predictor that OFA published, or of one like it,
// which was fitted to networks of the given resolutions; nil are those of the published one. Its
// error is not known.
func ImportAccuracy(space *supernet.Space, path string, resolutions []int) (*predictor.Accuracy,
	error) {
	n, base, err := ofa.ReadAccuracy(path)
	if err != nil {
		return nil, err
	}
	if resolutions == nil {
		resolutions = fittedTo(space)
	}
	a, err := predictor.ImportAccuracy(space, n, base, resolutions)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	a.Inputs, err = published(path)
	return a, err
}

// fittedTo are the resolutions that OFA's predictors for a space were fitted to: of ResNets, which
// have widths to choose, those of the space.
func fittedTo(space *supernet.Space) []int {
	if len(space.Widths) > 1 {
		return space.Resolutions
	}
	return ofa.PublishedResolutions()
}

// ImportLatency makes a document of latency tables that OFA published, one for each resolution.
// Networks of resolutions without a table cannot be predicted. Tables that have other times for a
// block at one resolution are a [*TablesError].
func ImportLatency(space *supernet.Space, device, runtime string,
	paths []string) (*predictor.Latency, error) {
	paths = withoutRepeats(paths)
	var times []predictor.BlockTime
	known := map[tableEntry]timeOf{}
	for _, path := range paths {
		table, err := ofa.ReadTable(path)
		if err != nil {
			return nil, err
		}
		found, err := timesOf(space, table)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		for _, t := range found {
			key, err := ofa.Key(t.Block)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			entry := tableEntry{t.Resolution, key}
			if other, ok := known[entry]; ok && other.ms != t.MS {
				return nil, &TablesError{other.path, path, entry.resolution, entry.key, other.ms,
					t.MS}
			}
			known[entry] = timeOf{t.MS, path}
		}
		times = append(times, found...)
	}
	l, err := predictor.FitLatency(space, times, nil, regress.Defaults())
	if err != nil {
		return nil, fmt.Errorf("import latency: %w", err)
	}
	l.Device, l.Runtime = device, runtime
	l.Inputs, err = published(paths...)
	return l, err
}

// ImportSupernet makes a run of the weights of OFA's supernet of a space.
func ImportSupernet(ctx context.Context, space *supernet.Space, path, dir string) (*trainer.Run,
	*ofa.Supernet, error) {
	if err := checkNew(dir); err != nil {
		return nil, nil, err
	}
	if n := space.Channels; n != len(ofa.Mean) {
		return nil, nil, fmt.Errorf("space %s is for images with %d channels, and OFA's networks "+
			"were trained on colour images: expected %d channels", space.Name, n, len(ofa.Mean))
	}
	var s *ofa.Supernet
	err := bug.CatchUntil(ctx, func() (err error) {
		s, err = ofa.ReadSupernet(ctx, space, path)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	run, err := trainer.Import(ctx, dir, trainer.Imported{
		Net: s.Net, From: trainer.ImportInfo{Format: trainer.FormatOFA},
		File: store.Input{Path: filepath.Base(path), SHA256: s.SHA256},
		Mean: ofa.Mean, Std: ofa.Std,
	})
	return run, s, err
}

// checkNew says at once, before any work, whether a run can get its name.
func checkNew(dir string) error {
	if _, err := os.Lstat(dir); err == nil {
		return fmt.Errorf("%s is there already: choose another name for the run: %w", dir,
			fs.ErrExist)
	}
	return nil
}

// tableEntry identifies an entry of a latency table: a block, in networks of a resolution.
type tableEntry struct {
	resolution int
	key        string
}

// timeOf is a latency in ms, and the file of the table that has it.
type timeOf struct {
	ms   float64
	path string
}

// TablesError says that two tables have different latencies for the same block, so that they cannot
// be of one device.
type TablesError struct {
	First, Second     string // files
	Resolution        int
	Block             string // as the tables call it
	FirstMS, SecondMS float64
}

func (e *TablesError) Error() string {
	return fmt.Sprintf("%s and %s have other times for the same block at %d px (%s: %g and %g ms): give the tables of one device, one for each resolution",
		e.First, e.Second, e.Resolution, e.Block, e.FirstMS, e.SecondMS)
}

// withoutRepeats drops paths that come twice.
func withoutRepeats(paths []string) (all []string) {
	for _, p := range paths {
		if p = filepath.Clean(p); !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	return all
}

// timesOf gives the block latencies of a table, for the resolutions of which it has all blocks.
func timesOf(space *supernet.Space, table ofa.Table) (times []predictor.BlockTime, err error) {
	var missing string
	for _, r := range space.Resolutions {
		blocks := space.AllBlocks(r)
		ms, unknown, err := table.Times(blocks)
		if err != nil {
			return nil, err
		}
		for i := range ms {
			times = append(times, predictor.BlockTime{Block: blocks[i], MS: ms[i], Resolution: r})
		}
		// The stem alone tells which resolution a table is of.
		_, other, err := table.Times(blocks[:1])
		if err != nil {
			return nil, err
		}
		if missing == "" || other == "" && unknown != "" {
			missing = unknown
		}
	}
	if len(times) == 0 {
		return nil, fmt.Errorf(
			"of no resolution of space %s the table has all blocks; missing is %s: check that it is of this space", space.Name, missing)
	}
	return times, nil
}

// published says which files a document was made from: the only one as "published", several by
// their names, with so many of the folders that they are in that no two are called the same.
func published(paths ...string) (map[string]store.Input, error) {
	inputs := map[string]store.Input{}
	for _, p := range paths {
		sha, err := store.HashFile(p)
		if err != nil {
			return nil, err
		}
		name, role := shortest(p, paths), "published"
		if len(paths) > 1 {
			role += " " + name
		}
		inputs[role] = store.Input{Path: name, SHA256: sha}
	}
	return inputs, nil
}

// shortest is the shortest end of a path, in whole names, that no other path ends with.
func shortest(path string, paths []string) string {
	name, rest := filepath.Base(path), filepath.Dir(path)
	shared := func(other string) bool {
		return other != path &&
			strings.HasSuffix(filepath.ToSlash(other), "/"+name)
	}
	for slices.ContainsFunc(paths, shared) && filepath.Dir(rest) != rest {
		name, rest = filepath.Base(rest)+"/"+name, filepath.Dir(rest)
	}
	return name
}
