package data_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/internal/data"
)

// pngHeader is a PNG with its header chunk only.
func pngHeader(w, h uint32) []byte {
	chunk := []byte("IHDR")
	chunk = binary.BigEndian.AppendUint32(chunk, w)
	chunk = binary.BigEndian.AppendUint32(chunk, h)
	chunk = append(chunk, 8, 2, 0, 0, 0)
	b := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	return binary.BigEndian.AppendUint32(append(b, chunk...), crc32.ChecksumIEEE(chunk))
}

// openOne opens a data set whose first training image is img and gives that image.
func openOne(t *testing.T, size int, img []byte, rest ...[]byte) (*data.Dataset, []byte) {
	t.Helper()
	files := tree{"train/a/0.jpg": img, "train/b/0.jpg": img, "test/a/0.jpg": img,
		"test/b/0.jpg": img}
	for i, r := range rest {
		files["train/b/"+string(rune('a'+i))+".jpg"] = r
	}
	d := mustOpen(t, files.folder(t), data.Options{Size: size, Holdout: -1})
	dst := make([]byte, size*size*d.Channels)
	if err := d.Train.Image(0, dst); err != nil {
		t.Fatal(err)
	}
	return d, dst
}

// TestImageChannels: a data set is grey if every image is, and a grey image among coloured ones is
// spread.
func TestImageChannels(t *testing.T) {
	grey := pngOf(t, greyImage(4, 4, 3))
	d, got := openOne(t, 4, grey)
	if d.Channels != 1 || !bytes.Equal(got, pattern(16, 3)) {
		t.Errorf("all grey: %d channels, image %v", d.Channels, got)
	}
	d, got = openOne(t, 4, grey, grey, pngOf(t, colourImage(4, 4, 0)))
	if d.Channels != 3 {
		t.Fatalf("one of five coloured: %d channels", d.Channels)
	}
	for i, v := range pattern(16, 3) {
		if !bytes.Equal(got[3*i:3*i+3], []byte{v, v, v}) {
			t.Errorf("grey pixel %d of %d is spread as %v", i, v, got[3*i:3*i+3])
		}
	}
}

func TestImageKinds(t *testing.T) {
	paletted := image.NewPaletted(image.Rect(0, 0, 4, 4), color.Palette{color.RGBA{10, 20, 30, 255},
		color.White})
	deep := image.NewGray16(image.Rect(0, 0, 4, 4))
	for i := range deep.Pix {
		deep.Pix[i] = 0x66
	}
	for name, c := range map[string]struct {
		file []byte
		want []byte
	}{
		"paletted":    {pngOf(t, paletted), []byte{10, 20, 30}},
		"16-bit grey": {pngOf(t, deep), []byte{0x66}},
		"half clear": {pngOf(t, flat(4, 4, color.NRGBA{200, 100, 50, 128})),
			[]byte{227, 177, 152}},
		"clear": {pngOf(t, flat(4, 4, color.NRGBA{200, 100, 50, 0})),
			[]byte{255, 255, 255}},
		"grey JPEG": {jpegOf(t, &image.Gray{Pix: bytes.Repeat([]byte{90}, 16), Stride: 4,
			Rect: image.Rect(0, 0, 4, 4)}), []byte{90}},
		"colour, shrunk": {pngOf(t, flat(40, 60, color.NRGBA{9, 99, 199, 255})),
			[]byte{9, 99, 199}},
		"colour, enlarged": {pngOf(t, flat(2, 3, color.NRGBA{9, 99, 199, 255})),
			[]byte{9, 99, 199}},
		"extreme shape": {pngOf(t, flat(1, 9000, color.NRGBA{9, 99, 199, 255})),
			[]byte{9, 99, 199}},
	} {
		d, got := openOne(t, 4, c.file)
		if d.Channels != len(c.want) || !bytes.Equal(got, bytes.Repeat(c.want, 16)) {
			t.Errorf("%s: %d channels, image %v: want %v everywhere", name, d.Channels, got, c.want)
		}
	}
}

// TestImageCrop: an image that is too wide loses its sides, at the wanted height without touching
// the rest.
func TestImageCrop(t *testing.T) {
	wide := colourImage(10, 4, 5)
	_, got := openOne(t, 4, pngOf(t, wide))
	for y := range 4 {
		for x := range 4 {
			c := wide.NRGBAAt(x+3, y)
			if p := got[(4*y+x)*3:][:3]; !bytes.Equal(p, []byte{c.R, c.G, c.B}) {
				t.Errorf("pixel (%d,%d) is %v: want %v", x, y, p, c)
			}
		}
	}
}

// TestImageJPEG compares with the standard decoder's own conversion to RGB.
func TestImageJPEG(t *testing.T) {
	file := jpegOf(t, colourImage(32, 32, 8))
	_, got := openOne(t, 32, file)
	img, err := jpeg.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 32 * 32 {
		r, g, b, _ := img.At(i%32, i/32).RGBA()
		if want := []byte{byte(r >> 8), byte(g >> 8), byte(b >> 8)}; !bytes.Equal(got[3*i:3*i+3],
			want) {
			t.Fatalf("pixel %d is %v: want %v", i, got[3*i:3*i+3], want)
		}
	}
}

// TestImagesBeyondTheBudget compares a data set decoded at open with one of the same files decoded
// when asked for.
func TestImagesBeyondTheBudget(t *testing.T) {
	files := pets(t, "train/", "test/")
	files["train/cat/grey.png"] = pngOf(t, greyImage(9, 7, 1))
	o := data.Options{Size: 5, Seed: 3}
	folder := files.folder(t)
	packed := write(t, "pets.tgz", zip(t, files.tar(t, "")))
	want := mustOpen(t, folder, o)
	for _, path := range []string{folder, packed} {
		d, err := data.OpenLimited(path, o, 4*75, 0, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		if d.SHA256 != want.SHA256 {
			t.Error("SHA256 depends on the memory budget")
		}
		for _, s := range [][2]data.Set{{d.Train, want.Train}, {d.Val, want.Val},
			{d.Test, want.Test}} {
			got, labels := all(t, d, s[0])
			expected, expectedLabels := all(t, want, s[1])
			if !bytes.Equal(got, expected) || len(labels) != len(expectedLabels) {
				t.Error("images depend on the memory budget")
			}
		}
	}
	if _, err := data.OpenLimited(packed, o, 4*75, 100, 0, 0); err == nil {
		t.Error("a tar over the budget for compressed images was opened")
	} else {
		t.Log(err)
	}
	if _, err := data.OpenLimited(folder, o, 0, 0, 0, 5); err == nil {
		t.Error("a folder of too many images was opened")
	}
}

// TestImagesLateInLoader has several workers decode late.
func TestImagesLateInLoader(t *testing.T) {
	dir := pets(t, "train/", "test/").folder(t)
	o := data.Options{Size: 4, Holdout: -1}
	late, err := data.OpenLimited(dir, o, 1, 0, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	var values [2][]float32
	for i, d := range []*data.Dataset{mustOpen(t, dir, o), late} {
		l := mustLoad(t, d.Train, 4, 3, data.LoaderConfig{Batch: 2, Shuffle: true, Workers: 4,
			Prefetch: 4, Transform: d.DefaultTransform()})
		for b, err := range l.Epoch(t.Context(), 0, 0) {
			if err != nil {
				t.Fatal(err)
			}
			values[i] = append(values[i], b.X...)
		}
	}
	if !slices.Equal(values[0], values[1]) {
		t.Error("late decoding gives other batches")
	}
}

// TestImageChangedAfterOpen replaces and removes a file that has not been decoded yet.
func TestImageChangedAfterOpen(t *testing.T) {
	dir := pets(t, "train/", "test/").folder(t)
	d, err := data.OpenLimited(dir, data.Options{Size: 4, Holdout: -1}, 1, 0, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	dst := make([]byte, 48)
	file := filepath.Join(dir, "train", "cat", "0.png")
	for _, b := range [][]byte{pngOf(t, greyImage(4, 4, 1)), pngHeader(1<<20, 1<<20), []byte("x")} {
		if err := os.WriteFile(file, b, 0o666); err != nil {
			t.Fatal(err)
		}
		if err := d.Train.Image(0, dst); err == nil {
			t.Error("a changed file gives no error")
		}
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := d.Train.Image(0, dst); err == nil {
		t.Error("a removed file gives no error")
	}
	if err := d.Train.Image(1, dst[:47]); err == nil {
		t.Error("a short buffer gives no error")
	}
}

// TestImageCut checks that no cut of an image file passes for a whole one.
func TestImageCut(t *testing.T) {
	for name, whole := range map[string][]byte{
		"a.jpg": jpegOf(t, colourImage(16, 16, 1)), "a.png": pngOf(t, colourImage(6, 6, 1)),
	} {
		for cut := range whole {
			files := tree{"train/a/" + name: whole[:cut], "train/b/1.png": nil}
			_, err := data.OpenTarStream(bytes.NewReader(files.tar(t, "")), data.Options{Size: 8})
			var damage *data.DamageError
			if !errors.As(err, &damage) || damage.Entry != "train/a/"+name {
				t.Fatalf("%s cut at byte %d of %d: error %v", name, cut, len(whole), err)
			}
		}
	}
}
