package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFronts draws two devices, one measured and one not, with budgets.
func TestFronts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "front.svg")
	points := []CostPoint{{1, 0.5}, {2, 0.7}, {4, 0.75}}
	err := Fronts(path, "latency, ms", []float64{2.5}, []Front{
		{"phone", points, []Picked{{Name: "1", Cost: Range{2, 1.9, 2.1},
			Top1: Range{0.69, 0.66, 0.72}, Measured: true}}},
		{"board", points, []Picked{{Name: "2", Cost: Range{4, 4, 4}, Top1: Range{0.75, 0.7, 0.8}}}},
		{"none", points, nil},
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"latency, ms", "phone: picked, measured",
		"board: picked, predicted", "none: front, predicted", "budget", ">2.5<"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the picture does not say %q", want)
		}
	}
	if err := Fronts(filepath.Join(t.TempDir(), "front.gif"), "", nil, nil); err == nil {
		t.Error("a format that nobody writes is not refused")
	}
}
