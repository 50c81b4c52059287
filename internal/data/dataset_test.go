package data_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/data"
)

// failure opens path and gives the message, after checking that it is one line and says all that it
// must.
func failure(t *testing.T, path string, o data.Options, says ...string) error {
	t.Helper()
	d, err := data.Open(path, o)
	if err == nil {
		t.Fatalf("opened %s of %d images: want an error", d.Name, d.Train.Len())
	}
	for _, s := range says {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("error %q does not say %q", err, s)
		}
	}
	oneLine(t, err)
	return err
}

func TestOpenRefusesWhatItDoesNotKnow(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{
		filepath.Join(dir, "absent"),
		dir,
		write(t, "notes.txt", []byte("not a tar, though long enough to be read as one would be")),
		write(t, "empty.tar", nil),
		write(t, "half.tgz", []byte{0x1f, 0x8b, 8}),
		write(t, "text.tar.gz", zip(t, []byte("hello"))),
		tree{"readme.txt": []byte("x"), "sub/notes.csv": []byte("y")}.folder(t),
	} {
		err := failure(t, path, data.Options{}, path, "synthetic", "CIFAR-10", "train/CLASS")
		if !errors.Is(err, data.ErrForm) {
			t.Errorf("%q: error %v is not ErrForm", path, err)
		}
	}
	failure(t, write(t, "one.jpg", pngOf(t, colourImage(8, 8, 0))), data.Options{}, "one PNG image",
		"class folder")
	if _, err := data.Open(filepath.Join(dir, "absent"), data.Options{}); !errors.Is(err,
		fs.ErrNotExist) {
		t.Errorf("absent: error %v is not fs.ErrNotExist", err)
	}
}

func TestOpenNamesTheWrongOption(t *testing.T) {
	for field, o := range map[string]data.Options{
		"Options.Size": {Size: -1}, "Size is 5000": {Size: 5000}, "Size is 4": {Size: 4},
		"Options.Holdout": {Holdout: -2},
		"Options.Train":   {Train: -1}, "Options.Test": {Test: 1 << 30},
	} {
		failure(t, "synthetic", o, field)
	}
	failure(t, "synthetic", data.Options{Train: 50, Test: 10, Holdout: 50}, "50 training images",
		"cannot hold out 50")
}

// numbered is a data set of two classes whose image i is filled with i, so that an image tells
// which it is.
func numbered(t *testing.T, train, test int) string {
	body := func(n, from int) []byte {
		b := make([]byte, 4*n)
		for i := range b {
			b[i] = byte(from + i/4)
		}
		return b
	}
	labels := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(i % 2)
		}
		return b
	}
	return tree{
		"train-images-idx3-ubyte": idx(body(train, 0), uint32(train), 2, 2),
		"train-labels-idx1-ubyte": idx(labels(train), uint32(train)),
		"t10k-images-idx3-ubyte":  idx(body(test, train), uint32(test), 2, 2),
		"t10k-labels-idx1-ubyte":  idx(labels(test), uint32(test)),
	}.folder(t)
}

// numbers lists which images a set of numbered has.
func numbers(t *testing.T, d *data.Dataset, s data.Set) []int {
	var list []int
	pixels, labels := all(t, d, s)
	for i, l := range labels {
		n := int(pixels[4*i])
		if l != n%2 {
			t.Errorf("image %d has label %d", n, l)
		}
		list = append(list, n)
	}
	return list
}

func TestHoldout(t *testing.T) {
	path := numbered(t, 60, 10)
	for _, c := range []struct{ holdout, want int }{{0, 6}, {-1, 0}, {1, 1}, {59, 59}} {
		d := mustOpen(t, path, data.Options{Holdout: c.holdout})
		train, val := numbers(t, d, d.Train), numbers(t, d, d.Val)
		if len(val) != c.want {
			t.Errorf("Holdout %d: %d images held out, want %d", c.holdout, len(val), c.want)
		}
		union := slices.Concat(train, val)
		slices.Sort(union)
		if len(slices.Compact(union)) != 60 || union[59] != 59 {
			t.Errorf("Holdout %d: train and val do not divide the images: %v and %v", c.holdout,
				train, val)
		}
	}
	one := mustOpen(t, path, data.Options{Seed: 1})
	two := mustOpen(t, path, data.Options{Seed: 2})
	if slices.Equal(numbers(t, one, one.Val), numbers(t, two, two.Val)) {
		t.Error("two seeds hold out the same images")
	}
}

// TestSHA256 checks that the identity changes with everything that changes what the sets give, and
// with nothing else.
func TestSHA256(t *testing.T) {
	path := numbered(t, 60, 10)
	base := mustOpen(t, path, data.Options{})
	if len(base.SHA256) != 64 {
		t.Fatalf("SHA256 is %q: want 64 hex digits", base.SHA256)
	}
	for name, same := range map[string]*data.Dataset{
		"again": mustOpen(t, numbered(t, 60, 10), data.Options{}), "explicit defaults": mustOpen(t,
			path, data.Options{Size: 2, Holdout: 6}),
	} {
		if same.SHA256 != base.SHA256 {
			t.Errorf("%s: SHA256 differs", name)
		}
	}
	seen := map[string]string{base.SHA256: "base"}
	for name, d := range map[string]*data.Dataset{
		"size": mustOpen(t, path, data.Options{Size: 3}), "hold-out": mustOpen(t, path,
			data.Options{Holdout: 7}),
		"none held out": mustOpen(t, path, data.Options{Holdout: -1}), "seed": mustOpen(t, path,
			data.Options{Seed: 1}),
		"content": mustOpen(t, numbered(t, 60, 11), data.Options{}),
	} {
		if other, dup := seen[d.SHA256]; dup {
			t.Errorf("%s has the SHA256 of %s", name, other)
		}
		seen[d.SHA256] = name
	}
}

// oneLine checks that an error is a line, and that what it lists are: names from files must not
// break them.
func oneLine(t *testing.T, err error) {
	t.Helper()
	lines := []string{err.Error()}
	var problems *data.ProblemsError
	if errors.As(err, &problems) {
		lines = append(lines, problems.List()...)
	}
	for _, l := range lines {
		if strings.ContainsAny(l, "\n\r") {
			t.Errorf("line of an error is several: %q", l)
		}
	}
}
