package augment

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"slices"
	"testing"
)

// pillowCase is an operation on an image, by Pillow: tools/augmentcheck/pillow.py makes them.
type pillowCase struct {
	Operation string
	Strength  float64
	Mode      string // RGB or L, which is grey
	After     string // hex
}

// TestPillow: the operations of TrivialAugment are those of Pillow, which its authors used. A level
// may differ where Pillow cuts a fraction off instead of rounding.
func TestPillow(t *testing.T) {
	text, err := os.ReadFile("testdata/pillow.json")
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		Side   int
		Before map[string]string // by mode
		Cases  []pillowCase
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	named := map[string]operation{}
	for _, op := range operations() {
		named[op.name] = op
	}
	for _, c := range all.Cases {
		got, want := fromHex(t, all.Before[c.Mode]), fromHex(t, c.After)
		e := NewEditor(Recipe{}, all.Side, len(got)/all.Side/all.Side)
		named[c.Operation].apply(e, got, c.Strength)
		for i := range want {
			if d := int(got[i]) - int(want[i]); d < -1 || d > 1 {
				t.Errorf("%s %.2f of %s: value %d is %d, Pillow has %d", c.Operation,
					c.Strength, c.Mode, i, got[i], want[i])
				break
			}
		}
	}
	if len(all.Cases) < 70 {
		t.Errorf("%d cases", len(all.Cases))
	}
}

func fromHex(t *testing.T, text string) []uint8 {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestNoStrength: without strength nothing changes.
func TestNoStrength(t *testing.T) {
	for _, op := range operations() {
		if op.name == "auto contrast" || op.name == "equalize" {
			continue // they have no strength
		}
		for _, channels := range []int{1, 3} {
			e, before := NewEditor(Recipe{}, 9, channels), pattern(9*9*channels)
			got := slices.Clone(before)
			op.apply(e, got, 0)
			if !slices.Equal(got, before) {
				t.Errorf("%s of strength 0 changes an image", op.name)
			}
		}
	}
}

// pattern is n bytes of all kinds but 255.
func pattern(n int) []uint8 {
	b := make([]uint8, n)
	for i := range b {
		b[i] = uint8((37*i*i + 11*i) % 251)
	}
	return b
}
