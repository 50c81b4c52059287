package pipeline

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/supernet"
)

// Source is a predictor of another device or runtime, to transfer from.
type Source struct {
	Path     string
	Latency  *predictor.Latency
	InFolder bool // not named itself
}

var (
	errNoSource  = errors.New("there is no latency predictor")
	errOwnSource = errors.New("was fitted to the same times, so that it would be found better than it is: name predictors of other devices or runtimes")
)

// LoadSources reads predictors of a space to transfer from, each once: files, or folders whose
// latency predictors of the space are all meant, but for the file out, which is to be replaced.
func LoadSources(space *supernet.Space, from []string, out string) (all []Source, err error) {
	known := map[string]bool{}
	for _, path := range from {
		files, isFolder, err := latencyFiles(path, out)
		if err != nil {
			return nil, err
		}
		found := 0
		for _, file := range files {
			old, err := predictor.LoadLatency(file, space)
			var other *predictor.SpaceError
			switch {
			case isFolder && errors.As(err, &other):
				continue
			case err != nil:
				return nil, err
			}
			if found++; !known[old.SHA256] {
				known[old.SHA256] = true
				all = append(all, Source{file, old, isFolder})
			}
		}
		if found == 0 {
			return nil, fmt.Errorf("%w of space %s in %s: name files that fit latency wrote",
				errNoSource, space.Name, path)
		}
	}
	return all, nil
}

// others are the sources that were not fitted to the times themselves.
func (t *Timings) others(from []Source) (all []Source, err error) {
	own := map[string]bool{}
	for _, in := range t.Inputs {
		own[in.SHA256] = true
	}
	for _, s := range from {
		same := false
		for _, in := range s.Latency.Inputs {
			same = same || own[in.SHA256]
		}
		if !same {
			all = append(all, s)
			continue
		}
		err = fmt.Errorf("%s %w", s.Path, errOwnSource)
		if !s.InFolder {
			return nil, err
		}
	}
	if len(all) == 0 {
		return nil, err
	}
	return all, nil
}

// latencyFiles are a file itself, or the files of a folder that hold latency predictors, without
// the file out.
func latencyFiles(path, out string) (files []string, isFolder bool, err error) {
	info, err := store.Stat(path)
	if err != nil {
		return nil, false, fmt.Errorf("read latency predictors: %w", err)
	}
	if !info.IsDir() {
		return []string{path}, false, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, true, fmt.Errorf("read latency predictors: %w", err)
	}
	replaced, _ := os.Stat(out) // none is none to leave out
	for _, e := range entries { // in the order of their names
		file := filepath.Join(path, e.Name())
		if filepath.Ext(file) != ".json" {
			continue
		}
		info, err := os.Stat(file) // of a link, what it leads to
		if err != nil || !info.Mode().IsRegular() ||
			replaced != nil && os.SameFile(info, replaced) {
			continue
		}
		if kind, _, err := store.Kind(file); err == nil && kind == "latency" {
			files = append(files, file)
		}
	}
	return files, true, nil
}
