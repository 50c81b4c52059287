package findings

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/provenance"
	"github.com/tailor-nas/tailor/trainer"
	"github.com/tailor-nas/tailor/trainer/prune"
)

// at is something with the file that it was read from.
type at[T any] struct {
	path string
	doc  *T
}

// dir is the folder of the file.
func (a at[T]) dir() string { return filepath.Dir(a.path) }

// library is all that was read, in the order of paths.
type library struct {
	runs       []at[trainer.Record]
	profiles   []at[profiles.Profile]
	accuracies []at[predictor.Accuracy]
	latencies  []at[predictor.Latency]
	energies   []at[predictor.Energy]
	manifests  []at[manifest.Manifest]
	fronts     []at[search.FrontDocument]
	prunings   []at[prune.Info]
	spaces     map[string]*supernet.Space // by hash
	names      map[string]string          // of winners, by the path of the manifest
	notes      []string
}

// load reads documents. What cannot be read is noted, and left out.
func load(docs []document) *library {
	l := &library{spaces: map[string]*supernet.Space{}}
	// Runs know the spaces that predictors are of.
	for _, kinds := range [][]string{{"run"}, {"profile", "manifest", "front", "pruning"},
		{"accuracy", "latency", "energy"}} {
		for _, d := range docs {
			for _, kind := range kinds {
				if d.kind == kind {
					l.note(l.read(d))
				}
			}
		}
	}
	l.nameWinners()
	return l
}

func (l *library) note(err error) {
	if err != nil {
		l.say("left out: %v", err)
	}
}

// say adds a note, once.
func (l *library) say(format string, args ...any) {
	if n := fmt.Sprintf(format, args...); !slices.Contains(l.notes, n) {
		l.notes = append(l.notes, n)
	}
}

func (l *library) read(d document) error {
	switch d.kind {
	case "run":
		r, err := trainer.ReadRecord(filepath.Dir(d.path))
		if err != nil {
			return err
		}
		l.runs = append(l.runs, at[trainer.Record]{d.path, r})
		l.spaces[r.Info.SpaceSHA256] = r.Info.Space
		return nil
	case "profile":
		return keep(&l.profiles, d.path, profiles.Load)
	case "manifest":
		return keep(&l.manifests, d.path, readManifest)
	case "front":
		return keep(&l.fronts, d.path, search.ReadFront)
	case "pruning":
		return keep(&l.prunings, d.path,
			func(path string) (*prune.Info, error) { return prune.ReadInfo(filepath.Dir(path)) })
	}
	return l.readPredictor(d)
}

// readBeside reads the profiles that latency predictors name beside them, if nobody named these.
func (l *library) readBeside() {
	for _, b := range l.latencies {
		in := b.doc.Inputs["profile"]
		if l.profile(in.SHA256) != nil || in.Path == "" || in.Path != filepath.Base(in.Path) {
			continue
		}
		path := filepath.Join(b.dir(), in.Path)
		if p, err := profiles.Load(path); err == nil && p.SHA256 == in.SHA256 {
			l.profiles = append(l.profiles, at[profiles.Profile]{path, p})
		}
	}
}

// keep reads a document into a list.
func keep[T any](into *[]at[T], path string, read func(string) (*T, error)) error {
	doc, err := read(path)
	if err == nil {
		*into = append(*into, at[T]{path, doc})
	}
	return err
}

// readManifest reads one whose blocks are a network.
func readManifest(path string) (*manifest.Manifest, error) {
	m, err := manifest.Read(path)
	if err != nil {
		return nil, err
	}
	if err := supernet.CheckBlocks(m.Blocks); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// predictorSpace is the part of a predictor that says of which space it is.
type predictorSpace struct {
	SpaceName   string `json:"space"`
	SpaceSHA256 string `json:"space_sha256"`
}

// spaceOf reads the two fields alone. What is wrong with the document, whoever loads it says.
func spaceOf(path string) (of predictorSpace, err error) {
	f, _, err := store.OpenRegular(path)
	if err != nil {
		return of, err
	}
	defer f.Close()
	if err := json.NewDecoder(io.LimitReader(f, maxPredictor)).Decode(&of); err != nil {
		return of, fmt.Errorf("read %s: %w", path, err)
	}
	return of, nil
}

// maxPredictor is how large a predictor's file may be, in bytes: as large as any document.
const maxPredictor = 64 << 20

func (l *library) readPredictor(d document) error {
	of, err := spaceOf(d.path)
	if err != nil {
		return err
	}
	space := l.space(of.SpaceName, of.SpaceSHA256)
	if space == nil {
		return fmt.Errorf("%s is a predictor of space %q, which no run here has and tailor does not ship: name the run's folder too",
			d.path, of.SpaceName)
	}
	if d.kind == "accuracy" {
		return keep(&l.accuracies, d.path, func(path string) (*predictor.Accuracy, error) {
			return predictor.LoadAccuracy(path, space)
		})
	}
	if d.kind == "energy" {
		return keep(&l.energies, d.path, func(path string) (*predictor.Energy, error) {
			return predictor.LoadEnergy(path, space)
		})
	}
	return keep(&l.latencies, d.path, func(path string) (*predictor.Latency, error) {
		return predictor.LoadLatency(path, space)
	})
}

// space is the one with a hash: a run's, or one that ships; nil if nobody has it.
func (l *library) space(name, sha string) *supernet.Space {
	if s := l.spaces[sha]; s != nil {
		return s
	}
	if !slices.Contains(supernet.Builtins(), name) { // a name that no document may open a file by
		return nil
	}
	if shipped, err := supernet.LoadSpace(name); err == nil && shipped.SHA256() == sha {
		l.spaces[sha] = shipped
		return shipped
	}
	return nil
}

// bySHA256 finds a document by its hash.
func bySHA256[T any](all []at[T], header func(*T) *provenance.Header, sha string) *at[T] {
	for i := range all {
		if sha != "" && header(all[i].doc).SHA256 == sha {
			return &all[i]
		}
	}
	return nil
}

func (l *library) accuracy(sha string) *at[predictor.Accuracy] {
	of := func(a *predictor.Accuracy) *store.Header { return &a.Header }
	return bySHA256(l.accuracies, of, sha)
}

func (l *library) latency(sha string) *at[predictor.Latency] {
	of := func(b *predictor.Latency) *store.Header { return &b.Header }
	return bySHA256(l.latencies, of, sha)
}

func (l *library) energy(sha string) *at[predictor.Energy] {
	of := func(e *predictor.Energy) *store.Header { return &e.Header }
	return bySHA256(l.energies, of, sha)
}

func (l *library) profile(sha string) *at[profiles.Profile] {
	of := func(p *profiles.Profile) *store.Header { return &p.Header }
	return bySHA256(l.profiles, of, sha)
}

func (l *library) manifest(sha string) *at[manifest.Manifest] {
	of := func(m *manifest.Manifest) *store.Header { return &m.Header }
	return bySHA256(l.manifests, of, sha)
}

// runOf is the run whose weights have a hash.
func (l *library) runOf(weights string) *at[trainer.Record] {
	for i := range l.runs {
		if weights != "" && l.runs[i].doc.State.WeightsSHA256 == weights {
			return &l.runs[i]
		}
	}
	return nil
}
