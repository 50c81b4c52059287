package data_test

import (
	"bytes"
	"image"
	"image/color"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/prepare"
)

// opened gives an image file as a data set of its own has it, prepared for some resolution as
// trainings and tests prepare it.
func opened(t *testing.T, size, resolution int, file []byte) (prepare.Preparation, []float32) {
	t.Helper()
	d, _ := openOne(t, size, file)
	p := d.Preparation()
	l := mustLoad(t, d.Train, d.Size, d.Channels, data.LoaderConfig{
		Batch: 1, Transform: data.Transform{Mean: p.Mean, Std: p.Std},
	})
	out := make([]float32, resolution*resolution*d.Channels)
	for b, err := range l.Epoch(t.Context(), 0, 0) {
		if err != nil {
			t.Fatal(err)
		}
		prepare.NewResizer(d.Size, resolution).Resize(out, b.X, 1, d.Channels)
		break
	}
	return p, out
}

// TestPreparerIsTheLoader: an image file on its own becomes the bits that it becomes in a data set,
// whatever its format, orientation, transparency and size, and at any resolution.
func TestPreparerIsTheLoader(t *testing.T) {
	clear := colourImage(23, 31, 5)
	for i := 3; i < len(clear.Pix); i += 4 {
		clear.Pix[i] = byte(i * 7)
	}
	for name, file := range map[string][]byte{
		"JPEG":        jpegExif(jpegOf(t, colourImage(33, 21, 1)), orientation(6)),
		"PNG":         pngWith(pngOf(t, colourImage(15, 40, 2)), "eXIf", orientation(3)),
		"transparent": pngOf(t, clear),
		"right size":  pngOf(t, colourImage(12, 12, 3)),
		"palette":     pngOf(t, palettedOf(flat(9, 9, color.NRGBA{200, 100, 50, 77}))),
		"CMYK":        jpegWith(cmykOf(t, 77), 0xee, []byte("Adobe\x00\x64\x00\x00\x00\x00\x00")),
		"grey":        pngOf(t, greyImage(17, 14, 4)),
		"grey JPEG":   jpegOf(t, greyImage(40, 14, 4)),
	} {
		for _, resolution := range []int{7, 12, 20} {
			p, want := opened(t, 12, resolution, file)
			img, err := prepare.DecodeImage(bytes.NewReader(file))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			preparer, err := prepare.NewPreparer(p, resolution)
			if err != nil {
				t.Fatal(err)
			}
			got := make([]float32, len(want))
			if err := preparer.Prepare(got, img); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s at %d: other values than in a data set (%v)", name, resolution, err)
			}
		}
	}
}

// foreign is an image of a type that only its own program knows.
type foreign struct{ image.Image }

// TestPreparerTakesAnyImage: the pixels decide, not the type or where the bounds begin; grey
// networks take what is grey.
func TestPreparerTakesAnyImage(t *testing.T) {
	p, want := opened(t, 8, 10, pngOf(t, greyImage(30, 20, 1)))
	preparer, err := prepare.NewPreparer(p, 10)
	if err != nil {
		t.Fatal(err)
	}
	grey := greyImage(30, 20, 1)
	moved := image.NewNRGBA(image.Rect(-5, 7, 25, 27))
	for y := range 20 {
		for x := range 30 {
			moved.Set(x-5, y+7, grey.At(x, y))
		}
	}
	for _, img := range []image.Image{grey, foreign{grey}, moved} {
		got := make([]float32, len(want))
		if err := preparer.Prepare(got, img); err != nil || !slices.Equal(got, want) {
			t.Errorf("%T: other values (%v)", img, err)
		}
	}
	err = preparer.Prepare(make([]float32, len(want)), colourImage(30, 20, 1))
	if err == nil || !strings.Contains(err.Error(), "convert it to grey") {
		t.Errorf("a colour image: %v", err)
	}
}

func TestPreparerRefuses(t *testing.T) {
	p, values := opened(t, 8, 10, pngOf(t, colourImage(30, 20, 1)))
	for words, edit := range map[string]func(p *prepare.Preparation){
		"orientation": func(p *prepare.Preparation) { p.Orientation = "none" },
		"background":  func(p *prepare.Preparation) { p.Background = "black" },
		"crop":        func(p *prepare.Preparation) { p.Crop = "" },
		"filter":      func(p *prepare.Preparation) { p.Filter = "lanczos" },
		"channels":    func(p *prepare.Preparation) { p.Channels = "bgr" },
		"range":       func(p *prepare.Preparation) { p.Range[0] = -1 },
		"resize":      func(p *prepare.Preparation) { p.Resize = "nearest" },
		"size_px":     func(p *prepare.Preparation) { p.SizePx = 1 << 30 },
		"has 0 means": func(p *prepare.Preparation) { p.Mean = nil },
		"has 2 means": func(p *prepare.Preparation) { p.Mean = p.Mean[:2] },
		"std 0 for":   func(p *prepare.Preparation) { p.Std[1] = 0 },
	} {
		bad := p
		bad.Mean, bad.Std = slices.Clone(p.Mean), slices.Clone(p.Std)
		edit(&bad)
		if _, err := prepare.NewPreparer(bad, 10); err == nil || !strings.Contains(err.Error(),
			words) {
			t.Errorf("%v, want %q", err, words)
		}
	}
	for _, resolution := range []int{0, 1 << 20} {
		if _, err := prepare.NewPreparer(p, resolution); err == nil {
			t.Errorf("a network for %d pixels", resolution)
		}
	}
	preparer, err := prepare.NewPreparer(p, 10)
	if err != nil {
		t.Fatal(err)
	}
	short := &image.RGBA{Pix: make([]byte, 9), Stride: 40, Rect: image.Rect(0, 0, 10, 10)}
	for _, img := range []image.Image{
		nil, (*image.RGBA)(nil), short, foreign{}, image.NewRGBA(image.Rect(0, 0, 0, 9)),
		image.NewUniform(color.White),
	} {
		if err := preparer.Prepare(values, img); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%T: %v", img, err)
		}
	}
	if err := preparer.Prepare(values[1:], colourImage(3, 3, 1)); err == nil {
		t.Error("too short a slice")
	}
}

// FuzzDecodeImage: whatever the bytes, there is an image that can be prepared, or an error.
func FuzzDecodeImage(f *testing.F) {
	f.Add([]byte{})
	f.Add(pngOf(f, colourImage(5, 4, 1)))
	f.Add(jpegOf(f, greyImage(9, 9, 1)))
	f.Add(pngOf(f, colourImage(5, 4, 1))[:60])
	preparer, err := prepare.NewPreparer(prepare.Preparation{
		Orientation: "exif", Background: "white", Crop: "centre-square", SizePx: 4,
		Filter: "catmull-rom-antialias", Channels: "rgb", Range: [2]float64{0, 1},
		Mean: []float32{0, 0, 0}, Std: []float32{1, 1, 1}, Resize: "bilinear-antialias",
	}, 3)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		img, err := prepare.DecodeImage(bytes.NewReader(file))
		if err != nil {
			return
		}
		if err := preparer.Prepare(make([]float32, 27), img); err != nil {
			t.Error(err)
		}
	})
}
