package trainer

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/engine"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/provenance"
)

// importedMicro has random weights and statistics, for 3 classes.
func importedMicro(t *testing.T, classes ...string) Imported {
	t.Helper()
	net := supernet.NewWithStatistics(micro(t).For(3, 3))
	r := rand.New(rand.NewPCG(4, 4))
	for _, p := range weights.Params(net) {
		for i := range p.Data {
			p.Data[i] += float32(r.Float64()) / 2 // variances stay above 0
		}
	}
	return Imported{
		Net: net, From: ImportInfo{Format: "test"}, Classes: classes,
		File: provenance.Input{Path: "net.pth", SHA256: strings.Repeat("ab", 32)},
		Mean: []float32{0.5, 0.4, 0.3}, Std: []float32{0.3, 0.2, 0.1},
	}
}

// logits runs the network as its statistics are.
func logits(t *testing.T, net weights.Network, blocks []supernet.Block) []float32 {
	t.Helper()
	pool := nn.NewPool(1)
	defer pool.Close()
	run := engine.NewRunner(net, pool)
	run.Bind(blocks, 2, nn.Infer)
	for i := range run.Input() {
		run.Input()[i] = float32(i%7) / 7
	}
	return slices.Clone(run.Forward())
}

// colours writes images of the named classes, 20 each.
func colours(t *testing.T, classes ...string) string {
	t.Helper()
	dir := t.TempDir()
	for c, class := range classes {
		if err := os.MkdirAll(filepath.Join(dir, class), 0o755); err != nil {
			t.Fatal(err)
		}
		for i := range 20 {
			img := image.NewNRGBA(image.Rect(0, 0, 16, 16))
			for x := range 16 * 16 {
				img.Set(x%16, x/16, color.NRGBA{uint8(80 * c), uint8(x), uint8(i), 255})
			}
			f, err := os.Create(filepath.Join(dir, class, fmt.Sprint(i, ".png")))
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(png.Encode(f, img), f.Close()); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

// A network that was imported computes what it computed before, with the statistics it came with.
func TestImport(t *testing.T) {
	m := importedMicro(t)
	dir := filepath.Join(t.TempDir(), "new", "run")
	run, err := Import(t.Context(), dir, m)
	if err != nil {
		t.Fatal(err)
	}
	if !run.State.Done || run.State.WeightsSHA256 == "" || run.Info.Inputs["imported"] != m.File ||
		run.Info.Imported.Format != "test" {
		t.Errorf("info %+v, state %+v", run.Info, run.State)
	}
	space := run.Net.Space
	for _, a := range []supernet.Arch{space.Max(), space.Min()} {
		blocks := space.Blocks(a)
		if got, want := logits(t, run.Net, blocks), logits(t, m.Net, blocks); !slices.Equal(got,
			want) {
			t.Errorf("logits %v, expected %v", got, want)
		}
	}
	if _, err := Import(t.Context(), dir, m); !errors.Is(err, fs.ErrExist) {
		t.Errorf("imported again: %v", err)
	}
	j := microJob(t, dir)
	j.Resume = true
	if _, err := Train(context.Background(), j); !errors.Is(err, fs.ErrExist) {
		t.Errorf("trained on: %v", err)
	}
}

// What cannot be imported leaves nothing.
func TestImportRefused(t *testing.T) {
	for name, change := range map[string]func(*Imported){
		"names":     func(m *Imported) { m.Classes = []string{"a"} },
		"mean":      func(m *Imported) { m.Mean = nil },
		"deviation": func(m *Imported) { m.Std = []float32{1, 0, 1} },
		"channels":  func(m *Imported) { m.Std = m.Std[:1] },
		"no hash":   func(m *Imported) { m.File.SHA256 = "" },
		"a space that cannot be read": func(m *Imported) {
			m.Net = supernet.NewWithStatistics(m.Net.Space.For(supernet.MaxClasses+1, 3))
		},
	} {
		m := importedMicro(t)
		change(&m)
		parent := t.TempDir()
		if _, err := Import(t.Context(), filepath.Join(parent, "run"), m); err == nil {
			t.Errorf("%s: no error", name)
		}
		if left, _ := os.ReadDir(parent); len(left) > 0 {
			t.Errorf("%s: %s is left", name, left[0].Name())
		}
	}
}

// An import that is interrupted leaves nothing.
func TestImportInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	parent := t.TempDir()
	_, err := Import(ctx, filepath.Join(parent, "run"), importedMicro(t))
	if left, _ := os.ReadDir(parent); len(left) > 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("left %v, %v", left, err)
	}
}

// An imported run takes images of its classes, prepared as its own were.
func TestImportedData(t *testing.T) {
	m := importedMicro(t, "red", "pink", "blue")
	run, err := Import(t.Context(), filepath.Join(t.TempDir(), "run"), m)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run.OpenData(""); err == nil || !strings.Contains(err.Error(), "say with --data") {
		t.Errorf("without images: %v", err)
	}
	if _, err := run.OpenData(colours(t, "red", "green")); !errors.Is(err, data.ErrClasses) {
		t.Errorf("another class: %v", err)
	}
	path := colours(t, "blue", "red") // whose labels are 0 and 1 there
	d, err := run.OpenData(path)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{}
	for i := range d.Train.Len() {
		seen[d.Train.Label(i)] = true
	}
	mean, std := d.Stats()
	if len(seen) != 2 || !seen[0] || !seen[2] || !slices.Equal(mean, m.Mean) ||
		!slices.Equal(std, m.Std) || !slices.Equal(d.Classes, m.Classes) {
		t.Errorf("labels %v, mean %v, std %v, classes %v", seen, mean, std, d.Classes)
	}
	if run.Info.Data.SHA256 != d.SHA256 || run.DataPath() != path {
		t.Errorf("the run has data %+v", run.Info.Data)
	}
	e, err := NewEvaluator(run.Net, d, EvalSettings{CalibrationImages: 10, Batch: 10, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if _, err := e.Top1(context.Background(), run.Net.Space.Min(), d.Test); err != nil {
		t.Error(err)
	}
}

// Without calibration images, networks are as their statistics came.
func TestImportedStatistics(t *testing.T) {
	run, err := Import(t.Context(), filepath.Join(t.TempDir(), "run"), importedMicro(t))
	if err != nil {
		t.Fatal(err)
	}
	d, err := run.OpenData(colours(t, "a", "b", "c"))
	if err != nil {
		t.Fatal(err)
	}
	stored := EvalSettings{Batch: 10, Workers: 1}
	e, err := NewEvaluator(run.Net, d, stored)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for _, a := range []supernet.Arch{run.Net.Space.Max(), run.Net.Space.Min()} {
		net, err := e.Extract(context.Background(), a)
		if err != nil {
			t.Fatal(err)
		}
		if want := logits(t, run.Net, net.Blocks); !slices.Equal(logits(t, net, net.Blocks), want) {
			t.Errorf("extracted, it does not compute %v", want)
		}
	}
	if _, err := NewEvaluator(supernet.New(run.Net.Space, 1), d, stored); !errors.Is(err,
		ErrConfig) {
		t.Errorf("trained weights have no statistics: %v", err)
	}
}

// The largest network keeps its own statistics whatever was calibrated before, unless all are to be
// calibrated.
func TestImportedLargest(t *testing.T) {
	run, err := Import(t.Context(), filepath.Join(t.TempDir(), "run"), importedMicro(t))
	if err != nil {
		t.Fatal(err)
	}
	d, err := run.OpenData(colours(t, "a", "b", "c"))
	if err != nil {
		t.Fatal(err)
	}
	space := run.Net.Space
	for _, all := range []bool{false, true} {
		e, err := NewEvaluator(run.Net, d, EvalSettings{CalibrationImages: 10, CalibrateAll: all,
			Batch: 10, Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		for _, a := range []supernet.Arch{space.Min(), space.Max()} {
			net, err := e.Extract(context.Background(), a)
			if err != nil {
				t.Fatal(err)
			}
			own := slices.Equal(logits(t, net, net.Blocks), logits(t, run.Net, net.Blocks))
			if want := a == space.Max() && !all; own != want || want != (e.Calibrates(a) == 0) {
				t.Errorf("all %v: statistics of its own %v, calibrated on %d", all, own,
					e.Calibrates(a))
			}
		}
	}
}

// The statistics of OFA's supernets are of no single network: all are calibrated.
func TestImportedCalibration(t *testing.T) {
	for format, all := range map[string]bool{FormatOFA: true, "EfficientNet": false} {
		r := &Run{Info: Info{Imported: &ImportInfo{Format: format}, Config: Config{Seed: 3}}}
		if s := r.EvalDefaults(); s.CalibrateAll != all || s.Seed != 3 {
			t.Errorf("%s: %+v", format, s)
		}
	}
	if (&Run{}).EvalDefaults().CalibrateAll {
		t.Error("a training's networks have no statistics to choose")
	}
}

// Without names of classes their number must be that of the network.
func TestImportedUnnamed(t *testing.T) {
	run, err := Import(t.Context(), filepath.Join(t.TempDir(), "run"), importedMicro(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run.OpenData(colours(t, "a", "b")); !errors.Is(err, data.ErrClasses) {
		t.Errorf("too few classes: %v", err)
	}
	d, err := run.OpenData(colours(t, "a", "b", "c"))
	if err != nil || !slices.Equal(run.Info.Data.Classes, d.Classes) || len(d.Classes) != 3 {
		t.Errorf("classes %v, %v", run.Info.Data.Classes, err)
	}
}

// Sorting moves statistics with their channels.
func TestImportedSort(t *testing.T) {
	net := importedMicro(t).Net
	blocks := net.Space.Blocks(net.Space.Max())
	want := logits(t, net, blocks)
	net.SortChannels()
	for i, got := range logits(t, net, blocks) {
		if d := got - want[i]; d*d > 1e-8*want[i]*want[i] {
			t.Errorf("logit %d is %g, before %g", i, got, want[i])
		}
	}
}
