package ship_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/ship"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
)

const smallSpace = `
tailor: space/1
name: small
classes: 3
resolutions: [8]
stem: {width: 8, stride: 2, act: relu6}
stages:
  - {width: 8, stride: 1, act: h_swish, se: true, depth: [1], kernel: [3], expand: [2]}
head: {expand: 8, act: relu}
`

// winner writes a network with random weights as a search does, and gives its manifest's path.
func winner(t *testing.T, seed uint64, formats ...string) string {
	t.Helper()
	space, err := supernet.ParseSpace("small.yaml", []byte(smallSpace))
	if err != nil {
		t.Fatal(err)
	}
	net, err := supernet.NewSubnet(space.Blocks(space.Max()), space.BNEps, seed)
	if err != nil {
		t.Fatal(err)
	}
	m := &manifest.Manifest{
		SpaceName: space.Name, SpaceSHA256: space.SHA256(), Arch: space.Spec(space.Max()),
		Blocks: net.Blocks, BNEps: space.BNEps, Classes: []string{"ant", "bee", "cow"},
		Mean: []float32{.5, .4, .3}, Std: []float32{.2, .2, .3},
		MACs: supernet.MACs(net.Blocks), Params: supernet.Params(net.Blocks),
	}
	m.Inputs = map[string]store.Input{"accuracy": {SHA256: strings.Repeat("a", 64)}}
	path, err := m.Save(filepath.Join(t.TempDir(), "winner"), net, ship.Exporters(formats)...)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// lies are the checks that find something.
func lies(path string) (all []string) {
	_, checks := ship.Files(path)
	for _, c := range checks {
		if c.Verdict != ship.Holds {
			all = append(all, fmt.Sprintf("%+v", c))
		}
	}
	return all
}

// files of a winner's folder.
func files(t *testing.T, path string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, filepath.Join(filepath.Dir(path), e.Name()))
	}
	return all
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestTruth: nothing is found in a winner's folder as it was written, with any formats, and one
// network gives the same files twice.
func TestTruth(t *testing.T) {
	for _, formats := range [][]string{nil, {"onnx"}, {"tflite"}, ship.Formats()} {
		path, again := winner(t, 1, formats...), winner(t, 1, formats...)
		if found := lies(path); found != nil {
			t.Errorf("%v: %v", formats, found)
		}
		if all := files(t, path); len(all) != 2+len(formats) {
			t.Errorf("%v: %v", formats, all)
		}
		for i, file := range files(t, path) {
			if !slices.Equal(read(t, file), read(t, files(t, again)[i])) {
				t.Errorf("%s has other bytes the second time", file)
			}
		}
	}
}

// TestEveryByte: a bit that flips anywhere in any file of a winner is found, and so is a file that
// is cut short, longer, missing, or another winner's.
func TestEveryByte(t *testing.T) {
	path, other := winner(t, 1, ship.Formats()...), winner(t, 2, ship.Formats()...)
	r := rand.New(rand.NewPCG(1, 1))
	for i, file := range files(t, path) {
		good := read(t, file)
		try := func(what string, data []byte) {
			write(t, file, data)
			if lies(path) == nil {
				t.Errorf("%s, %s: nothing is found", filepath.Base(file), what)
			}
		}
		for range 60 {
			at, bad := r.IntN(len(good)), slices.Clone(good)
			bad[at] ^= 1 << r.IntN(8)
			try(fmt.Sprintf("byte %d flipped", at), bad)
		}
		try("cut short", good[:len(good)-1])
		try("empty", nil)
		try("longer", append(slices.Clone(good), 0))
		try("another winner's", read(t, files(t, other)[i]))
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		if lies(path) == nil {
			t.Errorf("%s is missing, and nothing is found", filepath.Base(file))
		}
		write(t, file, good)
	}
	if found := lies(path); found != nil {
		t.Fatalf("the test did not repair it: %v", found)
	}
}

// TestForgery: what is false is found where all hashes are right.
func TestForgery(t *testing.T) {
	for what, forge := range map[string]func(m *manifest.Manifest, net, other *supernet.Subnet){
		"network.tflite outputs": func(m *manifest.Manifest, net, other *supernet.Subnet) {
			for i, p := range other.Tensors() {
				copy(net.Tensors()[i].Data, p.Data)
			}
		},
		"network.tflite metadata": func(m *manifest.Manifest, _, _ *supernet.Subnet) {
			slices.Reverse(m.Classes)
		},
		"counts": func(m *manifest.Manifest, _, _ *supernet.Subnet) { m.Params-- },
	} {
		m, net, err := manifest.Open(winner(t, 1))
		if err != nil {
			t.Fatal(err)
		}
		_, other, err := manifest.Open(winner(t, 2))
		if err != nil {
			t.Fatal(err)
		}
		forger := func(m *manifest.Manifest, net *supernet.Subnet) (manifest.Export, []byte,
			error) {
			forged, forgedNet := *m, *net
			forged.Classes = slices.Clone(m.Classes)
			if what == "network.tflite outputs" {
				forge(&forged, &forgedNet, other)
			} else {
				forge(&forged, nil, nil)
			}
			m.Params = forged.Params
			return ship.Exporters([]string{"tflite"})[0](&forged, &forgedNet)
		}
		path, err := m.Save(filepath.Join(t.TempDir(), "forged"), net, forger)
		if err != nil {
			t.Fatal(err)
		}
		if found := lies(path); len(found) != 1 || !strings.Contains(found[0], what) {
			t.Errorf("%s: found %v", what, found)
		}
	}
}

// TestUnnamed: an exported file that the manifest does not name is found.
func TestUnnamed(t *testing.T) {
	path := winner(t, 1, "onnx")
	other := winner(t, 1, "tflite")
	file := filepath.Join(filepath.Dir(path), manifest.ExportFile("tflite"))
	write(t, file, read(t, filepath.Join(filepath.Dir(other), filepath.Base(file))))
	if found := lies(path); len(found) != 1 || !strings.Contains(found[0], "does not name it") {
		t.Errorf("found %v", found)
	}
	if !manifest.HasStranger(filepath.Dir(path)) || manifest.HasStranger(filepath.Dir(other)) {
		t.Error("a search would replace somebody's file, or would not replace its own")
	}
}

// tinyWinner writes a network of a space that ships, after a change of its manifest.
func tinyWinner(t *testing.T, change func(*manifest.Manifest)) string {
	t.Helper()
	space, err := supernet.LoadSpace("mbv3-tiny")
	if err != nil {
		t.Fatal(err)
	}
	space = space.For(3, 3)
	net, err := supernet.NewSubnet(space.Blocks(space.Min()), space.BNEps, 1)
	if err != nil {
		t.Fatal(err)
	}
	m := &manifest.Manifest{
		SpaceName: space.Name, SpaceSHA256: space.SHA256(), Arch: space.Spec(space.Min()),
		Blocks: net.Blocks, BNEps: space.BNEps, Classes: []string{"ant", "bee", "cow"},
		MACs: supernet.MACs(net.Blocks), Params: supernet.Params(net.Blocks),
	}
	change(m)
	path, err := m.Save(filepath.Join(t.TempDir(), "winner"), net)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestShippedSpace: what a manifest says of a space that ships with tailor is compared with it.
func TestShippedSpace(t *testing.T) {
	space, err := supernet.LoadSpace("mbv3-tiny")
	if err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		change func(*manifest.Manifest)
		found  string // of the only check that finds something
	}{
		"the truth": {func(*manifest.Manifest) {}, ""},
		"another hash": {func(m *manifest.Manifest) { m.SpaceSHA256 = strings.Repeat("a", 64) },
			"unknown"},
		"another arch": {func(m *manifest.Manifest) { m.Arch = space.Spec(space.Max()) }, "lie"},
		"one's own":    {func(m *manifest.Manifest) { m.SpaceName = "mine" }, ""},
	} {
		found := lies(tinyWinner(t, c.change))
		if c.found == "" && found != nil ||
			c.found != "" && (len(found) != 1 || !strings.Contains(found[0], c.found)) {
			t.Errorf("%s: %v", what, found)
		}
	}
}

// TestPrunedSpace: a network that lost weights and channels is one of its space's arch, also where
// it was fine-tuned afterwards; one with more channels than the arch has is not.
func TestPrunedSpace(t *testing.T) {
	space, err := supernet.LoadSpace("mbv3-tiny")
	if err != nil {
		t.Fatal(err)
	}
	whole, err := supernet.NewSubnet(space.Blocks(space.Max()), space.BNEps, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range whole.Blocks {
		if !b.Prunable(supernet.Channels) {
			continue
		}
		keep := make([]int, b.Mids()[0])
		for i := range keep {
			keep[i] = i
		}
		if whole, err = whole.KeepChannels(map[string][]int{b.Name: keep}); err != nil {
			t.Fatal(err)
		}
		break
	}
	for _, tensor := range whole.Tensors() {
		if len(tensor.Shape) == 2 {
			clear(tensor.Data[len(tensor.Data)/5:])
		}
	}
	whole.MeasureZeros()
	for want, arch := range map[string]supernet.Arch{"": space.Max(), "lie": space.Min()} {
		m := &manifest.Manifest{
			SpaceName: space.Name, SpaceSHA256: space.SHA256(), Arch: space.Spec(arch),
			Blocks: whole.Blocks, BNEps: space.BNEps, MACs: supernet.MACs(whole.Blocks),
			Params:    supernet.Params(whole.Blocks),
			Finetuned: &manifest.Finetuned{Epochs: 1, Batch: 2},
		}
		m.Finetuned.After.Count(whole)
		m.Inputs = map[string]store.Input{manifest.ParentRole: {SHA256: strings.Repeat("a", 64)}}
		path, err := m.Save(filepath.Join(t.TempDir(), "tuned"), whole)
		if err != nil {
			t.Fatal(err)
		}
		found := lies(path)
		if want == "" && found != nil ||
			want != "" && (len(found) != 1 || !strings.Contains(found[0], want)) {
			t.Errorf("of the arch %v: %v", m.Arch, found)
		}
	}
}

// TestTooLarge: a file that is far larger than the network can be is refused by its size alone.
// Nothing is on the disk of what it has.
func TestTooLarge(t *testing.T) {
	path := winner(t, 1, "onnx")
	for _, name := range []string{"weights.safetensors", "network.onnx"} {
		file := filepath.Join(filepath.Dir(path), name)
		good := read(t, file)
		if err := os.Truncate(file, 1<<40); err != nil {
			t.Skip("there are no files with holes here: ", err)
		}
		if found := lies(path); found == nil || !strings.Contains(found[0], "bytes") {
			t.Errorf("%s: %v", name, found)
		}
		_, _, err := manifest.Open(path)
		if large := errors.Is(err, manifest.ErrFileTooLarge); large != (name != "network.onnx") {
			t.Errorf("%s: open gives %v", name, err)
		}
		write(t, file, good)
	}
}
