package data_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"github.com/tailor-nas/tailor/internal/data"
)

// A white picture of 16 x 8 with a black line, in CCITT group 4, as libtiff (by Pillow 12) writes
// it: with 0 for white, and for black.
const (
	faxWhiteIsZero = "49492a0010000000c9a9c7e00200200009000001030001000000100000000101030001000000080000000201030001000000010000000301030001000000040000000601030001000000000000001101040001000000080000001601030001000000080000001701040001000000070000001c010300010000000100000000000000"
	faxBlackIsZero = "49492a001400000026a0be70293505ffc0040040090000010300010000001000000001010300010000000800000002010300010000000100000003010300010000000400000006010300010000000100000011010400010000000800000016010300010000000800000017010400010000000c0000001c010300010000000100000000000000"
)

// TestFax: black is black, whichever of its bits a fax calls white.
func TestFax(t *testing.T) {
	files := tree{}
	for name, text := range map[string]string{"a/0.tif": faxWhiteIsZero,
		"b/0.tif": faxBlackIsZero} {
		b, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		files[name], files[name[:2]+"1.tif"] = b, b
	}
	d := mustOpen(t, files.folder(t), data.Options{Size: 8, Holdout: -1})
	pixels, _ := all(t, d, d.Train)
	want := bytes.Repeat([]byte{255}, 64)
	want[2*8] = 0 // of the line, one pixel is in the centre square
	for i := range d.Train.Len() {
		if got := pixels[64*i : 64*i+64]; !bytes.Equal(got, want) {
			t.Errorf("image %d: %d, want %d", i, got, want)
		}
	}
}

// tiffWith is an image of 4 x 4 grey pixels, or of three channels, with these tags beside.
func tiffWith(samples int, tags map[uint16]uint16) []byte {
	all := map[uint16]uint16{256: 4, 257: 4, 258: 8, 259: 1, 262: uint16(samples) / 2 * 2, 273: 8,
		277: uint16(samples), 278: 4, 279: uint16(16 * samples)}
	if samples == 1 {
		all[262] = 1
	}
	for k, v := range tags {
		all[k] = v
	}
	b := append([]byte("II*\x00"), 0, 0, 0, 0)
	b = append(b, pattern(16*samples, 1)...)
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(all)))
	for tag := range uint16(1 << 10) {
		if v, ok := all[tag]; ok {
			for _, half := range []uint16{tag, 3, 1, 0, v, 0} {
				b = binary.LittleEndian.AppendUint16(b, half)
			}
		}
	}
	return append(b, 0, 0, 0, 0)
}

// TestTIFFLacks: what the decoder would take for something else is named. Without it the same file
// opens.
func TestTIFFLacks(t *testing.T) {
	files := pets(t, "")
	files["cat/9.tif"] = tiffWith(1, nil)
	mustOpen(t, files.folder(t), data.Options{})
	for says, file := range map[string][]byte{
		"planar configuration 2": tiffWith(3, map[uint16]uint16{284: 2}),
		"fill order 2":           tiffWith(1, map[uint16]uint16{266: 2}),
		"two dimensions":         tiffWith(1, map[uint16]uint16{259: 3, 292: 1}),
	} {
		files["cat/9.tif"] = file
		failure(t, files.folder(t), data.Options{}, "9.tif", says, "convert it")
	}
}

// TestAnimatedWebP is named for what it is.
func TestAnimatedWebP(t *testing.T) {
	files := pets(t, "")
	files["cat/9.webp"] =
		[]byte("RIFF\x1e\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x02\x00\x00\x00\x03\x00\x00\x03\x00\x00ANIM\x00\x00\x00\x00")
	failure(t, files.folder(t), data.Options{}, "9.webp", "an animation: convert it")
}

// TestFoldersOfOthers: copies that macOS and disks of Synology add are not looked at.
func TestFoldersOfOthers(t *testing.T) {
	want := mustOpen(t, pets(t, "").folder(t), data.Options{})
	files := pets(t, "")
	files["__MACOSX/cat/._0.png"], files["cat/@eaDir/0.png/thumb.jpg"] = []byte("x"), []byte("x")
	if d := mustOpen(t, files.folder(t), data.Options{}); d.SHA256 != want.SHA256 {
		t.Error("another data set")
	}
}

// TestUnreadableFolder is listed with all that cannot be read, and can be left out.
func TestUnreadableFolder(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may read everything")
	}
	files := pets(t, "")
	files["dot/0.png"], files["cat/9.png"] = files["cat/0.png"], []byte("x")
	dir := files.folder(t)
	if err := os.Chmod(filepath.Join(dir, "dot"), 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(dir, "dot"), 0o755) })
	failure(t, dir, data.Options{}, "2 problems", "1 unreadable folder")
	if d := mustOpen(t, dir, data.Options{SkipDamaged: true}); len(d.Report.Skipped) != 2 {
		t.Errorf("skipped %q, want the folder and the file", d.Report.Skipped)
	}
}

// TestClassNameNotUTF8 is refused, and named, before anything is trained.
func TestClassNameNotUTF8(t *testing.T) {
	files := pets(t, "")
	files["b\xff/0.png"], files["b\xff/1.png"] = files["cat/0.png"], files["dog/0.png"]
	_, err := data.OpenTarStream(bytes.NewReader(files.tar(t, "")), data.Options{})
	if err == nil || !bytes.Contains([]byte(err.Error()), []byte(`"b\xff" is not UTF-8`)) {
		t.Errorf("%v", err)
	}
}
