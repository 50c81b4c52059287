package data_test

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/internal/data"
)

// digits is a data set in MNIST's form: 12 and 4 images of side 6.
func digits() tree {
	return tree{
		"train-images-idx3-ubyte": idx(pattern(12*36, 1), 12, 6, 6),
		"train-labels-idx1-ubyte": idx([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1}, 12),
		"t10k-images-idx3-ubyte":  idx(pattern(4*36, 2), 4, 6, 6),
		"t10k-labels-idx1-ubyte":  idx([]byte{9, 0, 9, 5}, 4),
	}
}

// There is nothing to learn from images of one class.
func TestOneLabelIsRefused(t *testing.T) {
	one := digits()
	one["train-labels-idx1-ubyte"] = idx(make([]byte, 12), 12)
	one["t10k-labels-idx1-ubyte"] = idx(make([]byte, 4), 4)
	refuses(t, one.tar(t, ""), `all 12 training images are of class "0"`, "2 classes or more")
}

func TestMNISTForms(t *testing.T) {
	packed, dotted := tree{}, tree{}
	for name, b := range digits() {
		packed[name+".gz"] = zip(t, b)
		dotted[name[:len(name)-len("-idx3-ubyte")]+"."+name[len(name)-len("idx3-ubyte"):]] = b
	}
	var first *data.Dataset
	for name, path := range map[string]string{
		"plain": digits().folder(t), "gz": packed.folder(t), "dotted": dotted.folder(t),
		"tar": write(t, "m.tar", packed.tar(t, "MNIST/raw/")),
		"tgz": write(t, "m.tgz", zip(t, digits().tar(t, ""))),
	} {
		d := mustOpen(t, path, data.Options{Holdout: -1})
		pixels, labels := all(t, d, d.Train)
		if d.Name != "mnist" || d.Channels != 1 || d.Size != 6 || len(d.Classes) != 10 ||
			d.Classes[7] != "7" {
			t.Errorf("%s: opened as %q, %d channels, size %d, classes %v", name, d.Name, d.Channels,
				d.Size, d.Classes)
		}
		if !bytes.Equal(pixels, pattern(12*36, 1)) ||
			!slices.Equal(labels, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1}) {
			t.Errorf("%s: wrong training images or labels %v", name, labels)
		}
		if _, labels := all(t, d, d.Test); !slices.Equal(labels, []int{9, 0, 9, 5}) {
			t.Errorf("%s: wrong test labels %v", name, labels)
		}
		if first == nil {
			first = d
		}
		if d.SHA256 != first.SHA256 {
			t.Errorf("%s: SHA256 depends on the packing", name)
		}
	}
}

func TestMNISTDamage(t *testing.T) {
	images, labels := "train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
	whole := digits()
	for name, c := range map[string]struct {
		file   string
		bytes  []byte
		offset int64
		says   string
	}{
		"cut":          {images, whole[images][:100], 100, "end of the file"},
		"longer":       {images, append(slices.Clone(whole[images]), 0), 16 + 12*36, "more bytes"},
		"wrong magic":  {images, whole[labels], 0, "0x00000803"},
		"label 10":     {labels, idx([]byte{9, 0, 10, 5}, 4), 10, "label under 10"},
		"label count":  {labels, idx([]byte{9, 0, 1}, 3), 4, "4 labels"},
		"other size":   {"t10k-images-idx3-ubyte", idx(pattern(4*30, 2), 4, 6, 5), 8, "6x6"},
		"giant images": {images, idx(pattern(12*2000, 2), 12, 1, 2000), 8, "6x5"},
	} {
		bad := maps.Clone(whole)
		bad[c.file] = c.bytes
		if name == "giant images" {
			c.says, bad["t10k-images-idx3-ubyte"] = "1024x1024", idx(pattern(4*2000, 2), 4, 1, 2000)
		}
		err := failure(t, bad.folder(t), data.Options{}, c.file, c.says)
		var damage *data.DamageError
		if !errors.As(err, &damage) || damage.Offset != c.offset {
			t.Errorf("%s: error %v: want damage at byte %d", name, err, c.offset)
		}
	}
	missing := maps.Clone(whole)
	delete(missing, labels)
	failure(t, missing.folder(t), data.Options{}, labels, "needs both")

	short := maps.Clone(whole)
	short[images] = short[images][:50]
	if err := failure(t, short.folder(t), data.Options{}); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error %v does not wrap io.ErrUnexpectedEOF", err)
	}

	packed := zip(t, whole[images])
	for cut := range packed {
		bad := maps.Clone(whole)
		delete(bad, images)
		bad[images+".gz"] = packed[:cut]
		failure(t, write(t, "m.tar", bad.tar(t, "")), data.Options{}, images+".gz")
	}
}

// TestMNISTResize scales a constant image, which must stay constant, and checks the shape.
func TestMNISTResize(t *testing.T) {
	files := digits()
	files["train-images-idx3-ubyte"] = idx(bytes.Repeat([]byte{77}, 12*36), 12, 6, 6)
	d := mustOpen(t, files.folder(t), data.Options{Size: 8, Holdout: -1})
	pixels, _ := all(t, d, d.Train)
	if d.Size != 8 || !bytes.Equal(pixels, bytes.Repeat([]byte{77}, 12*64)) {
		t.Errorf("size %d: a constant image did not stay constant: %v", d.Size, pixels[:64])
	}
}

// TestMNISTReal encodes what Open gives as idx files again and compares with the published MD5 sums
// of those.
func TestMNISTReal(t *testing.T) {
	d := mustOpen(t, shared(t, "mnist"), data.Options{Holdout: -1})
	for i, c := range []struct {
		set            data.Set
		images, labels string
	}{
		{d.Train, "6bbc9ace898e44ae57da46a324031adb", "a25bea736e30d166cdddb491f175f624"},
		{d.Test, "2646ac647ad5339dbf082846283269ea", "27ae3e4e09519cfbb04c329615203637"},
	} {
		pixels, labels := all(t, d, c.set)
		bytes := make([]byte, len(labels))
		for i, l := range labels {
			bytes[i] = byte(l)
		}
		n := uint32(len(labels))
		for want, file := range map[string][]byte{c.images: idx(pixels, n, 28, 28),
			c.labels: idx(bytes, n)} {
			if sum := md5.Sum(file); hex.EncodeToString(sum[:]) != want {
				t.Errorf("part %d: MD5 is %x, published is %s", i, sum, want)
			}
		}
	}
	// 0.1307 and 0.3081 are the values in common use for MNIST's 60,000 training images.
	mean, std := d.Stats()
	if near(mean[0], .1307, .002) && near(std[0], .3081, .002) {
		return
	}
	t.Errorf("mean %v and std %v: want about 0.1307 and 0.3081", mean, std)
}

func near(a, b, tolerance float32) bool { return max(a-b, b-a) <= tolerance }

// TestMNISTTooLarge wants 9000 images of 1024x1024, more than the cap of 8 GiB.
func TestMNISTTooLarge(t *testing.T) {
	files := digits()
	files["train-images-idx3-ubyte"] = idx(make([]byte, 9000), 9000, 1, 1)
	files["train-labels-idx1-ubyte"] = idx(make([]byte, 9000), 9000)
	files["t10k-images-idx3-ubyte"] = idx(make([]byte, 4), 4, 1, 1)
	failure(t, files.folder(t), data.Options{Size: 1024}, "9000 MiB", "smaller size")
}
