package tailor_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tailor-nas/tailor"
	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/pipeline"
	"github.com/tailor-nas/tailor/internal/prepare"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
)

// photoSpace has networks for images smaller than, of, and larger than the side of 24 that the
// tests prepare images to.
const photoSpace = `
tailor: space/1
name: photos
classes: 3
resolutions: [16, 24, 40]
stem: {width: 8, stride: 2, act: h_swish}
stages:
  - {width: 16, stride: 2, act: relu, se: true, depth: [1], kernel: [3], expand: [3]}
head: {expand: 32, act: h_swish}
`

const photoSize = 24

// classes of the photos; each has a colour of its own, more or less.
var classes = []string{"apple", "bread", "cloth"}

// photo is an image file: of any shape, transparent or turned.
func photo(t *testing.T, class, i int) (name string, file []byte) {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 20+7*i, 50-5*i))
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			p := img.Pix[img.PixOffset(x, y):][:4]
			p[0], p[1], p[2], p[3] = uint8(x*9), uint8(y*5), uint8((x^y)*3), 255
			p[class] = uint8(200 + x%50)
			if i == 1 {
				p[3] = uint8(x * y)
			}
		}
	}
	var b bytes.Buffer
	if i%2 == 1 {
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%d.png", i), b.Bytes()
	}
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d.jpg", i), turned(b.Bytes(), 1+(i+class)%8)
}

// turned gives a JPEG an EXIF orientation.
func turned(file []byte, orientation int) []byte {
	exif := []byte("Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00")
	exif = append(exif, byte(orientation), 0, 0, 0, 0, 0, 0)
	segment := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(exif)+2))
	return slices.Concat(file[:2], segment, exif, file[2:])
}

// photos writes a data set and gives its folder.
func photos(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, part := range []string{"train", "test"} {
		for c, class := range classes {
			folder := filepath.Join(dir, part, class)
			if err := os.MkdirAll(folder, 0o755); err != nil {
				t.Fatal(err)
			}
			for i := range 8 {
				name, file := photo(t, c, i)
				if err := os.WriteFile(filepath.Join(folder, name), file, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return dir
}

// winner writes a network with random weights for images of some resolution, as a search writes
// it, and gives its folder.
func winner(t *testing.T, photos string, resolution int) string {
	t.Helper()
	space, err := supernet.ParseSpace("photos.yaml", []byte(photoSpace))
	if err != nil {
		t.Fatal(err)
	}
	arch := space.Max()
	arch.Resolution = uint16(resolution)
	net, err := supernet.NewSubnet(space.Blocks(arch), space.BNEps, 5)
	if err != nil {
		t.Fatal(err)
	}
	d, err := data.Open(photos, data.Options{Size: photoSize, Holdout: -1, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	preparation := manifest.Preparation(d.Preparation())
	m := manifest.Manifest{
		SpaceName: space.Name, SpaceSHA256: space.SHA256(), Arch: space.Spec(arch),
		Blocks: net.Blocks, BNEps: net.BNEps, Classes: d.Classes,
		Mean: preparation.Mean, Std: preparation.Std,
		Images: &manifest.Images{Size: photoSize, Holdout: -1, Seed: 1, Preparation: &preparation},
		MACs:   supernet.MACs(net.Blocks), Params: supernet.Params(net.Blocks),
	}
	m.Inputs = map[string]store.Input{"data": {Path: photos, SHA256: d.SHA256}}
	dir := filepath.Join(t.TempDir(), "best")
	if _, err := m.Save(dir, net); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestClassifyIsEval: a manifest, its weights and image files are enough to answer for each image
// what the test of the program answers, at any resolution.
func TestClassifyIsEval(t *testing.T) {
	dir := photos(t)
	for _, resolution := range []int{16, 24, 40} {
		folder := winner(t, dir, resolution)
		again, err := pipeline.MeasureAgain(t.Context(), pipeline.AgainJob{
			Manifest: folder, Budget: time.Millisecond, Workers: 1,
		})
		if err != nil {
			t.Fatal(err)
		}
		network, err := tailor.Open(folder)
		if err != nil {
			t.Fatal(err)
		}
		answered := map[int]bool{}
		outputs := outputs(t, folder, dir)
		for c, class := range classes {
			row := make([]int, len(classes))
			for _, path := range files(t, filepath.Join(dir, "test", class)) {
				found := classify(t, network, path)
				row[found[0].Index]++
				answered[found[0].Index] = true
				compare(t, path, found, outputs[:len(classes)])
				outputs = outputs[len(classes):]
			}
			for i, n := range row {
				if int(again.Confusion[c][i]) != n {
					t.Errorf("at %d, %d images of %s are taken for %s: the test of the program says %d",
						resolution, n, class, classes[i], again.Confusion[c][i])
				}
			}
		}
		if len(answered) < 2 {
			t.Errorf("at %d, all images are taken for one class: nothing is tested", resolution)
		}
		if err := network.Close(); err != nil {
			t.Error(err)
		}
	}
}

// outputs are the logits of all test images in turn, prepared in batches as for a test.
func outputs(t *testing.T, folder, photos string) []float32 {
	t.Helper()
	m, net, err := manifest.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	d, err := data.Open(photos, data.Options{Size: photoSize, Holdout: -1, Seed: 1})
	if err != nil || d.Report.Turned == 0 || d.Report.Clear == 0 {
		t.Fatalf("no image is turned, or none transparent: %+v (%v)", d.Report, err)
	}
	loader, err := data.NewLoader(d.Test, d.Size, d.Channels, data.LoaderConfig{
		Batch: d.Test.Len(), Transform: data.Transform{Mean: m.Mean, Std: m.Std},
	})
	if err != nil {
		t.Fatal(err)
	}
	classifier, err := net.Classifier(1)
	if err != nil {
		t.Fatal(err)
	}
	defer classifier.Close()
	in := classifier.Input()
	images := make([]float32, d.Test.Len()*in.Len())
	for b, err := range loader.Epoch(t.Context(), 0, 0) {
		if err != nil {
			t.Fatal(err)
		}
		prepare.NewResizer(d.Size, in.H).Resize(images, b.X, b.N, d.Channels)
	}
	logits, err := classifier.Logits(images)
	if err != nil {
		t.Fatal(err)
	}
	return logits
}

// compare wants probabilities whose ratios are those of the exponentials of logits.
func compare(t *testing.T, path string, found []tailor.Class, logits []float32) {
	t.Helper()
	for _, c := range found[1:] {
		want := float64(logits[c.Index]) - float64(logits[found[0].Index])
		if got := math.Log(c.Probability / found[0].Probability); math.Abs(got-want) > 1e-9 {
			t.Errorf("%s: %s has a logit that is %v from the first, in a test %v", path, c.Label,
				got, want)
		}
	}
}

// files are the paths of a folder's files.
func files(t *testing.T, dir string) (paths []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		paths = append(paths, filepath.Join(dir, e.Name()))
	}
	return paths
}

// classify does so with an image file, and checks what holds of every answer.
func classify(t *testing.T, network *tailor.Network, path string) []tailor.Class {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	img, err := tailor.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	found, err := network.Classify(img)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for i, c := range found {
		sum += c.Probability
		if c.Label != network.Labels()[c.Index] || i > 0 && c.Probability > found[i-1].Probability {
			t.Errorf("%s: %+v is not sorted, or has other labels than %v", path, found,
				network.Labels())
		}
	}
	if len(found) != len(classes) || math.Abs(sum-1) > 1e-12 {
		t.Errorf("%s: %d classes with %v in all", path, len(found), sum)
	}
	return found
}

// TestClassifyAtOnce: many calls at once answer as one after the other, and a Close in between
// lets those at work end.
func TestClassifyAtOnce(t *testing.T) {
	dir := photos(t)
	folder := winner(t, dir, 24)
	network, err := tailor.Open(filepath.Join(folder, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var images []image.Image
	var want [][]tailor.Class
	for _, path := range files(t, filepath.Join(dir, "test", "apple")) {
		want = append(want, classify(t, network, path))
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		img, err := tailor.Decode(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		images = append(images, img)
	}
	var wait sync.WaitGroup
	for range 12 {
		wait.Go(func() {
			for i, img := range images {
				if got, err := network.Classify(img); err != nil || !slices.Equal(got, want[i]) {
					t.Errorf("image %d: %v (%v), alone it was %v", i, got, err, want[i])
				}
			}
		})
	}
	wait.Wait()
	for range 4 {
		wait.Go(func() {
			got, err := network.Classify(images[0])
			if !errors.Is(err, tailor.ErrClosed) && (err != nil || !slices.Equal(got, want[0])) {
				t.Errorf("beside Close: %v (%v)", got, err)
			}
		})
	}
	if err := errors.Join(network.Close(), network.Close()); err != nil {
		t.Error(err)
	}
	wait.Wait()
	for _, closed := range []*tailor.Network{network, {}} {
		if _, err := closed.Classify(images[0]); !errors.Is(err, tailor.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	}
}

// TestOpenRefuses what cannot classify, and says what to do.
func TestOpenRefuses(t *testing.T) {
	good := winner(t, photos(t), 16)
	for words, edit := range map[string]func(m *manifest.Manifest, net **supernet.Subnet){
		"search with --run": func(_ *manifest.Manifest, net **supernet.Subnet) { *net = nil },
		"older tailor": func(m *manifest.Manifest,
			_ **supernet.Subnet) {
			m.Images.Preparation = nil
		},
		"has 2 classes": func(m *manifest.Manifest,
			_ **supernet.Subnet) {
			m.Classes = m.Classes[:2]
		},
		"of 1 channels": func(m *manifest.Manifest,
			_ **supernet.Subnet) {
			grey(m.Images.Preparation)
		},
		`want "catmull-rom-antia`: func(m *manifest.Manifest,
			_ **supernet.Subnet) {
			m.Images.Preparation.Filter = "box"
		},
	} {
		m, net, err := manifest.Open(good)
		if err != nil {
			t.Fatal(err)
		}
		m.Weights = nil
		edit(m, &net)
		dir := filepath.Join(t.TempDir(), "bad")
		if _, err := m.Save(dir, net); err != nil {
			t.Fatal(err)
		}
		_, err = tailor.Open(dir)
		if err == nil || !strings.Contains(err.Error(), words) || !strings.Contains(err.Error(),
			dir) {
			t.Errorf("%v, want %q", err, words)
		}
	}
	if _, err := tailor.Open(filepath.Join(good, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no such folder: %v", err)
	}
}

func grey(p *manifest.Preparation) { p.Channels, p.Mean, p.Std = "grey", p.Mean[:1], p.Std[:1] }

// TestClassifyRefuses images without pixels, and goes on.
func TestClassifyRefuses(t *testing.T) {
	dir := photos(t)
	network, err := tailor.Open(winner(t, dir, 16))
	if err != nil {
		t.Fatal(err)
	}
	defer network.Close()
	for _, img := range []image.Image{nil, image.NewRGBA(image.Rectangle{}), (*image.Gray)(nil)} {
		if _, err := network.Classify(img); err == nil {
			t.Errorf("%T is classified", img)
		}
	}
	if _, err := tailor.Decode(strings.NewReader("no image")); err == nil {
		t.Error("text is an image")
	}
	classify(t, network, files(t, filepath.Join(dir, "test", "bread"))[0])
}
