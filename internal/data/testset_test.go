package data_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/data"
)

// TestTestSet opens other data with the labels of a network: what has a test part gives that, what
// has none all of it, one image a class too.
func TestTestSet(t *testing.T) {
	// in an order of its own, and with a class that has no images
	network := []string{"emu", "bee", "dog", "cat"}
	for _, c := range []struct {
		name   string
		files  tree
		images int
		whole  bool
	}{
		{"test part", pets(t, "train/", "test/"), 9, false},
		{"no parts", pets(t, ""), 9, true},
		{"train alone", pets(t, "train/"), 9, true},
		{"one class", tree{"cat/0.png": pngOf(t, colourImage(4, 4, 0)),
			"cat/1.png": pngOf(t, colourImage(4, 4, 1))}, 2, true},
		{"one image a class", tree{"cat/0.png": pngOf(t, colourImage(4, 4, 0)),
			"dog/0.png": pngOf(t, colourImage(4, 4, 10))}, 2, true},
	} {
		test, err := data.OpenTest(c.files.folder(t), data.Options{Size: 4, Holdout: 2})
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if test.Whole != c.whole || (test.Dataset == nil) != (c.images == 2) {
			t.Errorf("%s: whole %v, data set %v", c.name, test.Whole, test.Dataset)
		}
		if r := test.Report; c.whole && (r.Train != 0 || r.Validation != 0 || r.Test != c.images ||
			!strings.Contains(r.String(), "test, ")) {
			t.Errorf("%s: %s, %+v", c.name, r, r)
		}
		set, err := test.For(network, 3)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if set.Len() != c.images {
			t.Errorf("%s: %d images, want %d", c.name, set.Len(), c.images)
		}
		per := c.images / len(test.Classes)
		pixels := make([]byte, 48)
		for i := range set.Len() {
			class := i / per
			if got, want := network[set.Label(i)],
				[]string{"cat", "dog", "emu"}[class]; got != want {
				t.Errorf("%s: image %d is labelled %s, want %s", c.name, i, got, want)
			}
			if err := set.Image(i, pixels); err != nil ||
				!bytes.Equal(pixels, pattern(48, 10*class+i%per)) {
				t.Errorf("%s: image %d has other pixels (%v)", c.name, i, err)
			}
		}
	}
}

// TestTestSetRefuses classes that are unknown, and colours for a network of grey images.
func TestTestSetRefuses(t *testing.T) {
	test, err := data.OpenTest(pets(t, "").folder(t), data.Options{Size: 4})
	if err != nil {
		t.Fatal(err)
	}
	_, err = test.For([]string{"cat", "hound"}, 3)
	if !errors.Is(err, data.ErrClasses) || !strings.Contains(err.Error(),
		"has dog, emu, but the network tells apart cat, hound") {
		t.Errorf("error %v, want one that names both", err)
	}
	if _, err = test.For([]string{"cat", "dog", "emu"}, 1); err == nil ||
		!strings.Contains(err.Error(), "grey") {
		t.Errorf("error %v, want one about colour", err)
	}
}

// TestTestSetGrey: grey images for a network of colour ones have the same value in each channel.
func TestTestSetGrey(t *testing.T) {
	files := tree{}
	for i, class := range []string{"cat", "dog"} {
		files[class+"/0.png"] = pngOf(t, greyImage(4, 4, i))
	}
	test, err := data.OpenTest(files.folder(t), data.Options{Size: 4})
	if err != nil {
		t.Fatal(err)
	}
	set, err := test.For([]string{"cat", "dog"}, 3)
	if err != nil {
		t.Fatal(err)
	}
	for i := range set.Len() {
		rgb := make([]byte, 48)
		if err := set.Image(i, rgb); err != nil {
			t.Fatal(err)
		}
		for p, v := range pattern(16, i) {
			if !bytes.Equal(rgb[3*p:3*p+3], []byte{v, v, v}) {
				t.Fatalf("image %d, pixel %d is %v, want %d three times", i, p, rgb[3*p:3*p+3], v)
			}
		}
		if err := set.Image(i, make([]byte, 16)); err == nil {
			t.Error("a short buffer is taken")
		}
	}
}

// TestTestSetAlone: images to test on need no part for training, nor more than one class, and are
// reported as what they are.
func TestTestSetAlone(t *testing.T) {
	img := pngOf(t, colourImage(4, 4, 1))
	for _, files := range []tree{
		{"test/cat/0.png": img, "test/cat/1.png": img, "test/dog/0.png": img},
		{"cat/0.png": img, "cat/1.png": img, "cat/2.png": img},
		{"val/cat/0.png": img, "val/dog/1.png": img, "val/dog/2.png": img},
	} {
		test, err := data.OpenTest(files.folder(t), data.Options{Size: 4})
		if err != nil {
			t.Error(err)
			continue
		}
		if set, err := test.For([]string{"cat", "dog"}, 3); err != nil || set.Len() != 3 ||
			test.Report.Test != 3 || test.Report.Train != 0 {
			t.Errorf("%d images (%v), report %s", set.Len(), err, test.Report)
		}
	}
}
