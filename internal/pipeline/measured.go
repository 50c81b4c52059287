package pipeline

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tailor-nas/tailor/internal/elsewhere"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/supernet"
)

// MeasuredJob asks for latencies or energies that were measured elsewhere.
type MeasuredJob struct {
	Of       elsewhere.Quantity
	Space    *supernet.Space // nil: the shipped one that the list of networks names
	Files    []string        // what measuring tools printed, tables, or JSON for predictor
	Networks string          // the list of networks; "" for that beside the first file
	Device   string          // who it is, "" for what measure.sh found
	Runtime  string          // what ran the networks, "" for what the tool says
}

// Measured are timings with what is known of their runs.
type Measured struct {
	Timings
	Summary *elsewhere.Summary
	Failed  []string // runs without a time
	Listed  bool     // there is a list of networks, all of which are to be measured
}

// unknownIdentity is the device or runtime of measurements that nobody says more of.
const unknownIdentity = "unknown"

// ReadMeasured reads them. The content of each file decides its format.
func ReadMeasured(j MeasuredJob) (*Measured, error) {
	m := &Measured{Timings: Timings{Space: j.Space, Inputs: map[string]store.Input{}}}
	if err := checkDistinct(j.Files); err != nil {
		return nil, err
	}
	values, texts, err := j.sorted()
	if err != nil {
		return nil, err
	}
	networks, err := j.networks(texts)
	if err != nil {
		return nil, err
	}
	m.Listed = len(networks) > 0
	if err := m.findSpace(networks); err != nil {
		return nil, err
	}
	runs, err := m.readTexts(texts, networks, &j)
	if err != nil {
		return nil, err
	}
	more, err := m.readValues(values, &networks, j.Of)
	if err != nil {
		return nil, err
	}
	if m.Summary, err = elsewhere.Summarize(networks, append(runs, more...)); err != nil {
		return nil, err
	}
	m.Device = cmp.Or(j.Device, unknownIdentity)
	m.Runtime = cmp.Or(j.Runtime, m.Summary.Tool.String(), unknownIdentity)
	if err := m.keepNetworks(networks); err != nil {
		return nil, err
	}
	return m, m.addInputs(j.Files)
}

// checkDistinct refuses a file that is named twice, under two names too: each of its runs would
// count twice.
func checkDistinct(paths []string) error {
	infos := make([]fs.FileInfo, len(paths))
	for i, path := range paths {
		var err error
		if infos[i], err = store.Stat(path); err != nil {
			return fmt.Errorf("read measurements: %w", err)
		}
		for k, other := range infos[:i] {
			if os.SameFile(infos[i], other) {
				return fmt.Errorf("%w: %s and %s are one file, whose runs would count twice: "+
					"name it once", ErrTwice, paths[k], path)
			}
		}
	}
	return nil
}

// ErrTwice is returned where a file of measurements is named twice.
var ErrTwice = errors.New("measured twice")

// sorted tells files of JSON from the texts of measuring tools.
func (j *MeasuredJob) sorted() (values, texts []string, err error) {
	for _, path := range j.Files {
		isJSON, err := elsewhere.IsJSON(path)
		if err != nil {
			return nil, nil, err
		}
		if isJSON {
			values = append(values, path)
		} else {
			texts = append(texts, path)
		}
	}
	return values, texts, nil
}

// Beside are the files of the folder with the list of networks, which nothing may replace: no flag
// need name them. What cannot be read has none.
func (j *MeasuredJob) Beside() []string {
	_, texts, err := j.sorted()
	if list := j.list(texts); err == nil && list != "" {
		return elsewhere.FolderFiles(list)
	}
	return nil
}

// list is the path of the list that the texts are about, "" without such a text.
func (j *MeasuredJob) list(texts []string) string {
	if j.Networks != "" || len(texts) == 0 {
		return j.Networks
	}
	return filepath.Join(filepath.Dir(texts[0]), elsewhere.NetworksFile)
}

// networks reads the list that the texts of measuring tools are about; none without such a text.
func (j *MeasuredJob) networks(texts []string) ([]elsewhere.Network, error) {
	path := j.list(texts)
	if path == "" {
		return nil, nil
	}
	all, err := elsewhere.ReadNetworks(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s is not JSON, so that it is taken for what a measuring tool "+
			"printed about the networks that spaces --export wrote; name their list with --networks",
			err, cmp.Or(append(texts, path)...))
	}
	return all, err
}

// findSpace makes sure that the networks are of the space at hand, or finds theirs.
func (m *Measured) findSpace(networks []elsewhere.Network) (err error) {
	if len(networks) == 0 {
		if m.Space == nil {
			return ErrNoSpace
		}
		return nil
	}
	first := networks[0]
	if m.Space == nil {
		m.Space, err = supernet.LoadSpace(first.Space)
		if err != nil || m.Space.SHA256() != first.SpaceSHA256 {
			return fmt.Errorf("%w: the networks are of a space %q that is not the shipped one",
				ErrNoSpace, first.Space)
		}
	}
	if m.Space.SHA256() != first.SpaceSHA256 {
		return &store.StaleError{File: elsewhere.NetworksFile, Role: "space",
			Want: first.SpaceSHA256, Got: m.Space.SHA256()}
	}
	return nil
}

// ErrNoSpace is returned where a space must be named.
var ErrNoSpace = errors.New("nothing says which space the networks are of")

// readTexts reads what tools printed.
func (m *Measured) readTexts(paths []string, networks []elsewhere.Network, j *MeasuredJob) (
	runs []elsewhere.Run, err error) {
	for _, path := range paths {
		t, err := elsewhere.ReadFile(path, j.Of, networks)
		if err != nil {
			return nil, err
		}
		if j.Device == "" {
			j.Device = t.Device
		}
		runs, m.Failed = append(runs, t.Runs...), append(m.Failed, t.Failed...)
	}
	return runs, nil
}

// readValues reads lines of archs and milliseconds, or millijoules. An arch that is none of the
// networks is one more.
func (m *Measured) readValues(paths []string, networks *[]elsewhere.Network,
	quantity elsewhere.Quantity) (runs []elsewhere.Run, err error) {
	read := predictor.ReadLatencies
	if quantity == elsewhere.Energies {
		read = predictor.ReadEnergies
	}
	of := map[supernet.Arch]string{}
	for _, n := range *networks {
		a, err := m.Space.Arch(n.Arch)
		if err != nil {
			return nil, fmt.Errorf("%s of %s: %w", n.Name, elsewhere.NetworksFile, err)
		}
		of[a] = n.Name
	}
	for _, path := range paths {
		samples, err := read(path, m.Space)
		if err != nil {
			return nil, err
		}
		for _, s := range samples {
			a, err := m.Space.Arch(s.Arch)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			if of[a] == "" {
				if of[a], err = elsewhere.Name(len(*networks), m.Space, a); err != nil {
					return nil, err
				}
				*networks = append(*networks, elsewhere.Network{Name: of[a], Arch: s.Arch})
			}
			runs = append(runs, elsewhere.Run{Network: of[a], Value: s.Value, File: path})
		}
	}
	return runs, nil
}

// keepNetworks makes timings of the latencies, one for each run; of energies, a millisecond is a
// millijoule.
func (m *Measured) keepNetworks(networks []elsewhere.Network) error {
	archs := map[string]supernet.Spec{}
	for _, n := range networks {
		archs[n.Name] = n.Arch
	}
	for _, l := range m.Summary.Latencies {
		a, err := m.Space.Arch(archs[l.Network])
		if err != nil {
			return fmt.Errorf("%s of %s: %w", l.Network, elsewhere.NetworksFile, err)
		}
		for _, ms := range l.Times {
			m.Networks = append(m.Networks, predictor.NetworkTime{Arch: a, MS: ms})
		}
	}
	return nil
}

// addInputs notes the files: a single one as measured, several by their names.
func (m *Measured) addInputs(paths []string) error {
	for i, path := range paths {
		sha, err := store.HashFile(path)
		if err != nil {
			return err
		}
		role := "measured"
		if len(paths) > 1 {
			role = fmt.Sprintf("measured %d %s", i+1, filepath.Base(path))
		}
		m.Inputs[role] = store.Input{Path: filepath.Base(path), SHA256: sha}
	}
	return nil
}
