package data

import (
	"errors"
	"slices"
	"testing"
)

// three has an image of each of three classes, whose first byte says which.
func three(t *testing.T, channels int) *Dataset {
	t.Helper()
	m := newMemory(3, 2, channels)
	for i := range m.labels {
		m.labels[i], m.image(i)[0] = uint8(i), uint8(10*i)
	}
	d, err := (&Parts{Classes: []string{"a", "b", "c"}, Channels: channels, Size: 2, Train: m,
		Test: m, SHA256: "ab"}).Dataset()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestFor: a network's classes are found by name, and grey images are colour ones to it.
func TestFor(t *testing.T) {
	d := three(t, 1)
	want := []string{"c", "x", "b", "a"}
	seen, err := d.For(want, 3)
	if err != nil {
		t.Fatal(err)
	}
	pixels := make([]uint8, 12)
	for i, label := range []int{3, 2, 0} {
		if err := seen.Test.Image(i, pixels); err != nil {
			t.Fatal(err)
		}
		if seen.Test.Label(i) != label || pixels[0] != uint8(10*i) || pixels[2] != uint8(10*i) {
			t.Errorf("image %d has label %d and bytes %v", i, seen.Test.Label(i), pixels)
		}
	}
	if !slices.Equal(seen.Classes, want) || seen.Channels != 3 || seen.SHA256 == d.SHA256 ||
		seen.Val.Len() != 0 {
		t.Errorf("%+v", seen)
	}
	if same, err := d.For([]string{"a", "b", "c"}, 1); err != nil || same != d {
		t.Errorf("the same: %v, %v", same, err)
	}
	if _, err := d.For([]string{"a", "b"}, 1); !errors.Is(err, ErrClasses) {
		t.Errorf("a class is missing: %v", err)
	}
	if _, err := three(t, 3).For([]string{"a", "b", "c"}, 1); err == nil {
		t.Error("colour images for a network of grey ones")
	}
}

// TestNormalised: mean and deviation are what they are said to be, or refused.
func TestNormalised(t *testing.T) {
	d := three(t, 1)
	n, err := d.Normalised([]float32{0.25}, []float32{0.5})
	if err != nil {
		t.Fatal(err)
	}
	if mean, std := n.Stats(); mean[0] != 0.25 || std[0] != 0.5 {
		t.Errorf("mean %v, std %v", mean, std)
	}
	if mean, _ := d.Stats(); mean[0] == 0.25 {
		t.Error("the data set itself has changed")
	}
	for _, std := range [][]float32{nil, {0}, {1, 1}} {
		if _, err := d.Normalised([]float32{0}, std); err == nil {
			t.Errorf("accepted deviation %v", std)
		}
	}
}
