package data_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"testing"

	"github.com/tailor-nas/tailor/internal/data"
)

// upright has JPEG and PNG images of several shapes and kinds in which nothing is turned or
// transparent.
func upright(t testing.TB) tree {
	files := tree{}
	for i, part := range []string{"train", "validation", "test"} {
		for j, class := range []string{"a", "b"} {
			at := fmt.Sprintf("%s/%s/", part, class)
			deep := image.NewNRGBA64(image.Rect(0, 0, 21, 17))
			copy(deep.Pix, pattern(len(deep.Pix), i))
			for k := 6; k < len(deep.Pix); k += 8 {
				deep.Pix[k], deep.Pix[k+1] = 0xff, 0xff
			}
			files[at+"jpeg.jpg"] = jpegOf(t, colourImage(40+i, 30+j, i))
			files[at+"grey.jpeg"] = jpegOf(t, greyImage(9, 12, j))
			files[at+"rgb.png"] = pngOf(t, colourImage(11, 29, i+j))
			files[at+"grey.PNG"] = pngOf(t, greyImage(16, 16, j))
			files[at+"deep.png"] = pngOf(t, deep)
		}
	}
	return files
}

// TestUnchanged: where nothing was wrong with a data set, its hash and its pixels are those of
// earlier versions, so that runs stay valid. The values come from the version before images were
// turned and laid on white.
func TestUnchanged(t *testing.T) {
	for _, c := range []struct {
		size         int
		hash, pixels string
	}{
		{16, "739d0ea2dae1e958fa74af1d750239e38b907b2655629b5961555c105c16f5a6",
			"3a1076073aec79f56d9c4d0095fe3a093af831ad03b872e96ddbca94d1ff3582"},
		{64, "e5a8297c057e824b8207d0408c618927bb632a74a9c89e1e71692a1fc4e81e60",
			"c58c3851cbd5b74f723503d1f7ed6f76ff5eb649ec26efde5456c8066bcc03d6"},
	} {
		d := mustOpen(t, upright(t).folder(t), data.Options{Size: c.size, Seed: 3})
		h := sha256.New()
		for _, s := range []data.Set{d.Train, d.Val, d.Test} {
			pixels, labels := all(t, d, s)
			fmt.Fprintln(h, labels)
			h.Write(pixels)
		}
		if got := hex.EncodeToString(h.Sum(nil)); d.SHA256 != c.hash || got != c.pixels {
			t.Errorf("size %d: hash %s, pixels %s", c.size, d.SHA256, got)
		}
	}
}
