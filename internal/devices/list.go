package devices

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/profiles"
)

// Known is a profile that was found.
type Known struct {
	Path     string    `json:"profile"`
	Device   string    `json:"device"` // its ID
	CPU      string    `json:"cpu"`
	Arch     string    `json:"arch"`
	OS       string    `json:"os"`
	Cores    int       `json:"cores"` // that may be used
	Runtime  string    `json:"runtime"`
	Space    string    `json:"space"`
	Measured time.Time `json:"measured"`
	Worker   string    `json:"worker,omitempty"` // of a queue, that measured it
	Blocks   int       `json:"blocks"`
	Networks int       `json:"networks"`
	Unstable int       `json:"unstable"` // of both, whose time is not known to within 2 %
	// OK says that the machine was the same from the first sample to the last, and Why what is
	// wrong where it is not.
	OK  bool   `json:"ok"`
	Why string `json:"why,omitempty"`
}

// maxEntries is how many files and folders are looked at below a folder that is named.
const maxEntries = 200_000

// partsSuffix ends the folder of a profile that is not whole yet.
const partsSuffix = ".parts"

// List gives the profiles in files, and in folders and all below these, in the order in which they
// are named, and of their paths. A file that is named must be a profile. One that is found and
// cannot be read is listed with the reason.
func List(paths []string) (all []Known, err error) {
	seen := map[string]bool{}
	for _, path := range paths {
		info, err := store.Stat(path)
		if err != nil {
			return nil, err
		}
		found := []string{path}
		if info.IsDir() {
			if found, err = below(path); err != nil {
				return nil, err
			}
		}
		for _, file := range found {
			k, err := read(file)
			if err != nil && !info.IsDir() {
				return nil, err
			}
			if name := filepath.Clean(file); !seen[name] {
				seen[name] = true
				all = append(all, k)
			}
		}
	}
	return all, nil
}

// below lists the profiles in a folder and its folders, by their kind. What may not be read is
// left out.
func below(folder string) (all []string, err error) {
	entries := 0
	err = filepath.WalkDir(folder+string(filepath.Separator)+".", func(path string,
		entry fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if entries++; entries > maxEntries {
			return fmt.Errorf("there are more than %d files in %s: name the folder of profiles",
				maxEntries, folder)
		}
		switch {
		case entry.IsDir() && (entry.Name() == ".git" ||
			strings.HasSuffix(entry.Name(), partsSuffix)):
			return fs.SkipDir
		case entry.IsDir() || filepath.Ext(path) != ".json":
			return nil
		}
		if kind, _, err := store.Kind(path); err == nil && kind == "profile" {
			all = append(all, path)
		}
		return nil
	})
	slices.Sort(all)
	return all, err
}

// read gives what is known of a profile. After an error that is its path, and the reason.
func read(path string) (Known, error) {
	p, err := profiles.Load(path)
	if err != nil {
		return Known{Path: path, Why: reason(path, err)}, err
	}
	return Describe(path, p), nil
}

// reason is why a file cannot be read, without its name where that is at the beginning.
func reason(path string, err error) string {
	var old *store.VersionError
	if errors.As(err, &old) {
		return "it is of another version of profiles: profile again"
	}
	return strings.TrimLeft(strings.TrimPrefix(err.Error(), path), ": ")
}

// Describe says what is known by a profile.
func Describe(path string, p *profiles.Profile) Known {
	k := Known{Path: path, Device: p.Device.ID, CPU: p.Device.CPU.Brand, Arch: p.Device.Arch,
		OS: p.Device.OS, Cores: p.Device.CPU.UsableCores, Runtime: p.Runtime.ID(),
		Space: p.SpaceName, Measured: p.Session.Started, Worker: p.Worker, Blocks: len(p.Blocks),
		Networks: len(p.Networks), Why: p.Unstable()}
	k.OK = k.Why == ""
	for _, b := range p.Blocks {
		k.count(b.Unstable)
	}
	for _, n := range p.Networks {
		k.count(n.Unstable)
	}
	return k
}

func (k *Known) count(unstable bool) {
	if unstable {
		k.Unstable++
	}
}
