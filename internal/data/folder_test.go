package data_test

import (
	"bytes"
	"errors"
	"fmt"
	"image/color"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/internal/data"
)

// pets has images of side 4 in parts; file i of a class has pattern 10*class+i.
func pets(t testing.TB, parts ...string) tree {
	f := tree{}
	for _, part := range parts {
		for l, class := range []string{"cat", "dog", "emu"} {
			for i := range 3 {
				f[fmt.Sprintf("%s%s/%d.png", part, class, i)] = pngOf(t, colourImage(4, 4, 10*l+i))
			}
		}
	}
	return f
}

func TestFolderWithParts(t *testing.T) {
	for _, parts := range [][]string{{"train/", "test/"}, {"train/", "val/"},
		{"train/", "validation/"}} {
		files := pets(t, parts...)
		files["train/.DS_Store"] = []byte("x")
		files["train/.hidden/1.png"] = []byte("x")
		files["train/cat/._0.png"] = []byte("x")
		files["labels.csv"] = []byte("x")
		d := mustOpen(t, files.folder(t), data.Options{Size: 4, Holdout: -1})
		if d.Name != "folder" || d.Channels != 3 ||
			!slices.Equal(d.Classes, []string{"cat", "dog", "emu"}) {
			t.Fatalf("%v: opened as %q, %d channels, classes %q", parts, d.Name, d.Channels,
				d.Classes)
		}
		for _, s := range []data.Set{d.Train, d.Test} {
			pixels, labels := all(t, d, s)
			if !slices.Equal(labels, []int{0, 0, 0, 1, 1, 1, 2, 2, 2}) {
				t.Errorf("%v: labels %v", parts, labels)
			}
			for i, l := range labels {
				if !bytes.Equal(pixels[48*i:48*i+48], pattern(48, 10*l+i%3)) {
					t.Errorf("%v: image %d of the right size does not keep its bytes", parts, i)
				}
			}
		}
		if d.Val.Len() != 0 {
			t.Errorf("%v: %d images held out", parts, d.Val.Len())
		}
	}
}

func TestFolderWithOwnVal(t *testing.T) {
	files := pets(t, "train/", "val/", "test/")
	delete(files, "val/cat/0.png")
	path := files.folder(t)
	d := mustOpen(t, path, data.Options{})
	if d.Train.Len() != 9 || d.Val.Len() != 8 || d.Test.Len() != 9 {
		t.Errorf("parts have %d, %d and %d images: want 9, 8, 9", d.Train.Len(), d.Val.Len(),
			d.Test.Len())
	}
	failure(t, path, data.Options{Holdout: 2}, "its own val/", "hold-out")
}

func TestFolderWithoutParts(t *testing.T) {
	files := tree{}
	for i := range 40 {
		files[fmt.Sprintf("lead/a/deep/%02d.png", i)] = pngOf(t,
			flat(2, 2, color.NRGBA{byte(i), 0, 0, 255}))
		files[fmt.Sprintf("lead/b/%02d.PNG", i%7)] = pngOf(t,
			flat(2, 2, color.NRGBA{byte(i % 7), 1, 0, 255}))
	}
	path := files.folder(t)
	d := mustOpen(t, path, data.Options{Size: 2, Holdout: -1})
	if !slices.Equal(d.Classes, []string{"a", "b"}) {
		t.Fatalf("classes %q", d.Classes)
	}
	_, labels := all(t, d, d.Test)
	if !slices.Equal(labels, []int{0, 0, 0, 0, 1}) {
		t.Errorf("test labels %v: want 10 %% of each class, at least one", labels)
	}
	both := slices.Concat(reds(t, d, d.Train), reds(t, d, d.Test))
	slices.Sort(both)
	if len(both) != 47 || len(slices.Compact(both)) != 47 {
		t.Errorf("train and test do not divide the images")
	}
	again := mustOpen(t, path, data.Options{Size: 2, Holdout: -1})
	other := mustOpen(t, path, data.Options{Size: 2, Holdout: -1, Seed: 5})
	if !slices.Equal(reds(t, d, d.Test), reds(t, again, again.Test)) ||
		slices.Equal(reds(t, d, d.Test), reds(t, other, other.Test)) {
		t.Error("the test part is not a function of the seed")
	}
}

// reds names images by label and red value.
func reds(t *testing.T, d *data.Dataset, s data.Set) []string {
	pixels, labels := all(t, d, s)
	var list []string
	for i, l := range labels {
		list = append(list, fmt.Sprint(l, pixels[i*d.Size*d.Size*d.Channels]))
	}
	return list
}

func TestFolderRefuses(t *testing.T) {
	img := pngOf(t, colourImage(4, 4, 1))
	for _, c := range []struct {
		name string
		add  tree
		says []string
	}{
		{"extra class in test", tree{"test/fox/0.png": img}, []string{`"fox"`, "none in train/"}},
		{"extra class in train", tree{"train/fox/0.png": img}, []string{`"fox"`, "none in test/"}},
		{"image outside a class", tree{"train/0.png": img}, []string{"0.png", "train/CLASS/file"}},
		{"image outside a part", tree{"more/cat/0.png": img}, []string{"more", "train/CLASS/file"}},
		{"unread kind", tree{"train/cat/9.heif": []byte("x")}, []string{"9.heif", "convert",
			"mend or remove"}},
		{"no image", tree{"train/cat/9.jpg": []byte("text")}, []string{"9.jpg", "a JPEG, PNG"}},
		{"empty image", tree{"train/cat/9.jpg": nil}, []string{"9.jpg", "a JPEG, PNG"}},
		{"two val", tree{"val/cat/0.png": img, "validation/cat/0.png": img, "val/dog/0.png": img,
			"validation/dog/0.png": img,
			"val/emu/0.png":        img, "validation/emu/0.png": img},
			[]string{"both val/ and validation/"}},
	} {
		files := pets(t, "train/", "test/")
		maps.Copy(files, c.add)
		t.Run(c.name, func(t *testing.T) { failure(t, files.folder(t), data.Options{}, c.says...) })
	}
	failure(t, pets(t, "test/").folder(t), data.Options{}, "train/CLASS/file")
	failure(t, tree{"cat/0.png": img, "cat/1.png": img}.folder(t), data.Options{}, "2 to",
		"class folders")
	failure(t, tree{"cat/0.png": img, "dog/0.png": img, "dog/1.png": img}.folder(t), data.Options{},
		`"cat"`, "2 or more")
	failure(t, tree{"0.png": img, "1.png": img}.folder(t), data.Options{}, "CLASS/file")
}

// TestFolderReportsFirstDamage has several damaged files; the report must not depend on which
// goroutine is faster.
func TestFolderReportsFirstDamage(t *testing.T) {
	files := pets(t, "train/", "test/")
	whole := jpegOf(t, colourImage(16, 16, 1))
	for i := range 20 {
		files[fmt.Sprintf("train/dog/x%02d.jpg", i)] = whole[:len(whole)-20]
	}
	path := files.folder(t)
	for range 10 {
		err := failure(t, path, data.Options{}, "x00.jpg", "JPEG")
		var damage *data.DamageError
		if !errors.As(err, &damage) || damage.Offset != int64(len(whole)-20) {
			t.Errorf("error %v: want damage at byte %d", err, len(whole)-20)
		}
	}
}

// TestFolderRefusesBombs has a small PNG that claims 2^31 - 1 pixels a side, and one of moderate
// sides and large area.
func TestFolderRefusesBombs(t *testing.T) {
	for _, side := range []uint32{1<<31 - 1, 30_000} {
		files := pets(t, "train/", "test/")
		files["train/cat/bomb.png"] = pngHeader(side, side)
		failure(t, files.folder(t), data.Options{}, "bomb.png")
	}
}

func TestFolderFollowsLinks(t *testing.T) {
	there := pets(t, "").folder(t)
	here := pets(t, "test/").folder(t)
	if err := os.Symlink(there, filepath.Join(here, "train")); err != nil {
		t.Skipf("no links here: %v", err)
	}
	if d := mustOpen(t, here, data.Options{Holdout: -1}); d.Train.Len() != 9 {
		t.Errorf("%d images behind the link: want 9", d.Train.Len())
	}
	if err := os.Symlink(here, filepath.Join(here, "test", "loop")); err != nil {
		t.Fatal(err)
	}
	failure(t, here, data.Options{}, "loop of links")

	device := pets(t, "").folder(t)
	if err := os.Symlink(os.DevNull, filepath.Join(device, "cat", "9.png")); err != nil {
		t.Fatal(err)
	}
	failure(t, device, data.Options{}, "9.png", "regular file")
	broken := pets(t, "").folder(t)
	if err := os.Symlink("nowhere", filepath.Join(broken, "cat", "9.png")); err != nil {
		t.Fatal(err)
	}
	failure(t, broken, data.Options{}, "9.png", "no such file")
}
