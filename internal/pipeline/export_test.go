package pipeline

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/tailor-nas/tailor/internal/micro"
	"github.com/tailor-nas/tailor/internal/onnx/pb"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
)

// saveMicro writes a winner of the micro space, with weights or without.
func saveMicro(t *testing.T, weights bool) string {
	t.Helper()
	space := micro.ParseSpace(t, micro.SpaceYAML)
	a := space.Max()
	net, err := supernet.NewSubnet(space.Blocks(a), space.BNEps, 1)
	if err != nil {
		t.Fatal(err)
	}
	m := &manifest.Manifest{
		SpaceName: "micro", Arch: space.Spec(a), Blocks: net.Blocks, BNEps: space.BNEps,
		Classes: strings.Split("a b c d e f g h i j", " "),
		Mean:    []float32{0.5, 0.4, 0.3}, Std: []float32{0.25, 0.25, 0.2},
	}
	if !weights {
		net = nil
	}
	dir := filepath.Join(t.TempDir(), "winner")
	if _, err := m.Save(dir, net); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestExportSaysWhatTheManifestSays: labels, normalisation, arch, hashes and version are in the
// file.
func TestExportSaysWhatTheManifestSays(t *testing.T) {
	dir := saveMicro(t, true)
	file := filepath.Join(t.TempDir(), "net.onnx")
	e, err := Export(ExportJob{Manifest: dir, ONNX: file, Version: "tailor test"})
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	sha, err := store.HashFile(file)
	if err != nil || e.Files[0].SHA256 != sha || e.Files[0].Bytes != int64(len(data)) {
		t.Errorf("%v: %+v, the file has %d bytes and hash %s", err, e.Files[0], len(data), sha)
	}
	var model pb.ModelProto
	if err := proto.Unmarshal(data, &model); err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	for _, p := range model.MetadataProps {
		said[p.Key] = p.Value
	}
	m, _, err := manifest.Open(e.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{
		"labels": m.Classes, "mean": m.Mean, "std": m.Std, "tailor.arch": m.Arch,
	} {
		if text, err := json.Marshal(want); err != nil || said[key] != string(text) {
			t.Errorf("%s is %s, expected %s", key, said[key], text)
		}
	}
	for key, want := range map[string]string{
		"tailor.manifest_sha256": m.SHA256, "tailor.weights_sha256": m.Weights.SHA256,
		"tailor.version": "tailor test",
	} {
		if said[key] != want {
			t.Errorf("%s is %s, expected %s", key, said[key], want)
		}
	}
	if !slices.Equal(e.Files[0].Input, []int{1, 3, 16, 16}) || e.Files[0].Output != "logits" {
		t.Errorf("%+v", e.Files[0])
	}
}

// TestExportOfBoth: both files are there, with their formats, sizes and what they take.
func TestExportOfBoth(t *testing.T) {
	dir := t.TempDir()
	e, err := Export(ExportJob{
		Manifest: saveMicro(t, true), Preprocessing: true,
		ONNX: filepath.Join(dir, "a.onnx"), TFLite: filepath.Join(dir, "a.tflite"),
	})
	if err != nil {
		t.Fatal(err)
	}
	var formats []string
	for _, f := range e.Files {
		formats = append(formats, f.Format)
		sha, err := store.HashFile(f.Path)
		if err != nil || sha != f.SHA256 || f.Bytes == 0 {
			t.Errorf("%v: %+v, the file's hash is %s", err, f, sha)
		}
		if !slices.Equal(f.Input, []int{1, 16, 16, 3}) || f.Output != "probabilities" {
			t.Errorf("%+v", f)
		}
	}
	if !slices.Equal(formats, []string{"onnx", "tflite"}) {
		t.Errorf("formats %v", formats)
	}
}

func TestExportNeedsWeights(t *testing.T) {
	file := filepath.Join(t.TempDir(), "net.onnx")
	_, err := Export(ExportJob{Manifest: saveMicro(t, false), ONNX: file})
	if err == nil || !strings.Contains(err.Error(), "no weights to export") {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("a file was written")
	}
}
