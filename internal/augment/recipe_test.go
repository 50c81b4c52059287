package augment

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// TestPresetsAreInTheDocs: docs/training.md has a row for each field with the presets' values.
func TestPresetsAreInTheDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/training.md")
	if err != nil {
		t.Fatal(err)
	}
	var columns []reflect.Value
	for _, name := range Presets() {
		r, err := Preset(name)
		if err == nil {
			err = r.Check()
		}
		if err != nil {
			t.Fatal(err)
		}
		columns = append(columns, reflect.ValueOf(r))
	}
	for i := 1; i < reflect.TypeFor[Recipe]().NumField(); i++ {
		row := fmt.Sprintf("| `%s` |", reflect.TypeFor[Recipe]().Field(i).Tag.Get("yaml"))
		for _, c := range columns {
			row += " " + cell(c.Field(i).Interface()) + " |"
		}
		if !strings.Contains(string(page), "\n"+row) {
			t.Errorf("docs/training.md lacks the row %q", row)
		}
	}
}

// cell is a value as the table has it.
func cell(v any) string {
	switch v := v.(type) {
	case [2]float64:
		if v == [2]float64{} {
			return "-"
		}
		return fmt.Sprintf("%v to %v", v[0], v[1])
	case bool:
		if !v {
			return "-"
		}
		return "yes"
	case float64:
		if v == 0 {
			return "-"
		}
	}
	return strings.ReplaceAll(fmt.Sprint(v), "none", "-")
}

func TestParse(t *testing.T) {
	got, err := Parse("a.yaml", []byte("tailor: augment/1\npreset: strong\nmixup: 0\n"+
		"crop_area: [0.5, 0.9]\ntrivial_augment: false\nflip: all\n"))
	want, _ := Preset(Strong)
	want.Mixup, want.CropArea, want.TrivialAugment, want.Flip = 0, [2]float64{.5, .9}, false, "all"
	if err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	got, err = Parse("a.yaml", []byte("tailor: augment/1\nhue: 0.1\n"))
	if err != nil || got != (Recipe{Preset: None, Flip: FlipNone, Hue: .1}) {
		t.Errorf("%+v, %v, want nothing but a hue", got, err)
	}
}

func TestParseRefuses(t *testing.T) {
	const head = "tailor: augment/1\n"
	for text, want := range map[string]string{
		"":                                  "file a.yaml: is empty",
		"hue: 0.1\n":                        `a.yaml: tailor: is "", expected augment/1`,
		"tailor: space/1\n":                 `a.yaml:1: tailor: is "space/1", expected augment/1`,
		head + "hue: 0.6\n":                 "a.yaml:2: hue: is 0.6, expected 0 to 0.5",
		head + "\nmixup: -1\n":              "a.yaml:3: mixup: is -1, expected 0 to 10",
		head + "mixup: .nan\n":              "a.yaml:2: mixup: is NaN, expected 0 to 10",
		head + "erase: yes please\n":        "a.yaml:2: ",
		head + "colour: 3\n":                "a.yaml:2: ",
		head + "preset: huge\n":             `a.yaml:2: preset: is "huge", expected one of none`,
		head + "flip: sideways\n":           `a.yaml:2: flip: is "sideways", expected none`,
		head + "crop_area: [0.5, 1]\n":      "crop_ratio: is 0 to 0, expected the lower first",
		head + "crop_area: [1, 0.5]\n":      "a.yaml:2: crop_area: is 1 to 0.5",
		head + "crop_area: [0.5]\n":         "a.yaml:2: crop_area: is 0.5 to 0",
		head + "crop_area: [0.5, 0.6, 1]\n": "a.yaml:2: crop_area: has more than two numbers",
		head + "crop_area: 0.5\n":           "a.yaml:2: ",
		head + "erase: 0.5\n":               "erase_area: is 0 to 0",
		head + "---\nhue: 0.1\n":            "a second document",
	} {
		_, err := Parse("a.yaml", []byte(text))
		var bad *FileError
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// A field that somebody wrote and that can have no effect is refused.
func TestParseWithoutEffect(t *testing.T) {
	for text, want := range map[string]string{
		"mix_share: 0.5":                                      "2: mix_share: has no effect without mixup or",
		"preset: standard\nmixup: 0.2":                        "3: mixup: has no effect without mix_share",
		"cutmix: 1\nmix_share: 0":                             "2: cutmix: has no effect without mix_share",
		"crop_ratio: [0.5, 2]":                                "2: crop_ratio: has no effect without crop_area",
		"erase_area: [0.1, 0.2]":                              "2: erase_area: has no effect without erase",
		"preset: strong\ncrop_area: [1, 1]":                   "3: crop_area: has no effect: no part",
		"crop_area: [0.9, 1]\ncrop_ratio: [5,9]":              "2: crop_area: has no effect: no part",
		"preset: strong\nerase: 0\nerase_area: [0.1, 0.2]":    "4: erase_area: has no effect",
		"preset: strong\nmixup: 0\ncutmix: 0\nmix_share: 0.5": "5: mix_share: has no effect",
	} {
		_, err := Parse("a.yaml", []byte("tailor: augment/1\n"+text+"\n"))
		if err == nil || !strings.Contains(err.Error(), "a.yaml:"+want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// What a preset has may be turned off by one field alone.
func TestParseTurnsOff(t *testing.T) {
	for _, line := range []string{"mix_share: 0", "mixup: 0", "erase: 0", "crop_area: [0, 0]",
		"crop_area: [0.2, 0.9]\ncrop_ratio: [0.2, 0.3]", "mixup: 0\ncutmix: 0"} {
		text := "tailor: augment/1\npreset: strong\n" + line + "\n"
		if _, err := Parse("a.yaml", []byte(text)); err != nil {
			t.Errorf("%q: %v", line, err)
		}
	}
}

func TestLoad(t *testing.T) {
	for _, name := range Presets() {
		if r, err := Load(name); err != nil || r.Preset != name {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	if _, err := Load("standart"); err == nil || !strings.Contains(err.Error(),
		"did you mean standard?") {
		t.Error(err)
	}
	file := filepath.Join(t.TempDir(), "mine.yaml")
	if err := os.WriteFile(file, []byte("tailor: augment/1\nshift: 0.25\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r, err := Load(file); err != nil || r.Shift != .25 {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := Load(filepath.Dir(file) + "/"); err == nil {
		t.Error("a folder is read as a file")
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"tailor: augment/1\npreset: strong\ncrop_area: [0.1, 1]\n",
		"tailor: augment/1\nflip: all\nhue: 1e-3\nerase_area: [1,2,3]\n", "crop_area: {a: [}"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := Parse("f.yaml", text)
		var bad *FileError
		if err != nil && !errors.As(err, &bad) {
			t.Errorf("%v is no FileError", err)
		}
		if err == nil && (r.Check() != nil || math.IsNaN(r.Shift)) {
			t.Errorf("%+v is read, and refused", r)
		}
	})
}
