package elsewhere

import (
	"errors"
	"strings"
	"testing"
)

// TestEnergies reads tables of them, in the units that people write, with or without times.
func TestEnergies(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"commas": {"network,energy_mj\nnet-000-00000000,3.5\nnet-001-11111111.tflite,7\n",
			"000:3.5 001:7"},
		"beside times": {"model;median_us;Energy [mJ]\nnet-000-00000000;900;0.25\n", "000:0.25"},
		"other units":  {"network\tenergy_uj\nnet-001-11111111\t2500\n", "001:2.5"},
		"joules":       {"\ufeffnetwork,energy_j\r\nnet-001-11111111,0.004\r\n", "001:4"},
		"the better":   {"network,energy_mean_mj,energy_mj\nnet-000-00000000,9,1\n", "000:1"},
	} {
		text, err := Read("log", strings.NewReader(c.text), Energies, known)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := strings.Join(short(text), " "); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestEnergiesAreRefused with their line.
func TestEnergiesAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"network,median_us\nnet-000-00000000,9\n":               "log:1: no column of the table has energies",
		"network,energy\nnet-000-00000000,9\n":                  "log:1: no column of the table has energies",
		"network,energy_mj,Energy [mJ]\nnet-000-00000000,1,9\n": `log:1: two columns are called "Energy [mJ]"`,
		"network,network,energy_mj\nnet-000-00000000,x,9\n":     `log:1: two columns are called "network"`,
		"network,energy_uj\nnet-000-00000000,1e300\n":           `log:2: the energy is "1e300", expected 0.001 to 1e+12`,
		"network,energy_mj\nnet-000-00000000,0\n":               `log:2: the energy is "0"`,
		"network,energy_mj\nnet-000-00000000,-1\n":              `log:2: the energy is "-1"`,
		"network,energy_mj\nnet-000-00000000,NaN\n":             `log:2: the energy is "NaN"`,
		"network,energy_mj\nnet-007-77777777,1\n":               "log:2: net-007-77777777 is none of",
		"network,energy_mj\nnet-000-00000000,1,2\n":             "log:2: the row has 3 fields",
		"network,median_us,energy_mj\nnet-000-00000000,1,\n":    "log:2: the energy is",
		"network,energy_mj\nsomething,1\n":                      `log:2: "something" is none of`,
		"Graph: [net-000-00000000.tflite]\n" + timing("5"):      "log holds no energies",
		"network,energy_mj\n":                                   "log holds no energies",
		"":                                                      "log holds no energies",
		strings.Repeat("x", maxLine+1) + "\nnetwork,energy_mj":  "longer than",
	} {
		_, err := Read("log", strings.NewReader(text), Energies, known)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v, want %s", text, err, want)
		}
		if strings.Contains(want, "holds no") && !errors.Is(err, ErrNoEnergies) {
			t.Errorf("%.60q: %v is no ErrNoEnergies", text, err)
		}
	}
}

// FuzzEnergies: whatever the text, it is refused or gives energies of the networks.
func FuzzEnergies(f *testing.F) {
	f.Add("network,energy_mj\nnet-000-00000000,3.5\n")
	f.Add("model;median_us;energy_uj\nnet-000-00000000;900;1e3\n")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := Read("log", strings.NewReader(text), Energies, known)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "log:") && !errors.Is(err, ErrNoEnergies) {
				t.Fatal(err)
			}
			return
		}
		for _, r := range got.Runs {
			if !(r.Value >= minMS && r.Value <= maxMS) || r.Network == "" || r.Line < 2 {
				t.Fatalf("%+v", r)
			}
		}
	})
}
