package winners

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
)

// ReadKnown gives the networks that an earlier search of the space left in its folder: its winners,
// and all networks of its fronts. They are in the order of their paths, each once.
func ReadKnown(dir string, space *supernet.Space) ([]supernet.Arch, error) {
	var all []supernet.Arch
	add := func(spec supernet.Spec) error {
		a, err := space.Arch(spec)
		if err == nil && !slices.Contains(all, a) {
			all = append(all, a)
		}
		return err
	}
	root, err := filepath.EvalSymlinks(dir) // links are not followed below
	if err != nil {
		return nil, fmt.Errorf("continue a search: %w", err)
	}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		switch d.Name() {
		case manifest.File:
			m, err := manifest.Read(path)
			if err != nil {
				return err
			}
			return errors.Join(ofSpace(path, m.SpaceSHA256, space), add(m.Arch))
		case search.FrontFile:
			f, err := search.ReadFront(path)
			if err != nil {
				return err
			}
			if err := ofSpace(path, f.SpaceSHA256, space); err != nil {
				return err
			}
			for _, p := range f.Points {
				if err := add(p.Arch); err != nil {
					return fmt.Errorf("%s: %w", path, err)
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("continue a search: %w", err)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("continue a search: %s has neither winners nor a front: name the "+
			"--out of a search (%w)", dir, os.ErrNotExist)
	}
	return all, nil
}

// ofSpace refuses a document of another space.
func ofSpace(path, sha string, space *supernet.Space) error {
	if sha != space.SHA256() {
		return &store.StaleError{File: path, Role: "space", Want: sha, Got: space.SHA256()}
	}
	return nil
}
