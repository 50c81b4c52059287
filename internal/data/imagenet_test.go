package data_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/data"
)

// imagenet is a small set of ImageNet's form: three classes, their validation images in one folder.
// kind says where their classes are.
func imagenet(t testing.TB, kind string) tree {
	classes := []string{"n01440764", "n01443537", "n02119789"}
	files := tree{"readme.txt": nil}
	var kaggle, synsets, devkit strings.Builder
	kaggle.WriteString("ImageId,PredictionString\n")
	for c, class := range classes {
		for i := range 4 {
			files[fmt.Sprintf("train/%s/%s_%d.JPEG", class, class, i)] =
				jpegOf(t, colourImage(20+i, 24, 10*c+i))
		}
	}
	for i, c := range []int{2, 0, 1, 1, 0, 2, 2} {
		name := fmt.Sprintf("ILSVRC2012_val_%08d", i+1)
		at := "val/" + name + ".JPEG"
		if kind == "sorted" {
			at = "val/" + classes[c] + "/" + name + ".JPEG"
		}
		files[at] = jpegOf(t, colourImage(24, 20+i, 100+i))
		fmt.Fprintf(&kaggle, "%s,%s 1 2 3 4 %s 5 6 7 8 \n", name, classes[c], classes[c])
		fmt.Fprintln(&synsets, classes[c])
		fmt.Fprintln(&devkit, 3-c) // numbers in another order than names
	}
	switch kind {
	case "kaggle":
		files["LOC_val_solution.csv"] = []byte(kaggle.String())
	case "synsets":
		files["imagenet_2012_validation_synset_labels.txt"] = []byte(synsets.String())
	case "devkit":
		files["ILSVRC2012_validation_ground_truth.txt"] = []byte(devkit.String())
		files["map_clsloc.txt"] = []byte("n02119789 1 kit_fox\nn01443537 2 goldfish\nn01440764 3 tench\n")
	}
	return files
}

// TestImageNet: whatever lists the classes of the validation images, they are the same data as in
// class folders.
func TestImageNet(t *testing.T) {
	want := mustOpen(t, imagenet(t, "sorted").folder(t), data.Options{Size: 16, Holdout: -1})
	if want.Test.Len() != 7 || want.Train.Len() != 12 || len(want.Classes) != 3 {
		t.Fatalf("%v", want.Report)
	}
	pixels, labels := all(t, want, want.Test)
	for _, kind := range []string{"kaggle", "synsets", "devkit"} {
		d := mustOpen(t, imagenet(t, kind).folder(t), data.Options{Size: 16, Holdout: -1})
		gotPixels, gotLabels := all(t, d, d.Test)
		if d.SHA256 != want.SHA256 || !slices.Equal(gotLabels, labels) ||
			!bytes.Equal(gotPixels, pixels) {
			t.Errorf("%s: labels %v, want %v", kind, gotLabels, labels)
		}
	}
}

func TestImageNetRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		kind   string
		change func(tree)
		want   string
	}{
		"no list":   {"none", func(tree) {}, "without a class folder"},
		"no map":    {"devkit", func(f tree) { delete(f, "map_clsloc.txt") }, "put that beside it"},
		"no number": {"devkit", func(f tree) { f["map_clsloc.txt"] = []byte("n1 1\n") }, "entry 2 is"},
		"unlisted": {"kaggle", func(f tree) { f["val/more.JPEG"] = f["val/ILSVRC2012_val_00000001.JPEG"] },
			"an image that LOC_val_solution.csv lists"},
		"no rows": {"kaggle", func(f tree) { f["LOC_val_solution.csv"] = []byte("a\nb\n") }, "line 1 is"},
		"a path": {"synsets", func(f tree) {
			f["imagenet_2012_validation_synset_labels.txt"] = []byte("../x\n")
		}, "entry 1 is"},
	} {
		files := imagenet(t, c.kind)
		c.change(files)
		_, err := data.Open(files.folder(t), data.Options{Size: 16})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
}

// TestOnly: a subset is what a folder with these classes alone has, its labels in the order that is
// asked for; what is left out is not looked at.
func TestOnly(t *testing.T) {
	files := imagenet(t, "kaggle")
	files["train/n01443537/broken.JPEG"] = []byte("no image")
	names := []string{"n02119789", "n01440764"}
	d := mustOpen(t, files.folder(t), data.Options{Size: 16, Holdout: -1, Only: names})
	if !slices.Equal(d.Classes, names) || d.Train.Len() != 8 || d.Test.Len() != 5 {
		t.Fatalf("%v: %v", d.Classes, d.Report)
	}
	for p := range files {
		if strings.Contains(p, "n01443537") {
			delete(files, p)
		}
	}
	for _, i := range []int{3, 4} { // the validation images of that class
		delete(files, fmt.Sprintf("val/ILSVRC2012_val_%08d.JPEG", i))
	}
	alone := mustOpen(t, files.folder(t), data.Options{Size: 16, Holdout: -1})
	for _, sets := range [][2]data.Set{{d.Train, alone.Train}, {d.Test, alone.Test}} {
		got, gotLabels := all(t, d, sets[0])
		want, labels := all(t, alone, sets[1])
		if !bytes.Equal(got, want) {
			t.Error("other images than of a folder with these classes alone")
		}
		for i, l := range labels {
			if gotLabels[i] != 1-l {
				t.Errorf("image %d has label %d, and %d without --classes", i, gotLabels[i], l)
			}
		}
	}
	if d.SHA256 == alone.SHA256 {
		t.Error("classes in another order have the same hash")
	}
	slices.Sort(names)
	if same := mustOpen(t, files.folder(t), data.Options{Size: 16, Holdout: -1,
		Only: names}); same.SHA256 != alone.SHA256 {
		t.Error("all classes in their order have another hash than without a list")
	}
	_, err := data.Open(files.folder(t), data.Options{Only: []string{"n01440764", "n1"}})
	if err == nil || !strings.Contains(err.Error(), `no images of class "n1"`) {
		t.Errorf("error %v about a class that is not there", err)
	}
}

// TestOnlyOfSynthetic: data in one file has subsets, too.
func TestOnlyOfSynthetic(t *testing.T) {
	o := data.Options{Size: 12, Train: 60, Test: 20, Holdout: -1}
	whole := mustOpen(t, "synthetic", o)
	o.Only = []string{whole.Classes[7], whole.Classes[2]}
	d := mustOpen(t, "synthetic", o)
	if d.Train.Len() != 12 || d.Test.Len() != 4 || d.Train.Label(0) != 1 || d.Train.Label(1) != 0 {
		t.Errorf("%v, first labels %d, %d", d.Report, d.Train.Label(0), d.Train.Label(1))
	}
}

func TestLoadClasses(t *testing.T) {
	for text, want := range map[string]string{
		"b\n\n a \r\n": "[b a]", "\xef\xbb\xbfx\ny": "[x y]",
		"": "names 0 classes", "one\n": "names 1 classes", "a\nb\na\n": `:3: class "a" was in line 1`,
		"a\n\xff\n": ":2: the name",
	} {
		file := filepath.Join(t.TempDir(), "classes")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		names, err := data.LoadClasses(file)
		if got := fmt.Sprint(names, err); !strings.Contains(got, want) {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// TestPythonCIFAR: the files for Python are recognised, and it is said which to get.
func TestPythonCIFAR(t *testing.T) {
	for _, files := range []tree{{"data_batch_1": nil, "test_batch": nil},
		{"train": nil, "test": nil, "meta": nil}} {
		if _, err := data.Open(files.folder(t), data.Options{}); err == nil ||
			!strings.Contains(err.Error(), "get the binary version") {
			t.Error(err)
		}
	}
}

// TestCache: images that do not fit the memory come from the cache with the same bytes, also after
// their files are gone; a cache of other images is not taken for it.
func TestCache(t *testing.T) {
	files := imagenet(t, "sorted")
	files["train/n01440764/grey.JPEG"] = jpegOf(t, greyImage(30, 30, 3))
	path, cache := files.folder(t), t.TempDir()
	const few = 3 * 3 * 16 * 16 // three images fit
	open := func(path, cache string) *data.Dataset {
		t.Helper()
		d, err := data.OpenLimited(path, data.Options{Size: 16, Holdout: -1, Cache: cache}, few, 0,
			0, 0)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	plain := open(path, "")
	want, _ := all(t, plain, plain.Train)
	d := open(path, cache)
	size, missing := d.CacheSize()
	if size < 17*16*16*3 || missing != size || plain.SHA256 != d.SHA256 {
		t.Fatalf("the cache is to have %d bytes, %d are missing", size, missing)
	}
	if err := d.FillCache(t.Context(), func(int64) {}); err != nil {
		t.Fatal(err)
	}
	again := open(path, cache)
	if _, missing := again.CacheSize(); missing != 0 {
		t.Errorf("%d bytes are missing", missing)
	}
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	for _, d := range []*data.Dataset{d, again} {
		if got, _ := all(t, d, d.Train); !bytes.Equal(got, want) {
			t.Error("the cache gives other bytes")
		}
	}
	files["train/n01443537/n01443537_3.JPEG"] = jpegOf(t, colourImage(9, 9, 9))
	if size, missing := open(files.folder(t), cache).CacheSize(); missing != size {
		t.Error("other images are taken from the cache")
	}
	all := mustOpen(t, files.folder(t), data.Options{Size: 16, Cache: cache})
	if size, _ := all.CacheSize(); size != 0 {
		t.Error("images that fit the memory are cached")
	}
}
