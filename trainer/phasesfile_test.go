package trainer

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

const twoPhases = `tailor: phases/1
phases:
  - {name: largest alone, epochs: 180, lr: 1}
  - {name: all, epochs: 120, lr: 0.1, lr_warmup_epochs: 5, networks: 4, depths: 2, teacher: 0.5}
`

func TestParsePhases(t *testing.T) {
	got, err := ParsePhases("two.yaml", []byte(twoPhases))
	want := []PhaseSettings{{Name: "largest alone", Epochs: 180, LR: 1},
		{Name: "all", Epochs: 120, LR: 0.1, LRWarmupEpochs: 5, Networks: 4, Depths: 2,
			Teacher: 0.5}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("phases %+v, error %v", got, err)
	}
}

func TestParsePhasesRefuses(t *testing.T) {
	for want, change := range map[string][2]string{
		"f.yaml:1: bad training setting: tailor is":                               {"phases/1", "phases/2"},
		"f.yaml:4: bad training setting: phase 2: lr is 0, expected 1e-9 to 1000": {"lr: 0.1, ", ""},
		"f.yaml:4: bad training setting: phase 2: networks is 65":                 {"networks: 4", "networks: 65"},
		"f.yaml:4: bad training setting: phase 2: LR warm-up epochs is 121": {"lr_warmup_epochs: 5",
			"lr_warmup_epochs: 121"},
		"f.yaml:4: bad training setting: ":                       {"networks: 4", "network: 4"},
		"phase 2: teacher is 0.5, but the largest network alone": {"networks: 4", "networks: 0"},
		"phase 1: epochs is 0":                                   {"epochs: 180", "epochs: 0"},
		`phase 2: name is "a\x1b[31m\nb"`:                        {"name: all", `name: "a\e[31m\nb"`},
		"expected at most 60 bytes":                              {"name: all", "name: " + strings.Repeat("a", 61)},
		"0 phases of 0 epochs":                                   {twoPhases[len("tailor: phases/1\n"):], "phases: []\n"},
	} {
		_, err := ParsePhases("f.yaml", []byte(strings.Replace(twoPhases, change[0], change[1], 1)))
		var typed *PhasesError
		if !errors.As(err, &typed) || !errors.Is(err, ErrConfig) ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func FuzzParsePhases(f *testing.F) {
	f.Add([]byte(twoPhases))
	f.Add([]byte("tailor: phases/1\nphases: [{epochs: .nan, lr: 1}]"))
	f.Add([]byte("phases: {}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := ParsePhases("fuzz.yaml", text)
		if err != nil {
			return
		}
		c := Defaults()
		c.Strategy, c.Phases = Progressive, all
		if _, err := c.Complete(); err != nil {
			t.Errorf("phases of a file are refused later: %v", err)
		}
	})
}
