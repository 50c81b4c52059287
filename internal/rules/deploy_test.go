package rules

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
)

// serverTest asks the server of docs/deploy.md what it sees in an image, in one that is none, and
// in several at once.
const serverTest = `package main

import (
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/tailor-nas/tailor"
)

func TestServer(t *testing.T) {
	network, err := tailor.Open(os.Getenv("WINNER"))
	if err != nil {
		t.Fatal(err)
	}
	defer network.Close()
	handler := classify(network)
	var photo bytes.Buffer
	if err := png.Encode(&photo, image.NewGray(image.Rect(0, 0, 9, 7))); err != nil {
		t.Fatal(err)
	}
	done := make(chan []byte)
	for range 4 {
		go func() {
			w := httptest.NewRecorder()
			body := bytes.NewReader(photo.Bytes())
			handler(w, httptest.NewRequest(http.MethodPost, "/", body))
			done <- w.Body.Bytes()
		}()
	}
	for range 4 {
		var classes []tailor.Class
		if err := json.Unmarshal(<-done, &classes); err != nil || len(classes) != 3 {
			t.Errorf("it answers %v (%v)", classes, err)
		}
	}
	w := httptest.NewRecorder()
	handler(w, httptest.NewRequest(http.MethodPost, "/", bytes.NewReader([]byte("no image"))))
	if w.Code != http.StatusBadRequest {
		t.Errorf("to what is no image it answers %d %s", w.Code, w.Body)
	}
}
`

// TestServerOfThePage: the server of docs/deploy.md answers requests, in a module of its own.
func TestServerOfThePage(t *testing.T) {
	page, err := os.ReadFile("../../docs/deploy.md")
	if err != nil {
		t.Fatal(err)
	}
	programs := goProgram.FindAllSubmatch(page, -1)
	if len(programs) != 1 {
		t.Fatalf("docs/deploy.md has %d programs in Go, expected 1", len(programs))
	}
	dir := moduleBeside(t)
	write(t, filepath.Join(dir, "main.go"), programs[0][1])
	write(t, filepath.Join(dir, "main_test.go"), []byte(serverTest))
	cmd := exec.Command("go", "test", ".")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off",
		"WINNER="+smallWinner(t))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// smallWinner writes a network with random weights as a search does, and gives its folder.
func smallWinner(t *testing.T) string {
	t.Helper()
	space, err := supernet.ParseSpace("small.yaml", []byte(`
tailor: space/1
name: small
classes: 3
resolutions: [8]
stem: {width: 8, stride: 2, act: relu}
stages:
  - {width: 8, stride: 1, act: relu, depth: [1], kernel: [3], expand: [1]}
head: {expand: 8, act: relu}
`))
	if err != nil {
		t.Fatal(err)
	}
	net, err := supernet.NewSubnet(space.Blocks(space.Max()), space.BNEps, 1)
	if err != nil {
		t.Fatal(err)
	}
	mean, std := []float32{.5, .5, .5}, []float32{.2, .2, .2}
	m := &manifest.Manifest{
		SpaceName: space.Name, SpaceSHA256: space.SHA256(), Arch: space.Spec(space.Max()),
		Blocks: net.Blocks, BNEps: space.BNEps, Classes: []string{"ant", "bee", "cow"}, Mean: mean,
		Std: std, Images: &manifest.Images{Size: 8, Preparation: &manifest.Preparation{
			Orientation: "exif", Background: "white", Crop: "centre-square", SizePx: 8,
			Filter: "catmull-rom-antialias", Channels: "rgb", Range: [2]float64{0, 1}, Mean: mean,
			Std: std, Resize: "bilinear-antialias",
		}},
	}
	m.Inputs = map[string]store.Input{"accuracy": {SHA256: strings.Repeat("a", 64)}}
	dir := filepath.Join(t.TempDir(), "winner")
	if _, err := m.Save(dir, net); err != nil {
		t.Fatal(err)
	}
	return dir
}
