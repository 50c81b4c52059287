package data_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/data"
)

// record is a CIFAR record: labels, then planes of an image whose pixel (y,x) is (v, y, x).
func record(v byte, labels ...byte) []byte {
	b := slices.Clone(labels)
	for c := range 3 {
		for y := range 32 {
			for x := range 32 {
				b = append(b, []byte{v, byte(y), byte(x)}[c])
			}
		}
	}
	return b
}

// cifar10 has two images in every file.
func cifar10() tree {
	f := tree{"readme.html": []byte("<html>"),
		"batches.meta.txt": []byte(
			"airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n")}
	for i := range 6 {
		name := fmt.Sprintf("data_batch_%d.bin", i+1)
		if i == 5 {
			name = "test_batch.bin"
		}
		f[name] = append(record(byte(2*i), byte(i)), record(byte(2*i+1), 9)...)
	}
	return f
}

func cifar100() tree {
	var names strings.Builder
	for i := range 100 {
		fmt.Fprintf(&names, "thing %d\r\n", i)
	}
	return tree{
		"train.bin":            slices.Concat(record(1, 19, 99), record(2, 0, 42), record(3, 7, 0)),
		"test.bin":             record(4, 0, 1),
		"fine_label_names.txt": []byte(names.String()),
	}
}

func TestCIFAR10Forms(t *testing.T) {
	folder := mustOpen(t, cifar10().folder(t), data.Options{Holdout: -1})
	packed := mustOpen(t, write(t, "cifar-10-binary.tar.gz",
		zip(t, cifar10().tar(t, "cifar-10-batches-bin/"))), data.Options{Holdout: -1})
	if folder.SHA256 != packed.SHA256 {
		t.Error("SHA256 of the folder and of the tar differ")
	}
	for _, d := range []*data.Dataset{folder, packed} {
		if d.Name != "cifar10" || d.Channels != 3 || d.Size != 32 || len(d.Classes) != 10 ||
			d.Classes[9] != "truck" {
			t.Fatalf("opened as %q, %d channels, size %d, classes %q", d.Name, d.Channels, d.Size,
				d.Classes)
		}
		pixels, labels := all(t, d, d.Train)
		if !slices.Equal(labels, []int{0, 9, 1, 9, 2, 9, 3, 9, 4, 9}) {
			t.Errorf("labels %v", labels)
		}
		for i := range labels {
			for _, at := range [][2]int{{0, 0}, {0, 31}, {5, 17}, {31, 31}} {
				p := pixels[((i*32+at[0])*32+at[1])*3:][:3]
				if want := []byte{byte(i), byte(at[0]), byte(at[1])}; !bytes.Equal(p, want) {
					t.Errorf("image %d at %v: %v, want %v", i, at, p, want)
				}
			}
		}
		if _, labels := all(t, d, d.Test); !slices.Equal(labels, []int{5, 9}) {
			t.Errorf("test labels %v", labels)
		}
	}
}

func TestCIFAR100(t *testing.T) {
	d := mustOpen(t, cifar100().folder(t), data.Options{Holdout: -1})
	if _, labels := all(t, d, d.Train); !slices.Equal(labels, []int{99, 42, 0}) {
		t.Errorf("labels %v: want the fine ones", labels)
	}
	if d.Name != "cifar100" || len(d.Classes) != 100 || d.Classes[42] != "thing 42" {
		t.Errorf("opened as %q with classes %q", d.Name, d.Classes)
	}
	unnamed := cifar100()
	delete(unnamed, "fine_label_names.txt")
	if d := mustOpen(t, unnamed.folder(t), data.Options{}); d.Classes[42] != "42" {
		t.Errorf("class 42 without names is %q", d.Classes[42])
	}
}

func TestCIFARDamage(t *testing.T) {
	ten, hundred := cifar10(), cifar100()
	for name, c := range map[string]struct {
		files  tree
		file   string
		bytes  []byte
		offset int64
		says   string
	}{
		"cut in a record": {ten, "data_batch_3.bin", ten["data_batch_3.bin"][:6000], 6000,
			"3073-byte records"},
		"cut between records": {ten, "data_batch_3.bin", ten["data_batch_3.bin"][:3073], 3073,
			"6146 bytes as in data_batch_1.bin"},
		"empty": {ten, "test_batch.bin", nil, 0, "3073-byte records"},
		"label": {ten, "data_batch_2.bin", append(record(0, 3), record(0, 10)...),
			3073, "label under 10"},
		"names": {ten, "batches.meta.txt", []byte("cat\ndog\n"), -1,
			"10 class names"},
		"long names": {ten, "batches.meta.txt", bytes.Repeat([]byte("x"), 1<<16+1),
			1 << 16, "10 class names"},
		"coarse label":          {hundred, "test.bin", record(0, 20, 3), 0, "label under 20"},
		"fine label":            {hundred, "test.bin", record(0, 19, 100), 1, "label under 100"},
		"record of another set": {hundred, "train.bin", record(0, 19), 3073, "3074-byte records"},
	} {
		bad := maps.Clone(c.files)
		bad[c.file] = c.bytes
		for _, path := range []string{bad.folder(t), write(t, "c.tar", bad.tar(t, "./"))} {
			err := failure(t, path, data.Options{}, c.file, c.says)
			var damage *data.DamageError
			if !errors.As(err, &damage) || damage.Offset != c.offset {
				t.Errorf("%s: error %v: want damage at byte %d", name, err, c.offset)
			}
		}
	}
	delete(ten, "data_batch_4.bin")
	failure(t, ten.folder(t), data.Options{}, "data_batch_4.bin", "needs both")
}

// TestCIFARStats checks that published constants go with 50,000 training images only.
func TestCIFARStats(t *testing.T) {
	small := mustOpen(t, cifar10().folder(t), data.Options{Holdout: -1})
	if mean, _ := small.Stats(); !near(mean[0], 4.5/255, 1e-6) || !near(mean[1], 15.5/255, 1e-6) {
		t.Errorf("computed mean is %v: want (4.5, 15.5, 15.5)/255", mean)
	}
	if testing.Short() {
		t.Skip("the official size is left out of short tests")
	}
	dir := t.TempDir()
	for name := range cifar10() {
		// A file of zeros that takes no space on the disk: a black automobile and 9,999 black
		// airplanes.
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, ".bin") {
			_, err = f.Write([]byte{1})
			err = errors.Join(err, f.Truncate(10_000*3073))
		} else {
			_, err = f.Write(cifar10()[name])
		}
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	d := mustOpen(t, dir, data.Options{})
	mean, std := d.Stats()
	if !slices.Equal(mean, []float32{.4914, .4822, .4465}) ||
		!slices.Equal(std, []float32{.2023, .1994, .2010}) {
		t.Errorf("mean %v and std %v are not the published ones", mean, std)
	}
	mean[0] = 9
	if again, _ := d.Stats(); again[0] == 9 {
		t.Error("Stats gave away its own slice")
	}
}

func TestCIFARResize(t *testing.T) {
	d := mustOpen(t, cifar10().folder(t), data.Options{Size: 16, Holdout: -1})
	pixels, _ := all(t, d, d.Train)
	// Halving a ramp of y puts row y at 2y+0.5; the kernel reaches past the edge near it, so look
	// inside.
	for _, y := range []int{4, 8, 11} {
		p := pixels[((3*16+y)*16+8)*3:][:3]
		if p[0] != 3 || p[1] < byte(2*y) || p[1] > byte(2*y+1) {
			t.Errorf("row %d of image 3 is %v: want (3, %d.5, 16.5)", y, p, 2*y)
		}
	}
}

// FuzzCIFAR gives the same bytes to all files of a data set, and checks that what opens holds those
// bytes.
func FuzzCIFAR(f *testing.F) {
	f.Add(record(7, 3), true)
	f.Add(record(7, 3, 99), false)
	f.Add([]byte{1, 2, 3}, true)
	f.Fuzz(func(t *testing.T, b []byte, ten bool) {
		files := tree{"train.bin": b, "test.bin": b}
		head := 2
		if ten {
			files, head = tree{}, 1
			for name := range cifar10() {
				if strings.HasSuffix(name, ".bin") {
					files[name] = b
				}
			}
		}
		d, err := data.OpenTarStream(bytes.NewReader(files.tar(t, "")), data.Options{})
		if err != nil {
			return
		}
		pixels, labels := all(t, d, d.Test)
		for i, l := range labels {
			rec := b[i*(head+3072) : (i+1)*(head+3072)]
			if int(rec[head-1]) != l {
				t.Errorf("image %d: label %d, record has %d", i, l, rec[head-1])
			}
			for p := range 1024 {
				if got := pixels[i*3072+3*p:][:3]; got[0] != rec[head+p] ||
					got[1] != rec[head+1024+p] || got[2] != rec[head+2048+p] {
					t.Fatalf("image %d, pixel %d is %v", i, p, got)
				}
			}
		}
	})
}
