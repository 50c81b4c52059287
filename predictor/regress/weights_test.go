package regress

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestWeightsAreExactInJSON(t *testing.T) {
	want := Weights{0, -0.1, math.MaxFloat32, math.SmallestNonzeroFloat32, 1}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(string(text), `AAgD8="`) { // 1 is 0x3f800000, low byte first
		t.Errorf("%s does not end in the bytes of 1", text)
	}
	var got Weights
	if err := json.Unmarshal(text, &got); err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
}

func TestWeightsThatAreNone(t *testing.T) {
	for text, want := range map[string]string{
		`[1, 2]`:     "cannot unmarshal",
		`"***"`:      "base64",
		`"AAA="`:     "2 bytes",
		`"AADAfw=="`: "NaN",
		`"AACAfw=="`: "+Inf",
	} {
		var w Weights
		if err := json.Unmarshal([]byte(text), &w); err == nil || !strings.Contains(err.Error(),
			want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// TestWeightsInOtherText: escapes stand for the same characters.
func TestWeightsInOtherText(t *testing.T) {
	for _, text := range []string{`"AACAPwAAAMA="`, `"AACAPwAAAMA\u003d"`, `"AACAPw\nAAAMA="`,
		` "AACAPwAAAMA=" `} {
		var w Weights
		if err := json.Unmarshal([]byte(text), &w); err != nil || !slices.Equal(w, Weights{1, -2}) {
			t.Errorf("%s: %v, %v; want 1 and -2", text, w, err)
		}
	}
	for _, text := range []string{``, `"`, `AA`, `"AACAPw==`} {
		if err := new(Weights).UnmarshalJSON([]byte(text)); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}
