package data_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"github.com/tailor-nas/tailor/internal/data"
)

func bmpOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := bmp.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tiffOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := tiff.Encode(&b, img, &tiff.Options{Compression: tiff.Deflate}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// gifOf is an animation on a canvas of w x h.
func gifOf(t testing.TB, w, h int, frames ...*image.Paletted) []byte {
	t.Helper()
	var b bytes.Buffer
	g := &gif.GIF{Image: frames, Delay: make([]int, len(frames)), Config: image.Config{Width: w,
		Height: h, ColorModel: frames[0].Palette}}
	if err := gif.EncodeAll(&b, g); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// bits are written from the lowest of a byte on.
type bits struct {
	bytes []byte
	n     int
}

func (b *bits) put(v, n int) {
	for i := range n {
		if b.n%8 == 0 {
			b.bytes = append(b.bytes, 0)
		}
		b.bytes[len(b.bytes)-1] |= byte(v>>i&1) << (b.n % 8)
		b.n++
	}
}

// webpOf is a lossless WebP of an image whose values are all 0 or 255: each is a bit then, behind
// codes of two symbols. EXIF, if any, comes last.
func webpOf(img *image.NRGBA, exif []byte) []byte {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	b := &bits{}
	b.put(0x2f, 8)
	b.put(w-1, 14)
	b.put(h-1, 14)
	b.put(1, 1)       // alpha is used
	b.put(0, 3+1+1+1) // version; no transform, no colour cache, one set of codes
	// green, red, blue, alpha: a simple code, two symbols, of which 0 takes a bit and 255 eight
	for range 4 {
		b.put(0b011, 3)
		b.put(0, 1)
		b.put(255, 8)
	}
	b.put(0b001, 3) // distances: one symbol
	b.put(0, 1)
	for i := 0; i < len(img.Pix); i += 4 {
		for _, c := range []int{1, 0, 2, 3} {
			b.put(int(img.Pix[i+c])&1, 1)
		}
	}
	file := []byte("RIFF\x00\x00\x00\x00WEBP")
	chunk := func(name string, body []byte) {
		file = binary.LittleEndian.AppendUint32(append(file, name...), uint32(len(body)))
		file = append(file, body...)
		if len(body)%2 == 1 {
			file = append(file, 0)
		}
	}
	chunk("VP8X", []byte{0x18, 0, 0, 0, byte(w - 1), 0, 0, byte(h - 1), 0, 0})
	chunk("VP8L", b.bytes)
	if exif != nil {
		chunk("EXIF", exif)
	}
	binary.LittleEndian.PutUint32(file[4:], uint32(len(file)-8))
	return file
}

// palettedOf has the colours of an image of at most 256.
func palettedOf(img *image.NRGBA) *image.Paletted {
	p := image.NewPaletted(img.Rect, nil)
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			c := img.NRGBAAt(x, y)
			if !slices.Contains(p.Palette, color.Color(c)) {
				p.Palette = append(p.Palette, c)
			}
			p.Set(x, y, c)
		}
	}
	return p
}

// TestFormats stores one picture in all formats, under their own names and under .jpg: the content
// decides.
func TestFormats(t *testing.T) {
	img := flat(6, 5, color.NRGBA{0, 0, 255, 255})
	for i := 0; i < len(img.Pix); i += 12 {
		img.Pix[i], img.Pix[i+2] = 255, 0
	}
	_, want := openOne(t, 5, pngOf(t, img))
	red := palettedOf(flat(6, 5, color.NRGBA{255, 0, 0, 255}))
	files := map[string][]byte{
		".png": pngOf(t, img), ".bmp": bmpOf(t, img), ".dib": bmpOf(t, img), ".tif": tiffOf(t, img),
		".TIFF": tiffOf(t, img),
		".gif":  gifOf(t, 6, 5, palettedOf(img), red), ".webp": webpOf(img, nil),
		".heic": pngOf(t, img), ".raw": gifOf(t, 6, 5, palettedOf(img)),
	}
	for ending, file := range files {
		for _, e := range []string{ending, ".jpg", ".jfif", ".jpe"} {
			set := tree{"train/a/0" + e: file, "train/b/0" + e: file, "test/a/0" + e: file,
				"test/b/0" + e: file}
			d := mustOpen(t, set.folder(t), data.Options{Size: 5, Holdout: -1})
			if got, _ := all(t, d, d.Train); !bytes.Equal(got, slices.Concat(want, want)) {
				t.Errorf("%s as %s is another image", ending, e)
			}
		}
	}
}

// TestJPEGNames has the names that programs give to JPEG files.
func TestJPEGNames(t *testing.T) {
	files, img := tree{}, jpegOf(t, colourImage(4, 4, 1))
	endings := []string{".jpg", ".jpeg", ".JPE", ".jfif", ".jif", ".pjpeg", ".pjp"}
	for _, e := range endings {
		files["a/0"+e], files["b/0"+e] = img, img
	}
	if d := mustOpen(t, files.folder(t), data.Options{Size: 4, Holdout: -1}); d.Train.Len()+
		d.Test.Len() != 2*len(endings) {
		t.Errorf("%d and %d images of %d", d.Train.Len(), d.Test.Len(), 2*len(endings))
	}
}

// TestTransparent lays one drawing on white in every way that a file can be transparent: the ink is
// 40, the ground is clear, and a pixel between is half of each.
func TestTransparent(t *testing.T) {
	nrgba := image.NewNRGBA(image.Rect(0, 0, 4, 4))
	deep := image.NewNRGBA64(nrgba.Rect)
	premultiplied := image.NewRGBA(nrgba.Rect)
	inks := []color.NRGBA{{40, 40, 40, 255}, {40, 40, 40, 0}, {0, 0, 0, 0}, {40, 40, 40, 102}}
	for i := range 16 {
		c := inks[i%4]
		nrgba.SetNRGBA(i%4, i/4, c)
		deep.SetNRGBA64(i%4, i/4, color.NRGBA64{uint16(c.R) * 257, uint16(c.G) * 257,
			uint16(c.B) * 257, uint16(c.A) * 257})
		premultiplied.Set(i%4, i/4, c)
	}
	mono := flat(4, 4, color.NRGBA{0, 0, 0, 255})
	for i := 3; i < len(mono.Pix); i += 8 {
		mono.Pix[i] = 0
	}
	colours := palettedOf(nrgba)
	want := []byte{40, 255, 255, 169} // 40*0.4 + 255*0.6
	for name, c := range map[string]struct {
		file []byte
		want []byte
	}{
		"PNG":              {pngOf(t, nrgba), want},
		"PNG of 16 bits":   {pngOf(t, deep), want},
		"PNG of a palette": {pngOf(t, colours), want},
		"TIFF":             {tiffOf(t, nrgba), want},
		"TIFF, associated": {tiffOf(t, premultiplied), want},
		"TIFF of 16 bits":  {tiffOf(t, deep), want},
		"WebP":             {webpOf(mono, nil), []byte{255, 0, 255, 0}},
		// clear or not, nothing between: the encoder takes 40*0.4
		"GIF": {gifOf(t, 4, 4, colours), []byte{40, 255, 255, 16}},
		"GIF in its frame": {gifOf(t, 8, 4, palettedOf(flat(4, 4, color.NRGBA{40, 40, 40, 255}))),
			[]byte{40, 40, 255, 255}},
		"PNG, one colour": {oneColourClear(t), []byte{40, 255, 40, 255}},
	} {
		d, got := openOne(t, 4, c.file)
		for i := range 16 {
			for k := range d.Channels {
				if g, w := int(got[i*d.Channels+k]), int(c.want[i%4]); g < w-1 || g > w+1 {
					t.Fatalf("%s: pixel %d is %v: want %d", name, i,
						got[i*d.Channels:][:d.Channels], w)
				}
			}
		}
		if d.Report.Clear == 0 {
			t.Errorf("%s: the report knows of no transparent image", name)
		}
	}
}

// oneColourClear is a grey PNG whose value 0 is transparent.
func oneColourClear(t *testing.T) []byte {
	file := pngOf(t, &image.Gray{Pix: bytes.Repeat([]byte{40, 0}, 8), Stride: 4,
		Rect: image.Rect(0, 0, 4, 4)})
	at := bytes.Index(file, []byte("IDAT")) - 4
	end := pngWith(append(bytes.Clone(file[:at]), file[len(file)-12:]...), "tRNS", []byte{0, 0})
	return append(end[:len(end)-12], file[at:]...)
}

// TestTransparentIdentity: images that were laid on black before have another hash, however they
// are kept; those with an alpha channel that nothing uses have not.
func TestTransparentIdentity(t *testing.T) {
	img := colourImage(4, 4, 1)
	img.Pix[3] = 254
	whole := pets(t, "train/", "test/")
	for name, file := range map[string][]byte{"clear": pngOf(t, img), "cut off": pngExt(t, img)} {
		files := pets(t, "train/", "test/")
		files["train/cat/0.png"] = file
		path := files.folder(t)
		d := mustOpen(t, path, data.Options{Size: 4})
		late, err := data.OpenLimited(path, data.Options{Size: 4}, 1, 0, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		if late.SHA256 != d.SHA256 || late.Report.Clear != d.Report.Clear {
			t.Errorf("%s: hash or report depends on the memory budget", name)
		}
		if d.SHA256 == mustOpen(t, whole.folder(t), data.Options{Size: 4}).SHA256 {
			t.Errorf("%s: the same hash as another image's", name)
		}
	}
}

// pngExt is a PNG with an orientation that changes nothing.
func pngExt(t *testing.T, img *image.NRGBA) []byte {
	return pngWith(pngOf(t, img), "eXIf", orientation(1))
}

// TestOtherFormats names what a file is that is not read, whatever it is called.
func TestOtherFormats(t *testing.T) {
	for says, file := range map[string]string{
		"HEIC": "\x00\x00\x00\x18ftypheic....", "AVIF": "\x00\x00\x00\x18ftypavif....",
		"JPEG XL": "\xff\x0a....", "JPEG 2000": "\x00\x00\x00\x0cjP  \r\n",
		"SVG": "  <svg xmlns=''>", "HTML": "\xef\xbb\xbf<!doctype html><title>404</title>",
		"PDF": "%PDF-1.7", "Photoshop": "8BPS....",
		"Git LFS": "version https://git-lfs.github.com/spec/v1\n",
		"Netpbm":  "P6 1 1 255 abc", "QuickTime": "\x00\x00\x00\x14ftypqt  ", "empty": "",
		"something else": "hello",
	} {
		files := pets(t, "train/", "test/")
		files["train/cat/9.jpg"] = []byte(file)
		failure(t, files.folder(t), data.Options{}, "9.jpg", says, "mend or remove")
		_, err := data.OpenTarStream(bytes.NewReader(files.tar(t, "")), data.Options{})
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("in a tar: error %v does not say %q", err, says)
		}
	}
	for _, ending := range []string{".heic", ".HEIF", ".avif", ".jxl", ".svg", ".raw", ".dng",
		".cr2", ".psd", ".ico", ".ppm"} {
		files := pets(t, "train/", "test/")
		files["train/cat/9"+ending] = tiffOf(t, colourImage(2, 2, 1)) // as cameras' raw files are
		failure(t, files.folder(t), data.Options{}, "9"+ending, "convert it")
	}
}

// TestCMYK: four channels are ink as it is, or its opposite with Adobe's mark. The file is one of
// the standard encoder, whose channels are given other meanings: a grey JPEG's, four times.
func TestCMYK(t *testing.T) {
	for _, c := range []struct {
		adobe bool
		ink   byte
		want  byte
	}{{false, 0, 255}, {false, 128, 63}, {false, 255, 0}, {true, 255, 255}, {true, 0, 0}} {
		file := cmykOf(t, c.ink)
		if c.adobe {
			file = jpegWith(file, 0xee, []byte("Adobe\x00\x64\x00\x00\x00\x00\x00"))
		}
		d, got := openOne(t, 8, file)
		if d.Channels != 3 || got[0] < max(c.want, 3)-3 || got[0] > min(c.want, 252)+3 {
			t.Errorf("%+v: %v", c, got[:3])
		}
	}
}

// cmykOf is a JPEG of 8x8 pixels with the same value in four channels.
func cmykOf(t *testing.T, ink byte) []byte {
	grey := jpegOf(t, &image.Gray{Pix: bytes.Repeat([]byte{ink}, 64), Stride: 8,
		Rect: image.Rect(0, 0, 8, 8)})
	frame, scan := bytes.Index(grey, []byte("\xff\xc0")), bytes.Index(grey, []byte("\xff\xda"))
	end := len(grey) - 2
	out := bytes.Clone(grey[:frame])
	out = append(out, "\xff\xc0\x00\x14\x08\x00\x08\x00\x08\x04\x01\x11\x00\x02\x11\x00\x03\x11\x00\x04\x11\x00"...)
	out = append(out, grey[frame+2+11:scan]...)
	// A scan for each channel, with the same bits.
	for channel := range 4 {
		out = append(out, 0xff, 0xda, 0, 8, 1, byte(channel+1), 0, 0, 63, 0)
		out = append(out, grey[scan+10:end]...)
	}
	return append(out, grey[end:]...)
}

// TestUnsupported: a file that is whole but of a kind that the decoder lacks is named as such, with
// what to do.
func TestUnsupported(t *testing.T) {
	file := jpegOf(t, colourImage(16, 16, 1))
	file[bytes.Index(file, []byte("\xff\xc0"))+1] = 0xc9 // arithmetic coding
	files := pets(t, "train/", "test/")
	files["train/cat/9.jpg"] = file
	failure(t, files.folder(t), data.Options{}, "9.jpg", "JPEG", "convert it")
}

// TestFormatsCut: no cut of a file passes for a whole one, or ends the program.
func TestFormatsCut(t *testing.T) {
	img := colourImage(5, 4, 1)
	for name, whole := range map[string][]byte{
		"a.gif": gifOf(t, 5, 4, palettedOf(img)), "a.bmp": bmpOf(t, img), "a.tif": tiffOf(t, img),
		"a.webp": webpOf(flat(5, 4, color.White), nil), "b.jpg": cmykOf(t, 9),
	} {
		for cut := range whole {
			files := tree{"train/a/" + name: whole[:cut], "train/b/1.png": nil}
			_, err := data.OpenTarStream(bytes.NewReader(files.tar(t, "")), data.Options{Size: 8})
			if err == nil {
				t.Fatalf("%s cut at byte %d of %d was opened", name, cut, len(whole))
			}
		}
	}
}

// FuzzImage checks that no image file ends the program, and that what opens gives its pixels.
func FuzzImage(f *testing.F) {
	img := colourImage(5, 4, 1)
	for _, file := range [][]byte{
		jpegOf(f, img), pngOf(f, img), gifOf(f, 5, 4, palettedOf(img)), bmpOf(f, img),
		tiffOf(f, img), webpOf(flat(3, 2, color.White), orientation(6)),
		jpegExif(jpegOf(f, img), orientation(7)),
	} {
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		files := tree{}
		for _, name := range []string{"train/a/0.jpg", "train/b/0.jpg", "test/a/0.jpg",
			"test/b/0.jpg"} {
			files[name] = file
		}
		d, err := data.OpenTarStream(bytes.NewReader(files.tar(t, "")),
			data.Options{Size: 3, Holdout: -1})
		if err != nil {
			return
		}
		all(t, d, d.Train)
		if r := d.Report; r.MinSidePx < 1 || r.MaxSidePx > 1<<15 {
			t.Error(fmt.Sprint(r))
		}
	})
}
