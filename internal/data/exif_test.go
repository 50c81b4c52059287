package data_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"testing"

	"github.com/tailor-nas/tailor/internal/data"
)

// exif is an EXIF block whose first directory has a maker, then an orientation of the given type.
func exif(order binary.AppendByteOrder, kind uint16, value uint32) []byte {
	b := []byte("II*\x00")
	if order.String() == "BigEndian" {
		b = []byte("MM\x00*")
	}
	b = order.AppendUint32(b, 8)
	b = order.AppendUint16(b, 2)
	b = order.AppendUint32(order.AppendUint16(order.AppendUint16(b, 0x010f), 2), 4)
	b = append(b, "me\x00\x00"...)
	b = order.AppendUint32(order.AppendUint16(order.AppendUint16(b, 0x0112), kind), 1)
	if kind == 3 {
		return append(order.AppendUint16(b, uint16(value)), 0, 0, 0, 0, 0, 0)
	}
	return append(order.AppendUint32(b, value), 0, 0, 0, 0)
}

func orientation(value int) []byte { return exif(binary.BigEndian, 3, uint32(value)) }

// jpegWith puts segments behind the start of a JPEG.
func jpegWith(file []byte, mark byte, bodies ...[]byte) []byte {
	b := bytes.Clone(file[:2])
	for _, body := range bodies {
		b = append(b, 0xff, mark)
		b = append(binary.BigEndian.AppendUint16(b, uint16(len(body)+2)), body...)
	}
	return append(b, file[2:]...)
}

func jpegExif(file, exif []byte) []byte {
	return jpegWith(file, 0xe1, append([]byte("Exif\x00\x00"), exif...))
}

// pngWith puts a chunk before the last one.
func pngWith(file []byte, name string, body []byte) []byte {
	chunk := append([]byte(name), body...)
	b := binary.BigEndian.AppendUint32(bytes.Clone(file[:len(file)-12]), uint32(len(body)))
	b = binary.BigEndian.AppendUint32(append(b, chunk...), crc32.ChecksumIEEE(chunk))
	return append(b, file[len(file)-12:]...)
}

// stored gives an image as a camera stores it that is to be seen like img: the words of the EXIF
// standard, which side of the picture the first row and the first column are, put into code.
func stored(img *image.NRGBA, orientation int) *image.NRGBA {
	words := [...][2]string{{}, {"top", "left"}, {"top", "right"}, {"bottom", "right"},
		{"bottom", "left"}, {"left", "top"}, {"right", "top"}, {"right", "bottom"},
		{"left", "bottom"}}
	row0, column0 := words[orientation][0], words[orientation][1]
	w, h := img.Rect.Dx(), img.Rect.Dy()
	sideways := row0 == "left" || row0 == "right"
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	if sideways {
		out = image.NewNRGBA(image.Rect(0, 0, h, w))
	}
	for i := range out.Rect.Dy() {
		for j := range out.Rect.Dx() {
			at := map[string]int{row0: i, column0: j}
			x, y := at["left"], at["top"]
			if r, ok := at["right"]; ok {
				x = w - 1 - r
			}
			if b, ok := at["bottom"]; ok {
				y = h - 1 - b
			}
			out.SetNRGBA(j, i, img.NRGBAAt(x, y))
		}
	}
	return out
}

// TestOrientation stores a picture in all eight ways; each must come out as the picture does,
// whether it is scaled, only cropped, or transparent.
func TestOrientation(t *testing.T) {
	for _, size := range []int{4, 7, 30} {
		for _, clear := range []bool{false, true} {
			picture := colourImage(13, 7, size)
			if clear {
				for i := 3; i < len(picture.Pix); i += 8 {
					picture.Pix[i] = byte(i)
				}
			}
			_, want := openOne(t, size, pngOf(t, picture))
			for o := 1; o <= 8; o++ {
				d, got := openOne(t, size, pngWith(pngOf(t, stored(picture, o)), "eXIf",
					orientation(o)))
				if !bytes.Equal(got, want) {
					t.Errorf("size %d, transparent %t, orientation %d: another image", size, clear,
						o)
				}
				if r := d.Report; r.MinSidePx != 7 || r.MaxSidePx != 13 || o > 1 && r.Turned != 4 ||
					o == 1 && r.Turned != 0 {
					t.Errorf("orientation %d: report %+v", o, r)
				}
			}
		}
	}
}

// TestOrientationOfFormats has an orientation in each place where a file may keep one, and blocks
// that viewers ignore. The image is white above and black below.
func TestOrientationOfFormats(t *testing.T) {
	img := flat(16, 16, color.White)
	for i := 16 * 8 * 4; i < len(img.Pix); i += 4 {
		img.Pix[i], img.Pix[i+1], img.Pix[i+2] = 0, 0, 0
	}
	jpg, little, three := jpegOf(t, img), binary.LittleEndian, orientation(3)
	tiff := bytes.Clone(tiffOf(t, img))
	// the encoder has no orientation: the number of samples becomes it
	for i := 0; i+12 <= len(tiff); i++ {
		if little.Uint16(tiff[i:]) == 0x0115 && little.Uint16(tiff[i+2:]) == 3 {
			little.PutUint16(tiff[i:], 0x0112)
			little.PutUint16(tiff[i+8:], 3)
			break
		}
	}
	webp := webpOf(img, three)
	damaged := bytes.Clone(three)
	damaged[11] = 0xff
	for name, c := range map[string]struct {
		file   []byte
		turned bool
	}{
		"JPEG":                {jpegExif(jpg, three), true},
		"JPEG, little-endian": {jpegExif(jpg, exif(little, 3, 3)), true},
		"JPEG, 32 bits":       {jpegExif(jpg, exif(little, 4, 3)), true},
		"JPEG, after XMP": {jpegWith(jpg, 0xe1, []byte("http://ns.adobe.com/xap/1.0/\x00"),
			append([]byte("Exif\x00\x00"), three...)), true},
		"JPEG, first of two": {jpegWith(jpg, 0xe1, append([]byte("Exif\x00\x00"), three...),
			append([]byte("Exif\x00\x00"), orientation(1)...)), true},
		"JPEG, in a comment": {jpegWith(jpg, 0xfe, append([]byte("Exif\x00\x00"), three...)),
			false},
		"PNG": {pngWith(pngOf(t, img), "eXIf", three), true},
		"PNG with JPEG's head": {pngWith(pngOf(t, img), "eXIf", append([]byte("Exif\x00\x00"),
			three...)), true},
		"TIFF":        {tiff, true},
		"WebP":        {webp, true},
		"none":        {jpg, false},
		"zero":        {jpegExif(jpg, orientation(0)), false},
		"nine":        {jpegExif(jpg, orientation(9)), false},
		"text":        {jpegExif(jpg, exif(little, 2, 3)), false},
		"cut":         {jpegExif(jpg, three[:25]), false},
		"empty":       {jpegExif(jpg, nil), false},
		"nowhere":     {jpegExif(jpg, damaged[:12]), false},
		"other order": {jpegExif(jpg, append([]byte("XX"), three[2:]...)), false},
	} {
		_, got := openOne(t, 16, c.file)
		if above := got[0]; above > 20 != !c.turned || got[len(got)-1] > 20 != c.turned {
			t.Errorf("%s: the first byte is %d, the last %d: turned should be %t", name, above,
				got[len(got)-1], c.turned)
		}
	}
}

// TestOrientationChangesIdentity: earlier versions did not turn images, so that the hash must tell.
// One that says what is so anyway changes nothing.
func TestOrientationChangesIdentity(t *testing.T) {
	img := jpegOf(t, colourImage(8, 8, 1))
	hash := func(file []byte) string {
		d, err := data.OpenTarStream(bytes.NewReader(tree{"a/0.jpg": file, "a/1.jpg": file,
			"b/0.jpg": file, "b/1.jpg": file}.tar(t, "")), data.Options{Size: 8})
		if err != nil {
			t.Fatal(err)
		}
		return d.SHA256
	}
	seen := map[string]int{}
	for o := range 9 {
		h := hash(jpegExif(img, orientation(o)))
		if other, dup := seen[h]; dup {
			t.Errorf("orientations %d and %d have the same hash", other, o)
		}
		seen[h] = o
	}
}

// FuzzExif checks that no block of EXIF ends the program, and that it can only turn an image.
func FuzzExif(f *testing.F) {
	for o := range 10 {
		f.Add(orientation(o))
		f.Add(exif(binary.LittleEndian, 4, uint32(o)))
	}
	f.Add([]byte("II*\x00\xff\xff\xff\xff"))
	img := jpegOf(f, colourImage(4, 6, 1))
	f.Fuzz(func(t *testing.T, block []byte) {
		if len(block) > 60_000 {
			return
		}
		file := jpegExif(img, block)
		files := tree{}
		for _, name := range []string{"train/a/0.jpg", "train/b/0.jpg", "test/a/0.jpg",
			"test/b/0.jpg"} {
			files[name] = file
		}
		d, err := data.OpenTarStream(bytes.NewReader(files.tar(t, "")),
			data.Options{Size: 3, Holdout: -1})
		if err != nil {
			t.Fatal(err)
		}
		if r := d.Report; r.MinSidePx != 4 || r.MaxSidePx != 6 {
			t.Error(fmt.Sprint(r))
		}
	})
}
