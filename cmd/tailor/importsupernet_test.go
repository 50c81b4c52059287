package main

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/safetensors"
)

// tinySpace is of the form of OFA's ProxylessNAS.
const tinySpace = `
tailor: space/1
name: tiny-ofa
classes: 10
resolutions: [12, 16]
kernel_transform: true
stem: {width: 8, stride: 2, act: relu}
stages:
  - {width: 8, stride: 1, act: relu, depth: [1], kernel: [3], expand: [1]}
  - {width: 8, stride: 2, act: relu, depth: [1, 2], kernel: [3, 5], expand: [2, 3]}
head: {expand: 16, act: relu}
`

// tinyWeights writes random weights as OFA's code names them.
func tinyWeights(t *testing.T, path string) {
	t.Helper()
	var all []safetensors.Tensor
	r := rand.New(rand.NewPCG(1, 2))
	add := func(name string, shape ...int) {
		x := safetensors.Tensor{Name: name, Shape: shape}
		n := 1
		for _, s := range shape {
			n *= s
		}
		for range n {
			x.Data = append(x.Data, float32(r.NormFloat64()/math.Sqrt(float64(n/shape[0]))))
		}
		all = append(all, x)
	}
	layer := func(name, twice string, shape ...int) {
		add(name+"."+strings.Repeat("conv.", len(twice))+"weight", shape...)
		norm := name + "." + strings.Repeat("bn.", len(twice))
		for _, part := range []string{"weight", "bias", "running_mean"} {
			add(norm+part, shape[0])
		}
		add(norm+"running_var", shape[0])
		for i, v := range all[len(all)-1].Data {
			all[len(all)-1].Data[i] = 0.5 + v*v
		}
	}
	layer("first_conv", "1", 8, 3, 3, 3)
	layer("blocks.0.conv.depth_conv", "1", 8, 1, 3, 3)
	layer("blocks.0.conv.point_linear", "1", 8, 8, 1, 1)
	for i := range 2 {
		b := fmt.Sprintf("blocks.%d.conv.", i+1)
		layer(b+"inverted_bottleneck", "22", 24, 8, 1, 1)
		layer(b+"depth_conv", "22", 24, 1, 5, 5)
		add(b+"depth_conv.conv.5to3_matrix", 9, 9)
		layer(b+"point_linear", "22", 8, 24, 1, 1)
	}
	layer("feature_mix_layer", "1", 16, 8, 1, 1)
	add("classifier.linear.weight", 10, 16)
	add("classifier.linear.bias", 10)
	add("extra.weight", 1)
	if _, err := safetensors.Write(path, all, nil); err != nil {
		t.Fatal(err)
	}
}

// TestImportSupernet walks from a file of somebody else's weights to a winner.
func TestImportSupernet(t *testing.T) {
	w := &walkthrough{t, t.TempDir(), map[string]map[string]any{}}
	if err := os.WriteFile(w.path("tiny.yaml"), []byte(tinySpace), 0o644); err != nil {
		t.Fatal(err)
	}
	tinyWeights(t, w.path("weights.bin"))
	w.do("import", "import ofa-supernet @weights.bin --space @tiny.yaml --out @run")
	if r := w.results["import"]; fmt.Sprint(r["unused"]) != "[extra.weight]" {
		t.Errorf("%v", r)
	}
	document := readJSON(t, w.path("run/run.json"))
	if err := compileSchemas(t)["run"].Validate(document); err != nil {
		t.Error(err)
	}
	for _, line := range []string{"eval --run @run", "spaces @tiny.yaml --sample 2 --run @run --export onnx --out @x",
		"fit accuracy --run @run --samples 10 --out @a.json", "train --resume --space @tiny.yaml --data synthetic --out @run",
		"import ofa-supernet @weights.bin --space @tiny.yaml --out @run"} {
		args := strings.Fields(strings.ReplaceAll(line, "@", w.dir+string(filepath.Separator)))
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), args, &stdout, &stderr); code != exitFailed ||
			strings.Count(stderr.String(), "tailor: ") != 1 {
			t.Errorf("tailor %s: status %d, %s", line, code, stderr.String())
		}
	}
	grey := strings.Replace(tinySpace, "classes: 10", "classes: 10\nchannels: 1", 1)
	if err := os.WriteFile(w.path("grey.yaml"), []byte(grey), 0o644); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"import", "ofa-supernet", w.path("weights.bin"), "--space",
		w.path("grey.yaml"), "--out", w.path("grey")}, &stdout, &stderr); code != exitFailed ||
		!strings.Contains(stderr.String(), "is for images with 1 channels") {
		t.Errorf("of grey images: status %d, %s", code, stderr.String())
	}
	w.do("eval", "eval --run @run --data synthetic --arch max")
	if n := w.results["eval"]["calibration_images"]; n == 0.0 {
		t.Error("the largest network keeps statistics that are of no network")
	}
	w.do("as stored", "eval --run @run --data synthetic --calibration 0 --arch max")
	w.do("fit", "fit accuracy --run @run --data synthetic --samples 10 --images 100 --calibration 100 --out @accuracy.json")
	w.do("profile", "profile --run @run --budget 200ms --networks 3 --out @profile.json")
	w.do("predict", "predict --run @run --accuracy @accuracy.json --arch min")
	w.do("search", "search --run @run --data synthetic --accuracy @accuracy.json --max-macs 1G --out @winners")
	winner := w.results["search"]["winners"].([]any)[0].(map[string]any)
	w.do("eval winner", "eval "+winner["manifest"].(string))
	w.checkAgain("eval winner")
	w.do("verify", "verify "+winner["manifest"].(string))
}
