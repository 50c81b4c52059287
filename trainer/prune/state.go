package prune

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"time"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/safetensors"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/provenance"
	"github.com/tailor-nas/tailor/trainer"
)

const (
	// Version 1 lacks fine-tuning.
	infoKind, infoVersion, oldestInfo = "pruning", 2, 1

	stateKind, stateVersion = "pruning-state", 1

	infoFile        = "pruning.json"
	metricsFile     = "metrics.jsonl"
	checkpointsDir  = "checkpoints"
	stateFile       = "state.json"
	checkpointsKept = 2
)

// Info is what a pruning run is: the document pruning.json, written once when it starts. Its inputs
// are the manifest of the network that is pruned ("parent"), that of its teacher ("teacher") if
// this is another network, and the data ("data").
type Info struct {
	provenance.Header
	Config Config `json:"config"`
	// what each block loses, if that was chosen beforehand
	Shares map[string]float64 `json:"shares,omitempty"`
	Goal   *Goal              `json:"goal,omitempty"` // and what for
}

// ReadInfo reads what the pruning run in a folder is.
func ReadInfo(dir string) (*Info, error) {
	var i Info
	if err := store.ReadDocumentSince(filepath.Join(dir, infoFile), infoKind, oldestInfo,
		infoVersion, &i); err != nil {
		return nil, err
	}
	return &i, nil
}

// State is where a run stands: the document state.json of a checkpoint. Everything random follows
// from the seed and the step.
type State struct {
	provenance.Header
	Step         int               `json:"step"` // steps done
	Seconds      float64           `json:"seconds"`
	MetricsBytes int64             `json:"metrics_bytes"`
	Files        map[string]string `json:"files"` // sha256 of the tensors beside it
}

// Metric is a line of metrics.jsonl.
type Metric struct {
	Step     int      `json:"step"`
	Epoch    float64  `json:"epoch"`
	LR       float64  `json:"lr"`
	Loss     float64  `json:"loss,omitempty"` // not at an epoch's end
	Sparsity float64  `json:"sparsity"`
	Top1     *float64 `json:"val_top1,omitempty"` // at an epoch's end, if measured
}

// folder is where a run is kept. A nil folder keeps nothing.
type folder struct {
	dir     string
	sha     string // of pruning.json
	lock    *store.Lock
	metrics *store.LineLog
}

// open begins the job's folder, or goes on from its last checkpoint.
func (p *pruning) open(net *supernet.Subnet) error {
	j := p.job
	if j.Dir == "" {
		return nil
	}
	want := Info{Config: p.config, Shares: j.Shares, Goal: j.Goal}
	want.Inputs = map[string]provenance.Input{"data": {SHA256: j.Data.SHA256}}
	if j.Parent != "" {
		want.Inputs["parent"] = provenance.Input{SHA256: j.Parent}
	}
	if j.Teacher != nil {
		if j.TeacherSHA256 == "" {
			return fmt.Errorf("%w: a run that is kept needs to know its teacher again; give the sha256 of what it was read from", trainer.ErrConfig)
		}
		want.Inputs["teacher"] = provenance.Input{SHA256: j.TeacherSHA256}
	}
	lock, err := store.LockDir(j.Dir, j.Config.Method.command())
	if err != nil {
		return err
	}
	p.folder = &folder{dir: j.Dir, lock: lock}
	if err := beginOrResume(j, &want); err != nil {
		return err
	}
	p.folder.sha = want.SHA256
	if err := p.folder.dropOld(); err != nil {
		return err
	}
	if err := p.restore(net); err != nil {
		return err
	}
	p.folder.metrics, err = store.OpenLineLog(filepath.Join(j.Dir, metricsFile),
		p.state.MetricsBytes, j.Warn)
	return err
}

// beginOrResume writes pruning.json, or checks that the one that is there says the same.
func beginOrResume(j Job, want *Info) error {
	path := filepath.Join(j.Dir, infoFile)
	var have Info
	switch err := store.ReadDocumentSince(path, infoKind, oldestInfo, infoVersion, &have); {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(filepath.Join(j.Dir, checkpointsDir), 0o755); err != nil {
			return fmt.Errorf("create pruning run: %w", err)
		}
		if err := store.CleanNames(j.Dir, infoFile); err != nil {
			return err
		}
		return store.WriteDocument(path, infoKind, infoVersion, want)
	case err != nil:
		return err
	case !j.Resume:
		return have.exists(j.Dir)
	}
	for role, in := range want.Inputs {
		if err := have.Check(path, role, in.SHA256); err != nil {
			return err
		}
	}
	if _, taught := have.Inputs["teacher"]; taught && j.Teacher == nil {
		return fmt.Errorf("%w: pruning run %s was started with another network as teacher; resume it with the same, or choose another folder", trainer.ErrConfig, j.Dir)
	}
	if what := have.Config.differences(want.Config); what != "" {
		return fmt.Errorf("%w: %s %s was started %s; resume it with the same, or choose another --out", trainer.ErrConfig, have.Config.Method.run(), j.Dir, what)
	}
	if have.Config != want.Config || !maps.Equal(have.Shares, want.Shares) ||
		!reflect.DeepEqual(have.Goal, want.Goal) {
		return fmt.Errorf("%w: %s %s was started with other settings; resume it with the same, or choose another folder", trainer.ErrConfig, have.Config.Method.run(), j.Dir)
	}
	*want = have
	return store.CleanPartial(filepath.Join(j.Dir, checkpointsDir))
}

// exists is the error that a folder has a run which nobody asked to go on with.
func (i *Info) exists(dir string) error {
	return fmt.Errorf("%s already holds a %s; add --resume to go on with it, or choose another folder: %w", dir, i.Config.Method.run(), fs.ErrExist)
}

// checkFolder refuses to begin where there is a run.
func (j Job) checkFolder() error {
	if j.Dir == "" || j.Resume {
		return nil
	}
	switch have, err := ReadInfo(j.Dir); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	default:
		return have.exists(j.Dir)
	}
}

// tensors are what a checkpoint holds, by file.
func (p *pruning) tensors() map[string][]safetensors.Tensor {
	all := map[string][]safetensors.Tensor{"weights.safetensors": p.net.Net.Tensors()}
	for _, param := range trained(p.net.Net) {
		all["momentum.safetensors"] = append(all["momentum.safetensors"],
			safetensors.Tensor{Name: param.Name, Shape: param.Shape, Data: param.Momentum})
	}
	masks := p.remover.masks()
	for _, param := range trained(p.net.Net) {
		if gone, ok := masks[param]; ok {
			all["masks.safetensors"] = append(all["masks.safetensors"],
				safetensors.Tensor{Name: param.Name, Shape: param.Shape, Data: floats(gone)})
		}
		if mean, ok := p.remover.fisher[param]; ok {
			all["fisher.safetensors"] = append(all["fisher.safetensors"],
				safetensors.Tensor{Name: param.Name, Shape: param.Shape, Data: mean})
		}
	}
	return all
}

// floats has 1 for what is gone.
func floats(gone []bool) []float32 {
	v := make([]float32, len(gone))
	for i, g := range gone {
		if g {
			v[i] = 1
		}
	}
	return v
}

// save writes a checkpoint, whole or not at all, and drops the oldest ones.
func (p *pruning) save() error {
	if w := nn.NotFinite(weights.Params(p.net.Net)); w != nil {
		return fmt.Errorf("%w by step %d: %s is not finite; start again with %s",
			trainer.ErrDiverged, p.state.Step, w.Name, p.config.lower())
	}
	p.saved = time.Now()
	f := p.folder
	if f == nil {
		return nil
	}
	var err error
	if p.state.MetricsBytes, err = f.metrics.Flush(); err != nil {
		return err
	}
	p.state.Seconds, p.state.Files = p.seconds(), map[string]string{}
	p.state.Inputs = map[string]provenance.Input{"pruning": {Path: infoFile, SHA256: f.sha}}
	dir := filepath.Join(f.dir, checkpointsDir, fmt.Sprintf("step-%09d", p.state.Step))
	if f.saved(dir, p.state.MetricsBytes) {
		return nil
	}
	err = store.ReplaceDir(dir, isCheckpointFile, func(tmp string) error {
		for name, tensors := range p.tensors() {
			if p.state.Files[name], err = safetensors.Write(filepath.Join(tmp, name), tensors,
				nil); err != nil {
				return err
			}
		}
		return store.WriteDocument(filepath.Join(tmp, stateFile), stateKind, stateVersion, &p.state)
	})
	if err != nil {
		return fmt.Errorf("save checkpoint: %w", err)
	}
	return f.dropOld()
}

// saved says whether a checkpoint is there that knows of as many metrics: an epoch's end adds some
// to those of its last step.
func (f *folder) saved(dir string, metricsBytes int64) bool {
	var s State
	err := store.ReadDocument(filepath.Join(dir, stateFile), stateKind, stateVersion, &s)
	return err == nil && s.MetricsBytes == metricsBytes
}

func isCheckpointFile(name string) bool {
	return name == stateFile || name == "weights.safetensors" || name == "momentum.safetensors" ||
		name == "masks.safetensors" || name == "fisher.safetensors"
}

// checkpoints lists the folders of checkpoints, oldest first.
func (f *folder) checkpoints() ([]string, error) {
	dir := filepath.Join(f.dir, checkpointsDir)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) { // somebody cleared it away: the run begins again
		err = os.Mkdir(dir, 0o755)
	}
	if err != nil {
		return nil, fmt.Errorf("list checkpoints: %w", err)
	}
	var all []string
	for _, e := range entries {
		if trainer.IsCheckpoint(e.Name()) {
			all = append(all, filepath.Join(f.dir, checkpointsDir, e.Name()))
		}
	}
	slices.Sort(all)
	return all, nil
}

func (f *folder) dropOld() error {
	all, err := f.checkpoints()
	if err != nil {
		return err
	}
	for _, old := range all[:max(0, len(all)-checkpointsKept)] {
		if err := store.RemoveDir(old); err != nil {
			return fmt.Errorf("drop old checkpoint: %w", err)
		}
	}
	return nil
}

// restore reads the last checkpoint, if there is one.
func (p *pruning) restore(net *supernet.Subnet) error {
	all, err := p.folder.checkpoints()
	if err != nil || len(all) == 0 {
		return err
	}
	dir := all[len(all)-1]
	if err := p.restoreFrom(dir, net); err != nil {
		return fmt.Errorf("last checkpoint is damaged (to go back to the one before, delete %s): %w", dir, err)
	}
	p.before = p.state.Seconds
	return nil
}

func (p *pruning) restoreFrom(dir string, net *supernet.Subnet) error {
	path := filepath.Join(dir, stateFile)
	if err := store.ReadDocument(path, stateKind, stateVersion, &p.state); err != nil {
		return err
	}
	if err := p.state.Check(path, "pruning", p.folder.sha); err != nil {
		return err
	}
	if p.state.Step < 0 || p.state.Step > p.steps {
		return fmt.Errorf("%s: step is %d, expected 0 to %d", path, p.state.Step, p.steps)
	}
	files := map[string]*safetensors.File{}
	for name := range p.tensors() {
		f, err := safetensors.Read(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		if f.SHA256 != p.state.Files[name] {
			return fmt.Errorf("%s is not the file that its checkpoint was saved with: sha256 %.12s, expected %.12s", filepath.Join(dir, name), f.SHA256, p.state.Files[name])
		}
		files[name] = f
	}
	return p.load(net, files)
}

// load copies tensors into the network, the optimiser and the masks.
func (p *pruning) load(net *supernet.Subnet, files map[string]*safetensors.File) error {
	if err := weights.Load(net, files["weights.safetensors"].Tensors); err != nil {
		return err
	}
	masks := p.remover.masks()
	for _, param := range trained(net) {
		momentum, err := of(param, files["momentum.safetensors"], "momentum")
		if err != nil {
			return err
		}
		copy(param.Momentum, momentum)
		if masks[param] != nil {
			gone, err := of(param, files["masks.safetensors"], "mask")
			if err != nil {
				return err
			}
			mark(masks, param, gone)
		}
		if mean, watched := p.remover.fisher[param]; watched {
			kept, err := of(param, files["fisher.safetensors"], "mean square of gradients")
			if err != nil {
				return err
			}
			copy(mean, kept)
		}
	}
	p.remover.recall()
	return nil
}

// of is what a file of a checkpoint has of a parameter.
func of(param *nn.Param, f *safetensors.File, what string) ([]float32, error) {
	kept, ok := f.Lookup(param.Name)
	if !ok || !slices.Equal(kept.Shape, param.Shape) {
		return nil, fmt.Errorf("%s of %s is missing or of another shape", what, param.Name)
	}
	return kept.Data, nil
}

func mark(masks map[*nn.Param][]bool, param *nn.Param, v []float32) {
	for i := range masks[param] {
		masks[param][i] = v[i] != 0
	}
}

func (f *folder) add(line Metric) error {
	if f == nil {
		return nil
	}
	return f.metrics.Add(line)
}

func (f *folder) close() {
	if f == nil {
		return
	}
	if f.metrics != nil {
		f.metrics.Close()
	}
	f.lock.Unlock()
}

// ReadMetrics reads the metrics of the run in a folder, of one that is under way too; broken counts
// lines that cannot be read.
func ReadMetrics(dir string) (all []Metric, broken int, err error) {
	return store.ReadLines[Metric](filepath.Join(dir, metricsFile))
}
