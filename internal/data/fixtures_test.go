package data_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/internal/data"
)

// shared finds real data sets: below $TAILOR_DATA, or in shared/data beside the repository.
func shared(t *testing.T, name string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("real data is left out of short tests")
	}
	root := os.Getenv("TAILOR_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "data")
	}
	path := filepath.Join(root, filepath.FromSlash(name))
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("no real data at %s: set TAILOR_DATA to the folder that has %s", path, name)
	}
	return path
}

// tree is the content of a folder or tar by slash-separated path.
type tree map[string][]byte

func (f tree) paths() []string {
	var paths []string
	for p := range f {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	return paths
}

// folder writes the tree below a new directory.
func (f tree) folder(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for p, b := range f {
		file := filepath.Join(dir, filepath.FromSlash(p))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// tar packs the tree, names in sorted order after a prefix.
func (f tree) tar(t testing.TB, prefix string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, p := range f.paths() {
		if err := w.WriteHeader(&tar.Header{Name: prefix + p, Mode: 0o644, Size: int64(len(f[p])),
			Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f[p]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func write(t *testing.T, name string, b []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, b, 0o666); err != nil {
		t.Fatal(err)
	}
	return file
}

func zip(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// idx writes an idx file of unsigned bytes.
func idx(body []byte, shape ...uint32) []byte {
	b := []byte{0, 0, 8, byte(len(shape))}
	for _, d := range shape {
		b = binary.BigEndian.AppendUint32(b, d)
	}
	return append(b, body...)
}

// pattern gives n bytes that differ from image to image and pixel to pixel.
func pattern(n, seed int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(31*i + 97*seed + i*i%89)
	}
	return b
}

// colourImage is a w x h picture of pattern(seed).
func colourImage(w, h, seed int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	p := pattern(3*w*h, seed)
	for i := range w * h {
		copy(img.Pix[4*i:], p[3*i:3*i+3])
		img.Pix[4*i+3] = 255
	}
	return img
}

func greyImage(w, h, seed int) *image.Gray {
	return &image.Gray{Pix: pattern(w*h, seed), Stride: w, Rect: image.Rect(0, 0, w, h)}
}

// flat is one colour all over.
func flat(w, h int, c color.Color) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, c)
		}
	}
	return img
}

func pngOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func jpegOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// all reads every image and label of a set.
func all(t *testing.T, d *data.Dataset, s data.Set) (pixels []byte, labels []int) {
	t.Helper()
	n := d.Size * d.Size * d.Channels
	pixels = make([]byte, s.Len()*n)
	for i := range s.Len() {
		if err := s.Image(i, pixels[i*n:(i+1)*n]); err != nil {
			t.Fatal(err)
		}
		labels = append(labels, s.Label(i))
	}
	return pixels, labels
}

func mustOpen(t testing.TB, path string, o data.Options) *data.Dataset {
	t.Helper()
	d, err := data.Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
