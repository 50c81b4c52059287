package ship

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
)

// Verdict says whether what a winner claims is so.
type Verdict string

// The verdicts.
const (
	Holds   Verdict = "holds"
	Lie     Verdict = "lie"
	Unknown Verdict = "unknown" // it could not be looked at
)

// Check is one thing that a winner claims, and what is so.
type Check struct {
	What    string  `json:"what"`
	Verdict Verdict `json:"verdict"`
	Claimed string  `json:"claimed,omitempty"`
	Found   string  `json:"found,omitempty"`
	Why     string  `json:"why,omitempty"` // it is a lie, or unknown; or who looked
}

// compare is the check of a value.
func compare(what, claimed, found, why string) Check {
	if claimed == found {
		return Check{What: what, Verdict: Holds, Claimed: claimed, Found: found}
	}
	return Check{what, Lie, claimed, found, why}
}

// judge is the check of what an error speaks against.
func judge(what string, err error) Check {
	if err == nil {
		return Check{What: what, Verdict: Holds}
	}
	return Check{What: what, Verdict: Lie, Why: err.Error()}
}

// Winner is what was found in a folder: nil where it could not be read.
type Winner struct {
	Manifest *manifest.Manifest
	Net      *supernet.Subnet
}

// Files checks the files of a winner, given its manifest's path: hashes, the document's fields,
// weights against blocks, and exported networks against tailor's engine.
func Files(path string) (Winner, []Check) {
	m, err := manifest.Read(path)
	checks := []Check{judge(filepath.Base(path), err)}
	if err != nil {
		return Winner{}, checks
	}
	dir, w := filepath.Dir(path), Winner{Manifest: m}
	checks = append(checks, checkCounts(m), checkLimits(m))
	checks = append(checks, checkSpace(m)...)
	if m.Weights != nil {
		checks = append(checks, checkWeights(dir, m))
		_, net, err := manifest.Open(path)
		w.Net = net
		checks = append(checks, judge("weights.safetensors layout", err))
	}
	for _, e := range m.Exports {
		checks = append(checks, checkExport(dir, e, w)...)
	}
	return w, append(checks, checkOthers(dir, m)...)
}

// checkCounts counts the blocks again.
func checkCounts(m *manifest.Manifest) Check {
	if err := supernet.CheckBlocks(m.Blocks); err != nil {
		return judge("counts", err)
	}
	text := func(macs, params int64) string {
		return fmt.Sprintf("%d MACs, %d params", macs, params)
	}
	return compare("counts", text(m.MACs, m.Params),
		text(supernet.MACs(m.Blocks), supernet.Params(m.Blocks)), "the blocks have other counts")
}

// checkLimits judges again whether what was measured stays within the limits.
func checkLimits(m *manifest.Manifest) Check {
	again := *m
	text := func(m *manifest.Manifest) string {
		if m.Measured == nil || m.Measured.WithinLimits == nil {
			return "not said"
		}
		return fmt.Sprintf("within: %v", *m.Measured.WithinLimits)
	}
	if m.Measured != nil {
		measured := *m.Measured
		again.Measured, measured.WithinLimits = &measured, nil
		if m.Measured.WithinLimits != nil {
			again.Judge()
		}
	}
	return compare("limits", text(m), text(&again), "its own figures say something else")
}

// checkWeights compares the bytes of the weights file with their hash.
func checkWeights(dir string, m *manifest.Manifest) Check {
	name, sha := m.Weights.File, m.Weights.SHA256
	file := filepath.Join(dir, filepath.Base(name))
	if err := m.CheckFile(file); err != nil {
		return judge(name, err)
	}
	found, err := store.HashFile(file)
	if err != nil {
		return judge(name, err)
	}
	return compare(name, short(sha), short(found),
		"it is not the file that the manifest was written with")
}

// short is a hash as it is shown: as much as tells it from others.
func short(sha string) string { return fmt.Sprintf("%.12s", sha) }

// readExport reads an exported file if it is the one that is claimed.
func readExport(dir string, m *manifest.Manifest, e manifest.Export) ([]byte, error) {
	file := filepath.Join(dir, e.File)
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, store.ErrNotRegular
	case info.Size() != e.Bytes:
		return nil, fmt.Errorf("it has %d bytes, the manifest says %d", info.Size(), e.Bytes)
	}
	if err := m.CheckFile(file); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != e.SHA256 {
		return nil, errors.New("its sha256 is not the one that the manifest says")
	}
	return data, nil
}

// checkOthers looks for files that tailor writes beside manifests, and that this one does not name.
func checkOthers(dir string, m *manifest.Manifest) (checks []Check) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return []Check{judge("other files", err)}
	}
	named := []string{manifest.File}
	if m.Weights != nil {
		named = append(named, m.Weights.File)
	}
	for _, e := range m.Exports {
		named = append(named, e.File)
	}
	for _, e := range entries {
		if manifest.IsFile(e.Name()) && !slices.Contains(named, e.Name()) {
			checks = append(checks, judge(e.Name(),
				fmt.Errorf("the manifest does not name it: %w", fs.ErrExist)))
		}
	}
	return checks
}
