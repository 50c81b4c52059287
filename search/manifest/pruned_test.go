package manifest_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/safetensors"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
)

// prunableSpace has weights enough for most of a file to be theirs.
const prunableSpace = `
tailor: space/1
name: prunable
classes: 10
resolutions: [16]
stem: {width: 16, stride: 2, act: h_swish}
stages:
  - {width: 64, stride: 2, act: relu, se: true, depth: [1, 2], kernel: [3], expand: [4]}
head: {expand: 192, act: h_swish}
`

// parent saves a network that nothing was pruned of, and gives its manifest, network and path.
func parent(t *testing.T) (*manifest.Manifest, *supernet.Subnet, string) {
	t.Helper()
	s, err := supernet.ParseSpace("prunable.yaml", []byte(prunableSpace))
	if err != nil {
		t.Fatal(err)
	}
	net, err := supernet.NewSubnet(s.Blocks(s.Max()), s.BNEps, 1)
	if err != nil {
		t.Fatal(err)
	}
	m := &manifest.Manifest{
		SpaceName: s.Name, SpaceSHA256: s.SHA256(), Arch: s.Spec(s.Max()), Blocks: net.Blocks,
		BNEps: s.BNEps,
		MACs:  supernet.MACs(net.Blocks), Params: supernet.Params(net.Blocks),
		Predicted: manifest.Predicted{Top1: .5},
	}
	m.Inputs = map[string]store.Input{"accuracy": {SHA256: strings.Repeat("a", 64)}}
	path, err := m.Save(filepath.Join(t.TempDir(), "parent"), net)
	if err != nil {
		t.Fatal(err)
	}
	return m, net, path
}

// prune clears the smallest share of every weight but depthwise and stem, and gives a manifest that
// says so.
func prune(t *testing.T, m *manifest.Manifest, path string, share float64) (*manifest.Manifest,
	*supernet.Subnet) {
	t.Helper()
	_, net, err := manifest.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	pruned := *m
	pruned.Pruned = &manifest.Pruned{
		Method: "magnitude", Structure: manifest.PrunedWeights, Sparsity: share, Epochs: 3, Seed: 7,
		Settings: manifest.PruneSettings{LR: .1, WeightDecay: 2e-4},
		Before: manifest.PrunedFigures{Top1: .5, Images: 100,
			FileBytes: size(t, filepath.Dir(path))},
	}
	pruned.Pruned.Before.Count(net)
	for _, w := range net.Tensors() {
		if len(w.Shape) != 2 {
			continue
		}
		sizes := make([]float64, len(w.Data))
		for i, v := range w.Data {
			sizes[i] = math.Abs(float64(v))
		}
		slices.Sort(sizes)
		for i, v := range w.Data {
			if math.Abs(float64(v)) < sizes[int(share*float64(len(sizes)))] {
				w.Data[i] = 0
			}
		}
	}
	net.MeasureZeros()
	pruned.Blocks = net.Blocks
	pruned.Inputs = map[string]store.Input{manifest.ParentRole: {Path: path, SHA256: m.SHA256}}
	return &pruned, net
}

// size is that of the weights file in a folder.
func size(t *testing.T, dir string) int64 {
	t.Helper()
	info, err := os.Stat(filepath.Join(dir, "weights.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// TestPrunedManifest: a pruned network comes back from its folder to the same bits, with figures
// that are true, and at 90 % zeros its file has at most a quarter of its parent's bytes.
func TestPrunedManifest(t *testing.T) {
	m, dense, path := parent(t)
	pruned, net := prune(t, m, path, .9)
	file, err := pruned.Save(filepath.Join(t.TempDir(), "pruned"), net)
	if err != nil {
		t.Fatal(err)
	}
	read, again, err := manifest.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range net.Tensors() {
		got := again.Tensors()[i]
		if got.Name != w.Name || !slices.Equal(got.Shape, w.Shape) ||
			!slices.Equal(got.Data, w.Data) {
			t.Errorf("%s comes back as another %s", w.Name, got.Name)
		}
	}
	if !slices.Equal(again.Blocks, read.Blocks) || !slices.ContainsFunc(read.Blocks,
		func(b supernet.Block) bool { return b.Zeros == 89 || b.Zeros == 90 }) {
		t.Errorf("blocks are %+v, want some with 90 %% zeros", read.Blocks)
	}
	p := *read.Pruned
	if p != *pruned.Pruned || p.Before.FileBytes != size(t, filepath.Dir(path)) ||
		p.After.FileBytes != size(t, filepath.Dir(file)) {
		t.Errorf("it says %+v, want %+v with the sizes of the files", p, pruned.Pruned)
	}
	for file, n := range map[string]*supernet.Subnet{path: dense, file: net} {
		if bytes, err := manifest.WeightsBytes(n); err != nil ||
			bytes != size(t, filepath.Dir(file)) {
			t.Errorf("%s: %d bytes are said of a file of %d (%v)", file, bytes,
				size(t, filepath.Dir(file)), err)
		}
	}
	if p.After.FileBytes > p.Before.FileBytes/4 {
		t.Errorf("a file of %d bytes became one of %d, want at most a quarter", p.Before.FileBytes,
			p.After.FileBytes)
	}
	weights, all := dense.NonZero()
	if p.Before.Weights != weights || p.Before.NonZero != all || p.Before.MACs != m.MACs ||
		p.Before.MACsNonZero != m.MACs {
		t.Errorf("before: %+v, want %d weights and %d MACs, all with weights that are not zero",
			p.Before, weights, m.MACs)
	}
	if p.After.Weights != weights || p.After.NonZero != countNonZero(net) ||
		p.After.MACs != m.MACs || p.After.MACsNonZero != net.MACsNonZero() {
		t.Errorf("after: %+v", p.After)
	}
	if err := read.Check(file, manifest.ParentRole, m.SHA256); err != nil {
		t.Error(err)
	}
	var stale *store.StaleError
	if err := read.Check(file, manifest.ParentRole, read.SHA256); !errors.As(err, &stale) ||
		stale.Role != "parent" || !strings.Contains(err.Error(), "must be made again") {
		t.Errorf("another parent: %v", err)
	}
}

// countNonZero does so by the names of tensors.
func countNonZero(net *supernet.Subnet) (n int64) {
	for _, w := range net.Tensors() {
		if strings.HasSuffix(w.Name, ".weight") && !strings.HasSuffix(w.Name, ".bn.weight") {
			for _, v := range w.Data {
				if v != 0 {
					n++
				}
			}
		}
	}
	return n
}

// TestUnprunedWeightsStayDense: the file of a network that nothing was pruned of has the bytes that
// it always had, though some of its values (the shifts of batch norm, here) are zero, and so has
// one with few zeros.
func TestUnprunedWeightsStayDense(t *testing.T) {
	m, net, path := parent(t)
	pruned, few := prune(t, m, path, .05)
	other, err := pruned.Save(filepath.Join(t.TempDir(), "few"), few)
	if err != nil {
		t.Fatal(err)
	}
	for file, net := range map[string]*supernet.Subnet{path: net, other: few} {
		var want bytes.Buffer
		if err := safetensors.Encode(&want, net.Tensors(), nil); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(filepath.Dir(file), "weights.safetensors"))
		if err != nil || !bytes.Equal(got, want.Bytes()) {
			t.Errorf("%s: %d bytes (%v), want the %d of a dense file", file, len(got), err,
				want.Len())
		}
	}
}

// TestWeightsFiles: what is read besides a manifest, whatever the manifest is called.
func TestWeightsFiles(t *testing.T) {
	_, _, path := parent(t)
	weights := filepath.Join(filepath.Dir(path), "weights.safetensors")
	other := filepath.Join(filepath.Dir(path), "other.json")
	for _, given := range []string{path, filepath.Dir(path), other} {
		if given == other {
			if err := os.Rename(path, other); err != nil {
				t.Fatal(err)
			}
		}
		if got := manifest.WeightsFiles(given); !slices.Equal(got, []string{weights}) {
			t.Errorf("%s: %q, want %q", given, got, weights)
		}
	}
	if got := manifest.WeightsFiles("none"); got != nil {
		t.Errorf("no manifest: %q", got)
	}
}

// TestPrunedDamage: a folder whose files are cut short anywhere, or have a bit changed anywhere, is
// refused.
func TestPrunedDamage(t *testing.T) {
	m, _, path := parent(t)
	pruned, net := prune(t, m, path, .9)
	file, err := pruned.Save(filepath.Join(t.TempDir(), "pruned"), net)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{file, filepath.Join(filepath.Dir(file), "weights.safetensors")} {
		good, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(good); i += 1 + len(good)/300 {
			flipped := slices.Clone(good)
			flipped[i] ^= 1 << (i % 8)
			for what, bad := range map[string][]byte{"truncated": good[:i], "flipped": flipped} {
				write(t, name, bad)
				if _, _, err := manifest.Open(file); err == nil || strings.Contains(err.Error(),
					"\n") {
					t.Errorf("%s %s at byte %d: %v", filepath.Base(name), what, i, err)
				}
			}
		}
		write(t, name, good)
	}
	if _, _, err := manifest.Open(file); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(filepath.Dir(file), "weights.safetensors"),
		read(t, filepath.Join(filepath.Dir(path), "weights.safetensors")))
	if _, _, err := manifest.Open(file); err == nil || !strings.Contains(err.Error(), "sha256") {
		t.Errorf("with its parent's weights: %v", err)
	}
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

// sealed gives a document another checksum, the right one, by the recipe in docs/formats.md.
func sealed(text string) []byte {
	digits := regexp.MustCompile(`(?m)^  "sha256": "[0-9a-f]{64}"`)
	text = strings.Replace(text, digits.FindString(text), `  "sha256": "`+strings.Repeat("0", 64)+
		`"`, 1)
	h := sha256.New()
	io.WriteString(h, text)
	return []byte(strings.Replace(text, strings.Repeat("0", 64), hex.EncodeToString(h.Sum(nil)), 1))
}

// TestPrunedLies: undamaged manifests that are wrong about their network are refused, and so are
// old ones.
func TestPrunedLies(t *testing.T) {
	m, _, path := parent(t)
	pruned, net := prune(t, m, path, .9)
	file, err := pruned.Save(filepath.Join(t.TempDir(), "pruned"), net)
	if err != nil {
		t.Fatal(err)
	}
	good := string(read(t, file))
	for name, tt := range map[string]struct{ pattern, with, words string }{
		"nothing":     {`magnitude`, `magnitude`, ""},
		"fewer zeros": {`"zeros": \d+`, `"zeros": 50`, "50 % zeros"},
		"runs":        {`"zeros": (\d+)`, `"zeros": $1, "run": 8`, "in runs of 8"},
		"no claim":    {`"zeros": \d+`, `"zeros": 0`, ""},
		"impossible":  {`"zeros": \d+`, `"zeros": 100`, "out of range"},
		"other weights": {`"nonzero_weights": \d+,\s+("macs": \d+,\s+"macs_nonzero": \d+\s+}\s+})`,
			`"nonzero_weights": 1, $1`, "of another network"},
		"other MACs": {`"macs_nonzero": \d+(\s+}\s+})`, `"macs_nonzero": 1$1`,
			"of another network"},
		"other role": {`"parent"`, `"accuracy"`, `input "parent"`},
		"no hash": {`(?s)("path": "[^"]*",\s*"sha256": )"[0-9a-f]*"`, `$1""`,
			`input "parent"`},
		"no method": {`"magnitude"`, `""`, "method"},
		"structure": {`"structure": "weights"`, `"structure": "layers"`,
			`"layers" is unknown; use weights, vectors or channels`},
		"vectors": {`"structure": "weights"`, `"structure": "vectors"`, "8 or 16"},
		"runs of weights": {`"structure": "weights"`, `"structure": "weights", "run": 8`,
			"no runs"},
		"all":           {`"sparsity": 0.9`, `"sparsity": 1`, "below 1"},
		"unknown field": {`"sparsity"`, `"density"`, "unexpected content"},
		"no weights":    {`(?s)"weights": {\s*"file".*?},`, ``, "has weights, this one has none"},
		"no pruning":    {`(?s),\s*"pruned": {.*}\n}\n$`, "\n}\n", "says how it was pruned"},
		"older version": {`manifest/11`, `manifest/3`,
			"an older tailor (manifest/3), this one reads manifest/11: make it again"},
	} {
		edited := regexp.MustCompile(tt.pattern).ReplaceAllString(good, tt.with)
		if edited == good && tt.pattern != tt.with {
			t.Fatalf("%s: nothing matches %s in %s", name, tt.pattern, good)
		}
		write(t, file, sealed(edited))
		_, _, err := manifest.Open(file)
		if tt.words == "" && err != nil || tt.words != "" &&
			(err == nil || !strings.Contains(err.Error(), tt.words)) {
			t.Errorf("%s: %v, want %q", name, err, tt.words)
		}
		if err != nil && (strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(),
			file)) {
			t.Errorf("%s: %q is not one line that names the file", name, err)
		}
	}
}

// TestSavePrunedRefuses what could not be loaded again, and leaves no folder behind.
func TestSavePrunedRefuses(t *testing.T) {
	m, _, path := parent(t)
	for words, edit := range map[string]func(m *manifest.Manifest, net **supernet.Subnet){
		"not those of the network": func(p *manifest.Manifest,
			_ **supernet.Subnet) {
			p.Blocks = m.Blocks
		},
		`input "parent"`: func(p *manifest.Manifest,
			_ **supernet.Subnet) {
			p.Inputs = m.Inputs
		},
		"how it was pruned": func(p *manifest.Manifest,
			_ **supernet.Subnet) {
			p.Pruned = nil
		},
		"has weights": func(_ *manifest.Manifest,
			net **supernet.Subnet) {
			*net = nil
		},
		"8 or 16": func(p *manifest.Manifest,
			_ **supernet.Subnet) {
			p.Pruned.Run = 8
		},
		"below 1": func(p *manifest.Manifest,
			_ **supernet.Subnet) {
			p.Pruned.Sparsity = math.NaN()
		},
		"zeros were not measured": func(p *manifest.Manifest, net **supernet.Subnet) {
			p.Blocks[1].Zeros++
		},
	} {
		pruned, net := prune(t, m, path, .9)
		edit(pruned, &net)
		dir := t.TempDir()
		_, err := pruned.Save(filepath.Join(dir, "pruned"), net)
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%v, want %q", err, words)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
			t.Errorf("%s: %v is left (%v)", words, left, err)
		}
	}
}
