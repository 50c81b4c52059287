package data_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"image/color"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/data"
)

// TestTarIsItsFolder opens the same files as a folder and in several packings.
func TestTarIsItsFolder(t *testing.T) {
	files := pets(t, "train/", "test/")
	o := data.Options{Size: 4, Seed: 9, Holdout: 3}
	want := mustOpen(t, files.folder(t), o)
	pixels, _ := all(t, want, want.Train)
	for name, b := range map[string][]byte{
		"a.tar": files.tar(t, ""), "a.tar.gz": zip(t, files.tar(t, "./")),
		"a.tgz": zip(t, files.tar(t, "pets-1.0/")), "unnamed": files.tar(t, "x/"),
	} {
		d := mustOpen(t, write(t, name, b), o)
		got, _ := all(t, d, d.Train)
		if d.SHA256 != want.SHA256 || !bytes.Equal(got, pixels) || d.Val.Len() != 3 {
			t.Errorf("%s differs from the folder", name)
		}
	}
}

// TestTarIgnoresOrder writes entries from last to first.
func TestTarIgnoresOrder(t *testing.T) {
	files := pets(t, "")
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	paths := files.paths()
	for i := len(paths) - 1; i >= 0; i-- {
		body := files[paths[i]]
		if err := w.WriteHeader(&tar.Header{Name: paths[i], Mode: 0o644,
			Size: int64(len(body))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	d, err := data.OpenTarStream(&b, data.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if want := mustOpen(t, files.folder(t), data.Options{}); d.SHA256 != want.SHA256 {
		t.Error("the order of a tar's entries matters")
	}
}

// TestTarCut cuts a tar and its gzip everywhere: nothing of it may be opened as whole, except when
// only padding is lost.
func TestTarCut(t *testing.T) {
	files := tree{}
	for i := range 2 {
		for _, class := range []string{"train/a/", "train/b/", "test/a/", "test/b/"} {
			files[class+string(rune('0'+i))+".png"] = pngOf(t,
				flat(2, 2, color.NRGBA{byte(i), 2, 3, 255}))
		}
	}
	plain := files.tar(t, "")
	packed := zip(t, plain)
	end := len(plain) - 1024 // two blocks of zeros
	for cut := 0; cut < end+512; cut += 64 {
		_, err := data.OpenTarStream(bytes.NewReader(plain[:cut]), data.Options{Size: 2})
		checkCut(t, "tar", cut, len(plain), err)
	}
	for cut := 0; cut < len(packed); cut += 7 {
		_, err := data.OpenTarStream(bytes.NewReader(packed[:cut]), data.Options{Size: 2})
		checkCut(t, "gzip", cut, len(packed), err)
	}
	flipped := bytes.Clone(packed)
	flipped[len(flipped)-6] ^= 1 // of the checksum
	_, err := data.OpenTarStream(bytes.NewReader(flipped), data.Options{Size: 2})
	checkCut(t, "gzip checksum", 0, 0, err)
}

func checkCut(t *testing.T, kind string, cut, of int, err error) {
	t.Helper()
	var damage *data.DamageError
	switch {
	case err == nil:
		t.Errorf("%s cut at byte %d of %d was opened", kind, cut, of)
	case !errors.As(err, &damage) && !errors.Is(err, data.ErrForm):
		t.Errorf("%s cut at byte %d of %d: error %v", kind, cut, of, err)
	case damage != nil && (damage.Entry == "" || damage.File == ""):
		t.Errorf("%s cut at byte %d of %d: error %v does not name the entry", kind, cut, of, err)
	}
}

func TestTarRefuses(t *testing.T) {
	img := pngOf(t, colourImage(4, 4, 1))
	for _, c := range []struct {
		name string
		head tar.Header
		says string
	}{
		{"twice", tar.Header{Name: "./train/cat/0.png", Typeflag: tar.TypeReg,
			Size: int64(len(img))}, "twice"},
		{"hard link", tar.Header{Name: "train/cat/9.png", Typeflag: tar.TypeLink,
			Linkname: "train/cat/0.png"}, "regular file"},
		{"symbolic link", tar.Header{Name: "train/cat/9.png", Typeflag: tar.TypeSymlink,
			Linkname: "0.png"}, "regular file"},
		{"link to a folder", tar.Header{Name: "train/bee", Typeflag: tar.TypeSymlink,
			Linkname: "cat"}, "--dereference"},
		{"huge", tar.Header{Name: "train/cat/9.png", Typeflag: tar.TypeReg, Size: math.MaxInt64 /
			2}, "at most"},
		{"outside", tar.Header{Name: "../../9.png", Typeflag: tar.TypeReg, Size: int64(len(img))},
			"CLASS/file"},
	} {
		body := pets(t, "train/", "test/").tar(t, "")
		b := bytes.NewBuffer(body[:len(body)-1024])
		w := tar.NewWriter(b)
		if err := w.WriteHeader(&c.head); err != nil {
			t.Fatal(err)
		}
		if c.head.Size == int64(len(img)) {
			if _, err := w.Write(img); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
		}
		failure(t, write(t, "p.tar", b.Bytes()), data.Options{}, "p.tar", c.says)
	}
}

// TestTarLongEntries has an image of more than a MiB: a PNG may be followed by anything.
func TestTarLongEntries(t *testing.T) {
	files := pets(t, "train/", "test/")
	want := mustOpen(t, files.folder(t), data.Options{Size: 4})
	files["train/cat/0.png"] = append(files["train/cat/0.png"], make([]byte, 2<<20)...)
	b := files.tar(t, "")
	d, err := data.OpenTarStream(bytes.NewReader(b), data.Options{Size: 4})
	if err != nil {
		t.Fatal(err)
	}
	got, _ := all(t, d, d.Train)
	expected, _ := all(t, want, want.Train)
	if !bytes.Equal(got, expected) || d.SHA256 == want.SHA256 {
		t.Error("bytes behind an image must change the identity only")
	}
	_, err = data.OpenTarStream(bytes.NewReader(b[:len(b)-1<<20]), data.Options{Size: 4})
	checkCut(t, "long entry", len(b)-1<<20, len(b), err)
}

// TestTarReal opens the 60,000 JPEGs of CIFAR-10.
func TestTarReal(t *testing.T) {
	path := shared(t, "cifar10/cifar10-jpeg.tar.gz")
	d := mustOpen(t, path, data.Options{})
	if got := strings.Join(d.Classes,
		" "); got != "airplane automobile bird cat deer dog frog horse ship truck" {
		t.Errorf("classes %q", got)
	}
	if d.Channels != 3 || d.Size != 32 || d.Train.Len() != 45_000 || d.Val.Len() != 5000 ||
		d.Test.Len() != 10_000 {
		t.Errorf("%d channels, size %d, parts of %d, %d, %d", d.Channels, d.Size, d.Train.Len(),
			d.Val.Len(), d.Test.Len())
	}
	counts := map[int]int{}
	for _, s := range []data.Set{d.Train, d.Val} {
		for i := range s.Len() {
			counts[s.Label(i)]++
		}
	}
	for l := range 10 {
		if counts[l] != 5000 {
			t.Errorf("class %d has %d images: want 5000", l, counts[l])
		}
	}
	// The JPEGs' colours are near the originals', whose published mean is (.4914, .4822, .4465).
	mean, _ := d.Stats()
	if !near(mean[0], .4914, .003) || !near(mean[1], .4822, .003) || !near(mean[2], .4465, .003) {
		t.Errorf("mean %v", mean)
	}
}

// FuzzTar checks that whatever opens can be read to the end.
func FuzzTar(f *testing.F) {
	small := tree{}
	for _, name := range []string{"train/a/0.png", "train/b/0.png", "test/a/0.png",
		"test/b/0.png"} {
		small[name] = pngOf(f, flat(2, 2, color.NRGBA{byte(1), 2, 3, 255}))
	}
	f.Add(small.tar(f, ""))
	f.Add(zip(f, small.tar(f, "lead/")))
	f.Add(digits().tar(f, ""))
	f.Add(tree{"a/0.jpg": jpegOf(f, greyImage(3, 3, 1)), "b/.jpg": nil,
		"b/1.jpg": {0xff, 0xd8}}.tar(f, "./"))
	f.Add([]byte{0x1f, 0x8b})
	f.Fuzz(func(t *testing.T, b []byte) {
		if tooLong(b) {
			return
		}
		d, err := data.OpenTarStream(bytes.NewReader(b), data.Options{Size: 4})
		if err != nil {
			oneLine(t, err)
			return
		}
		for _, s := range []data.Set{d.Train, d.Val, d.Test} {
			all(t, d, s)
		}
	})
}

// FuzzPaths puts the same image at any paths, a line each, and checks that whatever opens has all
// of them.
func FuzzPaths(f *testing.F) {
	f.Add("train/a/0.png\ntrain/b/0.png\ntest/a/0.png\ntest/b/0.png")
	f.Add("x/a/0.png\nx/a/1.png\nx/b/c/d/0.png\n./x/b/1.jpg\n.x/y.png")
	f.Add("a/../../b/1.png\n/a/2.png\na//3.png\nb/2.png\nval/b/3.png")
	img := pngOf(f, flat(2, 2, color.White))
	f.Fuzz(func(t *testing.T, lines string) {
		files, n := tree{}, 0
		for line := range strings.Lines(lines) {
			name := strings.TrimSpace(line)
			if name == "" || strings.HasSuffix(name, "/") || strings.Contains(name, "\x00") {
				return
			}
			files[name] = img
		}
		for name := range files {
			if !strings.HasPrefix(name, ".") && !strings.Contains(name, "/.") &&
				strings.HasSuffix(name, ".png") {
				n++
			}
		}
		d, err := data.OpenTarStream(bytes.NewReader(files.tar(t, "")), data.Options{Size: 2})
		if err != nil {
			oneLine(t, err)
			return
		}
		if got := d.Train.Len() + d.Val.Len() + d.Test.Len(); got < n {
			t.Errorf("%d images of %d for %q", got, n, lines)
		}
		for _, s := range []data.Set{d.Train, d.Val, d.Test} {
			for i := range s.Len() {
				if l := s.Label(i); l < 0 || l >= len(d.Classes) {
					t.Errorf("label %d of %d classes", l, len(d.Classes))
				}
			}
		}
	})
}

// tooLong tells gzip bombs, on which a fuzzer would lose its time.
func tooLong(b []byte) bool {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return false
	}
	n, _ := io.Copy(io.Discard, io.LimitReader(z, 1<<22))
	return n == 1<<22
}
