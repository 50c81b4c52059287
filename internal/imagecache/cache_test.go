package imagecache

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
)

// images writes image i as bytes of i, and counts what it is asked for.
type images struct {
	bytes, asked int
	fail         int // the image that fails, 0 for none
}

var errImage = errors.New("no such image")

func (s *images) write(_ context.Context, dst []uint8, from, to int) error {
	for i := from; i < to; i++ {
		if s.asked++; s.fail > 0 && i == s.fail {
			return errImage
		}
		for k := range s.bytes {
			dst[(i-from)*s.bytes+k] = uint8(i + k)
		}
	}
	return nil
}

// small is a cache of 10 images, 3 a file.
func small(t *testing.T, dir string, key byte) *Cache {
	t.Helper()
	c, err := open(dir, [32]byte{key}, 10, 100, 3)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func check(t *testing.T, c *Cache, want func(i int) bool) {
	t.Helper()
	dst := make([]uint8, c.bytes)
	for i := range c.images {
		ok, err := c.Read(i, dst)
		if err != nil || ok != want(i) {
			t.Errorf("image %d: %v, %v", i, ok, err)
		}
		if ok && (dst[0] != uint8(i) || dst[c.bytes-1] != uint8(i+c.bytes-1)) {
			t.Errorf("image %d has bytes of another", i)
		}
	}
}

// TestFill: an interrupted cache has whole files alone, and filling it again makes the others.
func TestFill(t *testing.T) {
	dir := t.TempDir()
	c := small(t, dir, 1)
	s := &images{bytes: c.bytes, fail: 7}
	var steps []int64
	done := func(bytes int64) { steps = append(steps, bytes) }
	if err := c.Fill(t.Context(), s.write, done); !errors.Is(err, errImage) {
		t.Fatalf("error %v", err)
	}
	check(t, c, func(i int) bool { return i < 6 })
	again := small(t, dir, 1)
	check(t, again, func(i int) bool { return i < 6 })
	s.fail, s.asked = 0, 0
	if err := again.Fill(t.Context(), s.write, done); err != nil || s.asked != 4 {
		t.Errorf("%v; %d images are asked for again, want 4", err, s.asked)
	}
	check(t, again, func(int) bool { return true })
	if !slices.IsSorted(steps) || steps[len(steps)-1] != again.Bytes() || again.Missing() != 0 {
		t.Errorf("steps %v to %d bytes, %d missing", steps, again.Bytes(), again.Missing())
	}
	if err := small(t, dir, 1).Fill(t.Context(), nil, nil); err != nil {
		t.Error(err)
	}
	if other := small(t, dir, 2); other.Missing() != other.Bytes() {
		t.Error("images of one key are those of another")
	}
}

// TestDamage: what is not as it was written is refused, with what to do.
func TestDamage(t *testing.T) {
	for name, damage := range map[string]func(text []byte) []byte{
		"cut":    func(text []byte) []byte { return text[:len(text)-1] },
		"empty":  func([]byte) []byte { return nil },
		"longer": func(text []byte) []byte { return append(text, 0) },
		"header": func(text []byte) []byte { text[20]++; return text },
		"count":  func(text []byte) []byte { text[56]++; return text },
	} {
		dir := t.TempDir()
		c := small(t, dir, 1)
		s := &images{bytes: c.bytes}
		if err := c.Fill(t.Context(), s.write, func(int64) {}); err != nil {
			t.Fatal(err)
		}
		change(t, c.path(1), damage)
		if _, err := open(dir, [32]byte{1}, 10, 100, 3); !errors.Is(err, ErrDamaged) ||
			!strings.Contains(err.Error(), "delete it") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	c := small(t, t.TempDir(), 1)
	s := &images{bytes: c.bytes}
	if err := c.Fill(t.Context(), s.write, func(int64) {}); err != nil {
		t.Fatal(err)
	}
	change(t, c.path(1), func(text []byte) []byte { text[len(text)/2]++; return text })
	if _, err := c.Read(4, make([]uint8, c.bytes)); !errors.Is(err, ErrDamaged) {
		t.Errorf("error %v about an image with other bytes", err)
	}
	if ok, err := c.Read(3, make([]uint8, c.bytes)); !ok || err != nil {
		t.Errorf("the image before it: %v, %v", ok, err)
	}
}

func change(t *testing.T, path string, f func([]byte) []byte) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, f(text), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
