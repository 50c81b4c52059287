package data_test

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/internal/data"
)

// plainly is docs/formats.md in code: what somebody else's program would do, in float64. img is as
// it is stored.
func plainly(img image.Image, orientation, size int) []byte {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	// Values of 16 bits, on white.
	at := func(x, y, c int) float64 {
		p := color.NRGBA64Model.Convert(img.At(x, y)).(color.NRGBA64)
		v, a := float64([]uint16{p.R, p.G, p.B}[c]), float64(p.A)/65535
		if p.A == 65535 {
			return v
		}
		return 257 * math.Floor((v*a+65535*(1-a))/257+.5)
	}
	right, bottom := w-1, h-1
	// Turned: the picture's (x, y) is stored elsewhere.
	seen := [...]func(x, y, c int) float64{
		1: at,
		2: func(x, y, c int) float64 { return at(right-x, y, c) },
		3: func(x, y, c int) float64 { return at(right-x, bottom-y, c) },
		4: func(x, y, c int) float64 { return at(x, bottom-y, c) },
		5: func(x, y, c int) float64 { return at(y, x, c) },
		6: func(x, y, c int) float64 { return at(y, bottom-x, c) },
		7: func(x, y, c int) float64 { return at(right-y, bottom-x, c) },
		8: func(x, y, c int) float64 { return at(right-y, x, c) },
	}[orientation]
	if orientation >= 5 {
		w, h = h, w
	}
	// The centre square.
	side := min(w, h)
	x0, y0 := (w-side)/2, (h-side)/2
	out := make([]byte, size*size*3)
	weights := make([][]float64, size)
	for i := range weights {
		weights[i] = catmullRom(i, side, size)
	}
	for c := range 3 {
		for y := range size {
			for x := range size {
				sum := 0.0
				for j, wy := range weights[y] {
					for i, wx := range weights[x] {
						if wx*wy != 0 {
							sum += wx * wy * seen(x0+i, y0+j, c)
						}
					}
				}
				out[(y*size+x)*3+c] = byte(int(math.Floor(min(max(sum, 0), 65535)+.5)) >> 8)
			}
		}
	}
	return out
}

// catmullRom gives the weight of each of side pixels for pixel i of size.
func catmullRom(i, side, size int) []float64 {
	scale := float64(side) / float64(size)
	centre, width := (float64(i)+.5)*scale-.5, max(scale, 1)
	weights, sum := make([]float64, side), 0.0
	for j := range weights {
		t := math.Abs(centre-float64(j)) / width
		switch {
		case side == size:
			weights[j] = map[bool]float64{true: 1}[i == j]
		case t < 1:
			weights[j] = 1.5*t*t*t - 2.5*t*t + 1
		case t < 2:
			weights[j] = -.5*t*t*t + 2.5*t*t - 4*t + 2
		}
		sum += weights[j]
	}
	for j := range weights {
		weights[j] /= sum
	}
	return weights
}

// TestPreparationIsTheFormula compares images of all kinds with the description.
func TestPreparationIsTheFormula(t *testing.T) {
	clear := colourImage(23, 31, 5)
	for i := 3; i < len(clear.Pix); i += 4 {
		clear.Pix[i] = byte(i * 7)
	}
	deep := image.NewNRGBA64(image.Rect(0, 0, 19, 12))
	copy(deep.Pix, pattern(len(deep.Pix), 4))
	files := map[string][]byte{
		"JPEG": jpegOf(t, colourImage(33, 21, 1)), "PNG": pngOf(t, colourImage(15, 40, 2)),
		"transparent": pngOf(t, clear), "16 bits": pngOf(t, deep),
		"palette": pngOf(t, palettedOf(flat(9, 9, color.NRGBA{200, 100, 50, 77}))),
		"CMYK":    jpegWith(cmykOf(t, 77), 0xee, []byte("Adobe\x00\x64\x00\x00\x00\x00\x00")),
	}
	for name, file := range files {
		for o := 1; o <= 8; o += 3 {
			for _, size := range []int{8, 12, 21, 50} {
				decode, turn := png.Decode, pngWith
				if bytes.HasPrefix(file, []byte("\xff\xd8")) {
					decode = jpeg.Decode
					turn = func(file []byte, _ string, body []byte) []byte {
						return jpegExif(file,
							body)
					}
				}
				img, err := decode(bytes.NewReader(file))
				if err != nil {
					t.Fatal(err)
				}
				_, got := openOne(t, size, turn(file, "eXIf", orientation(o)))
				off := 0
				for i, want := range plainly(img, o, size) {
					if got[i] != want {
						off++
					}
					if d := int(got[i]) - int(want); d < -1 || d > 1 {
						t.Fatalf("%s, orientation %d, size %d: value %d is %d: want %d", name, o,
							size, i, got[i], want)
					}
				}
				// sums of float64 in another order may be rounded in another way
				if off > len(got)/200 {
					t.Errorf("%s, orientation %d, size %d: %d of %d values are one off", name, o,
						size, off, len(got))
				}
			}
		}
	}
}

// TestPreparationOfBatches: what a network gets is (value / 255 - mean) / std of what Preparation
// says.
func TestPreparationOfBatches(t *testing.T) {
	d := mustOpen(t, pets(t, "train/", "test/").folder(t), data.Options{Size: 6, Holdout: -1})
	p := d.Preparation()
	if p.SizePx != 6 || p.Channels != "rgb" || len(p.Mean) != 3 || p.Range != [2]float64{0, 1} {
		t.Errorf("%+v", p)
	}
	l := mustLoad(t, d.Test, 6, 3, data.LoaderConfig{Batch: 9,
		Transform: data.Transform{Mean: p.Mean, Std: p.Std}})
	pixels, _ := all(t, d, d.Test)
	for b, err := range l.Epoch(t.Context(), 0, 0) {
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range pixels {
			if want := (float64(v)/255 - float64(p.Mean[i%3])) / float64(p.Std[i%3]); math.Abs(want-
				float64(b.X[i])) > 1e-5 {
				t.Fatalf("value %d is %v: want %v", i, b.X[i], want)
			}
		}
	}
	if grey := mustOpen(t, digits().folder(t),
		data.Options{}).Preparation(); grey.Channels != "grey" || len(grey.Std) != 1 {
		t.Errorf("%+v", grey)
	}
	mean, _ := d.Stats()
	if mean[0]++; slices.Equal(mean, p.Mean) || d.Preparation().Mean[0] != p.Mean[0] {
		t.Error("statistics are shared")
	}
}

// TestWebPRange: lossy WebP keeps brightness from 16 to 235. The files are 1x1 and 2x2 pixels of
// grey, brightness 128 and 233, which are 1.164 * (128 - 16) and 1.164 * (233 - 16).
func TestWebPRange(t *testing.T) {
	for text, want := range map[string]byte{
		"UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA": 130,
		"UklGRjoAAABXRUJQVlA4IC4AAACyAgCdASoCAAIALmk0mk0iIiIiIgBo" +
			"SygABc6WWgAA/veff/0PP8bA//LwYAAA": 253,
	} {
		file, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, got := openOne(t, 2, file); got[0] != want || got[1] != want || got[2] != want {
			t.Errorf("%v: want %d", got, want)
		}
	}
}
