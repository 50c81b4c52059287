package settings_test

import (
	"math"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/internal/settings"
)

type inner struct {
	Decay float64 `json:"weight_decay,omitempty" range:"0..1"`
}

type outer struct {
	Rule   string  `json:"rule"`
	Epochs int     `json:"epochs" range:"1..100"`
	Rate   float64 `json:"lr" range:"1e-9..10"`
	Inner  inner   `json:"inner,omitzero"`
}

func TestOf(t *testing.T) {
	got := settings.Of(outer{"sgd", 20, 0.1, inner{3e-5}})
	want := []settings.Setting{
		{"rule", "sgd", ""}, {"epochs", "20", "1..100"}, {"lr", "0.1", "1e-9..10"},
		{"weight_decay", "3e-5", "0..1"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("the settings are %v, want %v", got, want)
	}
}

func TestCheck(t *testing.T) {
	for want, v := range map[string]outer{
		"":                                     {"", 1, 10, inner{}},
		"epochs is 0, expected 1 to 100":       {"", 0, 1, inner{}},
		"epochs is 101, expected 1 to 100":     {"", 101, 1, inner{}},
		"lr is 0, expected 1e-9 to 10":         {"", 1, 0, inner{}},
		"lr is NaN, expected 1e-9 to 10":       {"", 1, math.NaN(), inner{}},
		"lr is +Inf, expected 1e-9 to 10":      {"", 1, math.Inf(1), inner{}},
		"lr is 10.000001, expected 1e-9 to 10": {"", 1, 10.000001, inner{}},
	} {
		got := ""
		if err := settings.Check(v); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%+v: %q, want %q", v, got, want)
		}
	}
	if err := settings.Check(inner{2}); err == nil ||
		err.Error() != "weight decay is 2, expected 0 to 1" {
		t.Error(err)
	}
}

// TestDifferences: a setting that JSON would leave out because it is zero differs like any other.
func TestDifferences(t *testing.T) {
	have := outer{"sgd", 20, 0.1, inner{}}
	want := have
	if got := settings.Differences(have, want); got != "" {
		t.Errorf("equal settings differ: %s", got)
	}
	want.Epochs, want.Inner.Decay = 30, 3e-5
	text := "with --epochs 20, asked for 30; with --weight-decay 0, asked for 3e-5"
	if got := settings.Differences(have, want); got != text {
		t.Errorf("got %q, want %q", got, text)
	}
}
