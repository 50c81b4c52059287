package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/tailor-nas/tailor/internal/elsewhere"
	"github.com/tailor-nas/tailor/internal/engine"
	"github.com/tailor-nas/tailor/internal/export"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/ship"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// SampleJob asks for networks of a space as files, to be timed where there is no tailor.
type SampleJob struct {
	Space    *supernet.Space
	Run      *trainer.Run    // whose weights; nil for random ones
	Data     string          // the run's, to calibrate batch norm; "" where it was when training
	Archs    []supernet.Arch // at least one
	Formats  []string        // "tflite", "onnx"
	Dir      string
	Version  string // of this tailor
	Workers  int
	Seed     uint64
	Progress func(done, total int)
}

// Sampled says what was written.
type Sampled struct {
	Dir      string              `json:"dir"`
	Networks []elsewhere.Network `json:"networks"`
	Bytes    int64               `json:"bytes"`
}

// sampled are the names of the files that a folder of a sample has, and nothing else if it is to be
// replaced: not one with measurements.
var sampled = regexp.MustCompile(`^(networks\.jsonl|measure\.sh|net-[0-9]{3,4}-[0-9a-f]{8}\.(tflite|onnx))$`)

// SampleNetworks writes a folder of networks of a space, their list and measure.sh.
func SampleNetworks(ctx context.Context, j SampleJob) (*Sampled, error) {
	for _, f := range j.Formats {
		if !slices.Contains(ship.Formats(), f) {
			return nil, fmt.Errorf("format %.40q, expected tflite or onnx", f)
		}
	}
	networks, err := j.list()
	if err != nil {
		return nil, err
	}
	source, done, err := j.source()
	if err != nil {
		return nil, err
	}
	defer done()
	if err := os.MkdirAll(filepath.Dir(j.Dir), 0o777); err != nil {
		return nil, err
	}
	s := &Sampled{Dir: j.Dir, Networks: networks}
	err = store.ReplaceDir(j.Dir, sampled.MatchString, func(dir string) error {
		for i, a := range j.Archs {
			if err := j.write(ctx, dir, &networks[i], a, source); err != nil {
				return err
			}
			for _, f := range networks[i].Files {
				s.Bytes += f.Bytes
			}
			if j.Progress != nil {
				j.Progress(i+1, len(j.Archs))
			}
		}
		return j.writeLists(dir, networks)
	})
	return s, err
}

// list names the networks. That of middle MACs is the reference: its time is of the size of most
// others.
func (j *SampleJob) list() (all []elsewhere.Network, err error) {
	if len(j.Archs) == 0 {
		return nil, errors.New("no networks to write, expected one at least")
	}
	var order []int
	for i, a := range j.Archs {
		name, err := elsewhere.Name(i, j.Space, a)
		if err != nil {
			return nil, err
		}
		blocks := j.Space.Blocks(a)
		all = append(all, elsewhere.Network{Name: name, Space: j.Space.Name,
			SpaceSHA256: j.Space.SHA256(), Arch: j.Space.Spec(a), MACs: supernet.MACs(blocks),
			Params: supernet.Params(blocks)})
		order = append(order, i)
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(all[a].MACs - all[b].MACs) })
	all[order[len(order)/2]].Reference = true
	return all, nil
}

// networkSource gives the network of an arch with its weights, and what is known of its images.
type networkSource func(context.Context, supernet.Arch) (*supernet.Subnet, export.Meta, error)

// source makes networks of a run's weights, or of random ones.
func (j *SampleJob) source() (make networkSource, done func(), err error) {
	if j.Run == nil {
		pool := nn.NewPool(max(j.Workers, 1))
		return func(_ context.Context, a supernet.Arch) (*supernet.Subnet, export.Meta, error) {
			net, err := randomNetwork(pool, j.Space, a, j.Seed)
			return net, export.Meta{}, err
		}, pool.Close, nil
	}
	d, err := j.Run.OpenData(j.Data)
	if err != nil {
		return nil, nil, err
	}
	settings := j.Run.EvalDefaults()
	settings.Workers = max(j.Workers, 1)
	e, err := trainer.NewEvaluator(j.Run.Net, d, settings)
	if err != nil {
		return nil, nil, err
	}
	meta := export.Meta{Labels: j.Run.Info.Data.Classes, WeightsSHA256: j.Run.State.WeightsSHA256}
	meta.Mean, meta.Std = d.Stats()
	return func(ctx context.Context, a supernet.Arch) (*supernet.Subnet, export.Meta, error) {
		net, err := e.Extract(ctx, a)
		return net, meta, err
	}, e.Close, nil
}

// noiseImages are as many as batch norm is calibrated on where weights are random.
const noiseImages = 4

// randomNetwork has random weights, and batch norm that is calibrated on noise, so that values stay
// of one size through the layers: some processors take longer for tiny and for infinite ones.
func randomNetwork(pool *nn.Pool, space *supernet.Space, a supernet.Arch, seed uint64) (
	*supernet.Subnet, error) {
	blocks := space.Blocks(a)
	net, err := supernet.NewSubnet(blocks, space.BNEps, seed)
	if err != nil {
		return nil, err
	}
	run, rnd := engine.NewRunner(net, pool), rand.New(rand.NewPCG(seed, 0x1a6e))
	run.Bind(blocks, noiseImages, nn.Calibrate)
	for i := range run.Input() {
		run.Input()[i] = float32(rnd.NormFloat64())
	}
	run.Forward()
	run.FinishCalibration()
	return run.Extract(blocks, space.BNEps), nil
}

// write writes a network in all formats, and notes its files.
func (j *SampleJob) write(ctx context.Context, dir string, n *elsewhere.Network, a supernet.Arch,
	source networkSource) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	net, meta, err := source(ctx, a)
	if err != nil {
		return err
	}
	arch, err := json.Marshal(n.Arch)
	if err != nil {
		return err
	}
	meta.Name, meta.Arch, meta.Version = n.Name, string(arch), j.Version
	for _, format := range j.Formats {
		_, data, err := ship.Make(format, net, meta)
		if err != nil {
			return fmt.Errorf("%s: %w", n.Name, err)
		}
		name := n.Name + "." + format
		f := ExportedFile{Path: filepath.Join(dir, name), data: data}
		if err := store.WriteFiles(contentsOf([]ExportedFile{f})); err != nil {
			return err
		}
		n.Files = append(n.Files, elsewhere.File{Format: format, File: name,
			Bytes: int64(len(data)), SHA256: hashOf(data)})
	}
	return nil
}

// writeLists writes what is beside the networks.
func (j *SampleJob) writeLists(dir string, all []elsewhere.Network) error {
	err := store.WriteFile(filepath.Join(dir, elsewhere.NetworksFile), func(w io.Writer) error {
		return elsewhere.WriteNetworks(w, all)
	})
	if err != nil {
		return err
	}
	path := filepath.Join(dir, elsewhere.ScriptFile)
	err = store.WriteFile(path, func(w io.Writer) error {
		_, err := io.WriteString(w, elsewhere.Script(all, j.Formats, j.Seed))
		return err
	})
	if err != nil {
		return err
	}
	return os.Chmod(path, 0o755)
}
