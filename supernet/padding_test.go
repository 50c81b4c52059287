package supernet_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
)

// TestTFSame: padding by hand, from the table in TensorFlow's documentation of tf.nn ("Notes on
// padding"): with stride 2 the zeros are max(kernel - stride, 0) for an even side and
// max(kernel - 1, 0) for an odd one, the odd one behind.
func TestTFSame(t *testing.T) {
	for _, c := range []struct{ side, kernel, before, after int }{
		{224, 3, 0, 1}, {224, 5, 1, 2}, {112, 7, 2, 3}, {7, 3, 1, 1}, {9, 5, 2, 2}, {1, 7, 3, 3},
		{2, 3, 0, 1}, {8, 1, 0, 0}, {7, 1, 0, 0},
	} {
		in := supernet.Shape{H: c.side, W: 9, C: 4}
		b := supernet.Block{
			Name: "a", Kind: supernet.MBConv, In: in, Out: supernet.Shape{H: (c.side + 1) / 2, W: 5,
				C: 8}, Mid: 4,
			Kernel: c.kernel, Stride: 2, Act: supernet.ReLU, BN: true, Padding: supernet.TFSame,
		}
		if err := b.Check(); err != nil {
			t.Fatal(err)
		}
		even := c.kernel / 2
		want := supernet.Pads{Top: c.before, Bottom: c.after, Left: even, Right: even} // 9 is odd
		if got := b.MustOps()[0].Pads; got != want {
			t.Errorf("side %d, kernel %d: %+v, want %+v", c.side, c.kernel, got, want)
		}
	}
}

// TestPaddingOfASpace: it is set where the stride is 2, changes the space's hash and no counts.
func TestPaddingOfASpace(t *testing.T) {
	plain, padded := parse(t, everything), parse(t, tfEverything)
	if plain.SHA256() == padded.SHA256() {
		t.Error("the hash does not tell the padding")
	}
	if text, err := json.Marshal(plain); err != nil || strings.Contains(string(text), "padding") {
		t.Errorf("%s, %v", text, err)
	}
	a, b := plain.Blocks(plain.Max()), padded.Blocks(padded.Max())
	for i := range b {
		if (b[i].Padding == supernet.TFSame) != (b[i].Stride == 2) {
			t.Errorf("%s with stride %d has padding %q", b[i].Name, b[i].Stride, b[i].Padding)
		}
		if (a[i].Key() == b[i].Key()) == (b[i].Stride == 2) {
			t.Errorf("keys %s and %s", a[i].Key(), b[i].Key())
		}
		b[i].Padding = ""
		if a[i] != b[i] {
			t.Errorf("%+v became %+v", a[i], b[i])
		}
	}
	_, err := supernet.ParseSpace("test.yaml",
		[]byte(strings.Replace(tfEverything, "tf_same", "same", 1)))
	if err == nil || !strings.Contains(err.Error(),
		`test.yaml:6: padding: "same" is no padding; use tf_same`) {
		t.Error(err)
	}
}
