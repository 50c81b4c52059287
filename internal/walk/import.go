package walk

import (
	"fmt"
	"path/filepath"

	"github.com/tailor-nas/tailor/internal/ofa"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/supernet"
)

// ImportAccuracy makes a document of an accuracy predictor that OFA published, or of one like it, which was fitted to networks of the
// given resolutions; nil are those of the published one. Its error is not known.
func ImportAccuracy(space *supernet.Space, path string, resolutions []int) (*predictor.Accuracy, error) {
	n, base, err := ofa.ReadAccuracy(path)
	if err != nil {
		return nil, err
	}
	if resolutions == nil {
		resolutions = ofa.PublishedResolutions()
	}
	a, err := predictor.ImportAccuracy(space, n, base, resolutions)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	a.Inputs, err = published(path)
	return a, err
}

// ImportLatency makes a document of latency tables that OFA published, one for each resolution. Networks of resolutions without a
// table cannot be predicted.
func ImportLatency(space *supernet.Space, device, runtime string, paths []string) (*predictor.Latency, error) {
	var times []predictor.BlockTime
	for _, path := range paths {
		table, err := ofa.ReadTable(path)
		if err != nil {
			return nil, err
		}
		found, err := timesOf(space, table)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		times = append(times, found...)
	}
	l, err := predictor.FitLatency(space, times, nil, predictor.Defaults())
	if err != nil {
		return nil, fmt.Errorf("import latency: %w", err)
	}
	l.Device, l.Runtime = device, runtime
	l.Inputs, err = published(paths...)
	return l, err
}

// timesOf finds the resolutions that a table has all blocks of.
func timesOf(space *supernet.Space, table ofa.Table) (times []predictor.BlockTime, err error) {
	var missing string
	for _, r := range space.Resolutions {
		blocks := space.AllBlocks(r)
		ms, unknown := table.Times(blocks)
		for i := range ms {
			times = append(times, predictor.BlockTime{Block: blocks[i], MS: ms[i], Resolution: r})
		}
		// The stem alone tells which resolution a table is of.
		if _, other := table.Times(blocks[:1]); missing == "" || other == "" && unknown != "" {
			missing = unknown
		}
	}
	if len(times) == 0 {
		return nil, fmt.Errorf("of no resolution of space %s the table has all blocks; missing is %s: check that it is of this space", space.Name, missing)
	}
	return times, nil
}

// published says which files a document was made from: the only one as "published", several by their names.
func published(paths ...string) (map[string]store.Input, error) {
	inputs := map[string]store.Input{}
	for _, p := range paths {
		sha, err := store.HashFile(p)
		if err != nil {
			return nil, err
		}
		role := "published"
		if len(paths) > 1 {
			role += " " + filepath.Base(p)
		}
		inputs[role] = store.Input{Path: filepath.Base(p), SHA256: sha}
	}
	return inputs, nil
}
