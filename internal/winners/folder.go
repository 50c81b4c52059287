package winners

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/tailor-nas/tailor/internal/ship"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/manifest"
)

// checkFolders refuses, before any work, to replace files that are not an earlier search's.
func (j *Job) checkFolders() error {
	names := map[string]bool{}
	for i := range j.Devices {
		dir := j.dir(&j.Devices[i])
		for _, name := range j.folderNames() {
			path := filepath.Join(dir, name)
			if names[path] {
				return fmt.Errorf("the limits %s are asked for twice", name)
			}
			names[path] = true
			if err := replaceable(path); err != nil {
				return err
			}
		}
		if !j.Pareto {
			continue
		}
		path := filepath.Join(dir, search.FrontFile)
		if kind, _, err := store.Kind(path); !errors.Is(err, fs.ErrNotExist) &&
			(err != nil || kind != search.FrontKind) {
			return fmt.Errorf("%s exists and is not an earlier search's; choose another --out",
				path)
		} else if err != nil { // no earlier front, whose picture might be replaced
			picture := filepath.Join(dir, frontPlotFile)
			if _, err := os.Lstat(picture); err == nil {
				return fmt.Errorf("%s exists and is not an earlier search's; choose another --out",
					picture)
			}
		}
	}
	return nil
}

// folderNames are all names that folders of a device's winners may get.
func (j *Job) folderNames() (names []string) {
	if j.spread() {
		for place := range j.Points {
			names = append(names, placeName(place+1))
		}
		return names
	}
	for _, l := range j.Limits {
		for rank := range j.Top {
			names = append(names, folderName(l, rank))
		}
	}
	return names
}

// spread says whether winners are evenly spaced along the front, within the job's one limits: with
// two or more, they are the front's best within each. Of a job without limits, [Job.check] has made
// one that limits nothing.
func (j *Job) spread() bool { return j.Pareto && len(j.Limits) == 1 }

// replaceable refuses a folder that exists and is not an earlier search's winner.
func replaceable(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	foreign := slices.ContainsFunc(entries,
		func(e fs.DirEntry) bool { return !e.Type().IsRegular() || !manifest.IsFile(e.Name()) })
	if err == nil && !foreign {
		if kind, _, kindErr := store.Kind(filepath.Join(dir, manifest.File)); kindErr == nil &&
			kind == manifest.Kind && !manifest.HasStranger(dir) {
			return nil
		}
	}
	return fmt.Errorf("%s exists and is not an earlier search's; choose another --out", dir)
}

// folderName is made of the limits, such as "latency-2.5ms-macs-50000000". From the second best on,
// the place is added: rank counts from 0, names from 2.
func folderName(l search.Limits, rank int) string {
	var parts []string
	if l.LatencyMS > 0 {
		parts = append(parts, "latency-"+strconv.FormatFloat(l.LatencyMS, 'f', -1, 64)+"ms")
	}
	if l.EnergyMJ > 0 {
		parts = append(parts, "energy-"+strconv.FormatFloat(l.EnergyMJ, 'f', -1, 64)+"mj")
	}
	if l.MACs > 0 {
		parts = append(parts, fmt.Sprintf("macs-%d", l.MACs))
	}
	if l.Params > 0 {
		parts = append(parts, fmt.Sprintf("params-%d", l.Params))
	}
	if l.MemoryBytes > 0 {
		parts = append(parts, fmt.Sprintf("memory-%d", l.MemoryBytes))
	}
	if l.SizeBytes > 0 {
		parts = append(parts, fmt.Sprintf("size-%d", l.SizeBytes))
	}
	if parts == nil {
		parts = []string{"best"}
	}
	if rank > 0 {
		parts = append(parts, fmt.Sprint(rank+1))
	}
	return strings.Join(parts, "-")
}

// save writes a winner's folder, which replaces an earlier search's, and gives the manifest's path.
func (j *Job) save(dir string, c *cut) (string, error) {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", fmt.Errorf("write manifest: %w", err)
	}
	if err := replaceable(dir); err != nil {
		return "", err
	}
	return c.manifest.Replace(dir, c.net, ship.Exporters(j.Export)...)
}

// own makes this search the only one that writes to its folder, and removes what killed ones left
// there.
func (j *Job) own() (*store.Lock, error) {
	lock, err := store.LockDir(cmp.Or(j.Dir, "."), "tailor search")
	if err != nil {
		return nil, err
	}
	for i := range j.Devices {
		dir := cmp.Or(j.dir(&j.Devices[i]), ".")
		err = errors.Join(err, store.CleanDirs(dir, manifest.IsFile),
			store.CleanNames(dir, search.FrontFile))
	}
	if err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	return lock, nil
}

// saveFront writes the document of a device's front. If winners are spread along it, it removes
// those of an earlier search that had more.
func (j *Job) saveFront(f deviceFront, result *Result) error {
	dir := j.dir(f.device)
	document := &search.FrontDocument{
		SpaceName: j.Space.Name, SpaceSHA256: j.Space.SHA256(), Cost: f.Cost,
		Limits: loosest(j.Limits), Seed: j.Config.Seed,
		Evaluations: f.Evaluations, Exact: f.exact(),
	}
	document.Inputs = map[string]store.Input{"accuracy": {SHA256: j.Accuracy.SHA256}}
	if l := f.device.Latency; l != nil {
		document.LatencyDevice = l.Device
		document.Inputs["latency"] = store.Input{SHA256: l.SHA256}
	}
	if e := f.device.Energy; e != nil {
		document.EnergyDevice = e.Device
		document.Inputs["energy"] = store.Input{SHA256: e.SHA256}
	}
	for _, p := range f.Points {
		document.Points = append(document.Points, search.FrontPoint{
			Arch: j.Space.Spec(p.Arch), Top1: p.Top1, LatencyMS: p.LatencyMS, MACs: p.MACs,
			Params: p.Params, MemoryBytes: p.MemoryBytes, SizeBytes: p.SizeBytes,
			EnergyMJ: p.EnergyMJ,
		})
	}
	path := filepath.Join(dir, search.FrontFile)
	if err := document.Save(path); err != nil {
		return err
	}
	result.Fronts = append(result.Fronts, Front{Device: j.label(f.device), Path: path,
		Points: len(f.Points)})
	if !j.spread() {
		return nil
	}
	for place := min(j.Points, len(f.Points)) + 1; ; place++ {
		old := filepath.Join(dir, placeName(place))
		if _, err := os.Stat(old); err != nil || replaceable(old) != nil {
			return nil
		}
		if err := store.RemoveDir(old); err != nil {
			return fmt.Errorf("remove an earlier search's winner: %w", err)
		}
	}
}
