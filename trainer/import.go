package trainer

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/tailor-nas/tailor/internal/bug"
	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/provenance"
)

// Imported is a supernet with weights that others trained, to become a run.
type Imported struct {
	Net  *supernet.Supernet // made by [supernet.NewWithStatistics]
	From ImportInfo
	File provenance.Input // that has the weights
	// Classes are the names of the outputs in their order; nil if they are not known.
	Classes []string
	// By channel, what the network was trained with: it takes (byte / 255 - Mean) / Std.
	Mean, Std []float32
}

// ImportInfo says what the weights of an imported run are of.
type ImportInfo struct {
	Format string `json:"format"` // what the file was read as: FormatOFA, or a family of networks
}

// FormatOFA is the format of the supernets of OFA's authors. Their batch norm statistics were
// gathered while sub-networks of all sizes took turns in training, and fit none of them well.
const FormatOFA = "ofa-supernet"

// importedRole is what an imported run calls its file among its inputs.
const importedRole = "imported"

// Import writes the folder of a run that no training made, whole or not at all, and opens it.
// Nothing may be there. Everything that works on a run works on it; as it has no images, they must
// be named where they are needed, and are prepared as the network's own were: [Run.OpenData]. When
// ctx ends before the folder has its name, there is none.
func Import(ctx context.Context, dir string, m Imported) (*Run, error) {
	info, err := m.info()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(filepath.Clean(dir)), 0o777); err != nil {
		return nil, fmt.Errorf("write run %s: %w", dir, err)
	}
	var run *Run
	err = store.WriteDir(dir, func(tmp string) error {
		return bug.CatchUntil(ctx, func() (err error) {
			run, err = m.write(tmp, info)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("write run %s: %w", dir, err)
	}
	run.Dir = dir
	return run, nil
}

// write fills the folder of the run, and opens it: what cannot be opened is to get no name.
func (m *Imported) write(dir string, info *Info) (*Run, error) {
	err := store.WriteDocument(filepath.Join(dir, runFile), runKind, runVersion, info)
	if err != nil {
		return nil, err
	}
	if err := os.Mkdir(filepath.Join(dir, checkpointsDir), 0o755); err != nil {
		return nil, err
	}
	if _, err := saveCheckpoint(dir, info, m.Net, State{Done: true}); err != nil {
		return nil, err
	}
	return OpenRun(dir)
}

// info is the document of the run.
func (m *Imported) info() (*Info, error) {
	space := m.Net.Space
	if n := len(m.Classes); n > 0 && n != space.Classes {
		return nil, fmt.Errorf("%w: there are %d names of classes, and the network has %d outputs",
			ErrConfig, n, space.Classes)
	}
	p, err := m.preparation()
	if err != nil {
		return nil, err
	}
	i := &Info{Space: space, SpaceSHA256: space.SHA256(), Imported: &m.From}
	i.Data = DataInfo{Classes: m.Classes, Channels: space.Channels, Size: p.SizePx, Preparation: p}
	i.Inputs = map[string]provenance.Input{importedRole: m.File}
	return i, nil
}

// preparation is tailor's own, with the mean and deviation that the network was trained with.
func (m *Imported) preparation() (*Preparation, error) {
	space := m.Net.Space
	like := data.Dataset{Size: space.MaxResolution(), Channels: space.Channels}
	d, err := like.Normalised(m.Mean, m.Std)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	p := Preparation(d.Preparation())
	return &p, nil
}

// openAny opens images for an imported run, as its network takes them. From then on they are the
// run's: what is made from it names them.
func (r *Run) openAny(path string) (*Data, error) {
	if path == "" {
		return nil, fmt.Errorf("run %s was imported and has no images: say with --data which it is to work with (those to train on calibrate batch norm)", r.Dir)
	}
	i := &r.Info.Data
	d, err := data.Open(path, i.options().internal())
	if err != nil {
		return nil, err
	}
	if d, err = i.asImported(d, r.Info.Space.Classes); err != nil {
		return nil, fmt.Errorf("run %s: %s: %w", r.Dir, path, err)
	}
	i.Path, i.Name, i.SHA256, i.Classes = data.Keep(r.Dir, path), d.Name, d.SHA256, d.Classes
	i.Skipped = d.Report.Skipped
	r.data, r.dataPath = (*Data)(d.Parts()), path
	return r.data, nil
}

// asImported is a data set with the classes, the channels and the normalisation of the network.
func (i *DataInfo) asImported(d *data.Dataset, classes int) (*data.Dataset, error) {
	names := slices.Clone(i.Classes)
	if names == nil {
		if len(d.Classes) != classes {
			return nil, fmt.Errorf("%w: it has %d, the network tells apart %d, whose names are not known: train it on these (tailor train --init) or, if they are among its own, give it their names (tailor adopt --labels FILE)",
				data.ErrClasses, len(d.Classes), classes)
		}
		names = d.Classes
	}
	d, err := d.For(names, i.Channels)
	if err != nil {
		return nil, err
	}
	return d.Normalised(i.Preparation.Mean, i.Preparation.Std)
}
