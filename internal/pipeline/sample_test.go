package pipeline

import (
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/elsewhere"
	"github.com/tailor-nas/tailor/internal/engine"
	"github.com/tailor-nas/tailor/internal/micro"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
	"github.com/tailor-nas/tailor/trainer"
)

// sampleOf writes a folder with a few networks of the smallest space.
func sampleOf(t *testing.T, dir string, seed uint64) *Sampled {
	t.Helper()
	space, err := supernet.LoadSpace("mbv3-tiny")
	if err != nil {
		t.Fatal(err)
	}
	s, err := SampleNetworks(t.Context(), SampleJob{Space: space,
		Archs: choices.Sample(space, 5, seed), Formats: []string{"tflite", "onnx"}, Dir: dir,
		Version: "test", Workers: 2, Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSampleNetworks: the folder has what the list says, and the same for the same seed.
func TestSampleNetworks(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "phone")
	s := sampleOf(t, dir, 3)
	all, err := elsewhere.ReadNetworks(filepath.Join(dir, elsewhere.NetworksFile))
	if err != nil {
		t.Fatal(err)
	}
	references, first := 0, contents(t, dir)
	for _, n := range all {
		if n.Reference {
			references++
		}
		for _, f := range n.Files {
			if hashOf([]byte(first[f.File])) != f.SHA256 || f.File != n.Name+"."+f.Format {
				t.Errorf("%s is not what the list says: %+v", f.File, f)
			}
		}
	}
	if len(all) != 5 || len(s.Networks) != 5 || references != 1 || len(first) != 12 {
		t.Errorf("%d networks, %d references, %d files", len(all), references, len(first))
	}
	if info, err := os.Stat(filepath.Join(dir, elsewhere.ScriptFile)); err != nil ||
		info.Mode()&0o100 == 0 {
		t.Errorf("the script cannot be executed: %v, %v", info.Mode(), err)
	}
	sampleOf(t, dir, 3) // replaces it
	for name, text := range contents(t, dir) {
		if first[name] != text {
			t.Errorf("%s differs with the same seed", name)
		}
	}
}

func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = string(text)
	}
	return all
}

// TestSampleKeepsMeasurements: a folder with a log is not replaced.
func TestSampleKeepsMeasurements(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "phone")
	sampleOf(t, dir, 1)
	writeText(t, filepath.Join(dir, "measured-tflite.log"), "hours of work")
	before := contents(t, dir)
	space, _ := supernet.LoadSpace("mbv3-tiny")
	_, err := SampleNetworks(t.Context(), SampleJob{Space: space,
		Archs: choices.Sample(space, 2, 0), Formats: []string{"onnx"}, Dir: dir})
	if !errors.Is(err, fs.ErrExist) || len(contents(t, dir)) != len(before) {
		t.Errorf("%v, and %d files of %d", err, len(contents(t, dir)), len(before))
	}
}

func writeText(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestRandomNetwork: random weights give outputs of a sane size, through many layers too.
func TestRandomNetwork(t *testing.T) {
	space, err := supernet.LoadSpace("mbv3-cifar")
	if err != nil {
		t.Fatal(err)
	}
	pool := nn.NewPool(2)
	defer pool.Close()
	for _, a := range []supernet.Arch{space.Max(), space.Min()} {
		net, err := randomNetwork(pool, space, a, 1)
		if err != nil {
			t.Fatal(err)
		}
		run := engine.NewRunner(net, pool)
		run.Bind(net.Blocks, 1, nn.Infer)
		for i := range run.Input() {
			run.Input()[i] = float32(math.Sin(float64(i)))
		}
		logits := run.Forward()
		if size := math.Abs(float64(slices.Max(logits) - slices.Min(logits))); !(size > 1e-3 &&
			size < 1e3) {
			t.Errorf("logits %v", logits)
		}
	}
}

// TestReadMeasured: times of tools and lines of JSON, of a space that the list names.
func TestReadMeasured(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "phone")
	all := sampleOf(t, dir, 1).Networks
	log, values := filepath.Join(dir, "log"), filepath.Join(dir, "values.jsonl")
	line := "Inference timings in us: Init: 1, First inference: 2, Warmup (avg): 3, Inference (avg): "
	writeText(t, log, all[0].Name+"\n"+line+"3000\n"+line+"5000\n"+line+"4000\n"+
		"Graph: [/data/local/tmp/"+all[1].Name+".tflite]\n"+line+"1500\n")
	text, err := json.Marshal(map[string]any{"arch": all[2].Arch, "value": 2.5})
	if err != nil {
		t.Fatal(err)
	}
	writeText(t, values, string(text))
	m, err := ReadMeasured(MeasuredJob{Files: []string{log, values}, Device: "Pixel 8"})
	if err != nil {
		t.Fatal(err)
	}
	got := []float64{}
	for _, n := range m.Networks {
		got = append(got, n.MS)
	}
	s := m.Summary
	if !slices.Equal(got, []float64{3, 5, 4, 1.5, 2.5}) || s.Latencies[0].MS != 4 || m.Device != "Pixel 8" ||
		m.Runtime != "benchmark_model" || m.Space.Name != "mbv3-tiny" || len(s.Missing) != 2 ||
		!slices.Equal(s.Unsteady, []string{all[0].Name}) || len(m.Inputs) != 2 ||
		m.Inputs["measured 2 values.jsonl"].SHA256 != fileHash(t, values) {
		t.Errorf("%v: %+v, %+v", got, m, s)
	}
}

func TestReadMeasuredRefuses(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "phone")
	sampleOf(t, dir, 1)
	log, alone := filepath.Join(dir, "log"), filepath.Join(t.TempDir(), "log")
	other, err := supernet.LoadSpace("mbv3-cifar")
	if err != nil {
		t.Fatal(err)
	}
	writeText(t, log, "hello\n")
	writeText(t, alone, "hello\n")
	for want, j := range map[string]MeasuredJob{
		"holds no measurements":         {Files: []string{log}},
		"name it once":                  {Files: []string{log, dir + "/../phone/log"}},
		"is not JSON, so that it is":    {Files: []string{alone}},
		"is of another search sp":       {Files: []string{log}, Space: other},
		"file does not exist":           {Files: []string{filepath.Join(dir, "none")}},
		"networks.jsonl has no network": {Files: []string{log}, Networks: emptyList(t)},
	} {
		if _, err := ReadMeasured(j); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func emptyList(t *testing.T) string {
	path := filepath.Join(t.TempDir(), elsewhere.NetworksFile)
	writeText(t, path, "\n")
	return path
}

// TestSampleOfRun: the networks have the weights of the run, and say which, and what the classes
// are.
func TestSampleOfRun(t *testing.T) {
	run, d := micro.Train(t, micro.ParseSpace(t, micro.SpaceYAML), 1, 20)
	files := map[string]bool{}
	for _, of := range []*trainer.Run{run, nil} {
		dir := filepath.Join(t.TempDir(), "phone")
		s, err := SampleNetworks(t.Context(), SampleJob{Space: run.Info.Space, Run: of,
			Archs: choices.Sample(run.Info.Space, 2, 1), Formats: []string{"tflite"}, Dir: dir,
			Workers: 2, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		text := contents(t, dir)[s.Networks[0].Files[0].File]
		if strings.Contains(text, run.State.WeightsSHA256) != (of != nil) ||
			strings.Contains(text, d.Classes[0]+`","`+d.Classes[1]) != (of != nil) {
			t.Errorf("run %v: what the file says of its weights and classes", of != nil)
		}
		files[text] = true
	}
	if len(files) != 2 {
		t.Error("random weights are those of the run")
	}
}
