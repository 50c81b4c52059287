package findings

import (
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/search/manifest"
)

// TestEnergyCommands: the fit of energies to a profile is asked for again; one that began with
// predictors of latency is not, as no file tells all that it was.
func TestEnergyCommands(t *testing.T) {
	l := &library{profiles: []at[profiles.Profile]{{path: "p.json", doc: &profiles.Profile{}}}}
	l.profiles[0].doc.SHA256 = "abc"
	for _, name := range []string{"own.json", "from.json"} {
		e := &predictor.Energy{}
		e.Inputs = map[string]store.Input{"profile": {SHA256: "abc"}}
		if name == "from.json" {
			e.Inputs["latency"] = store.Input{SHA256: "def"}
		}
		l.energies = append(l.energies, at[predictor.Energy]{path: name, doc: e})
	}
	var lines []string
	for _, c := range l.commands() {
		if strings.HasPrefix(c.Line, "tailor fit") {
			lines = append(lines, c.Line)
		}
	}
	want := "tailor fit energy --profile p.json --out own.json"
	if got := strings.Join(lines, "; "); got != want {
		t.Errorf("commands %q, want %q", got, want)
	}
}

// TestFactsOfChanged wants nothing said of a network that was pruned or trained further that was
// found out of its parent alone: predicted energy, gap and ranks. What was asked for stays.
func TestFactsOfChanged(t *testing.T) {
	winner := manifest.Manifest{Limits: manifest.Limits{EnergyMJ: 1},
		Predicted: manifest.Predicted{Top1: 0.9, Top1Bound: 0.91, EnergyMJ: 0.8512,
			EnergyHighMJ: 0.955, Confidence: 0.9, EnergyDevice: "board"},
		Ranks: &manifest.Ranks{Predicted: 1, Measured: 2}}
	pruned, finetuned := winner, winner
	pruned.Pruned, finetuned.Finetuned = &manifest.Pruned{}, &manifest.Finetuned{}
	for _, c := range []struct {
		of   manifest.Manifest
		want string
	}{
		{winner, "limit of energy, predicted energy, gap, rank"},
		{pruned, "limit of energy, pruned"},
		{finetuned, "limit of energy, trained further"},
	} {
		var names []string
		for _, f := range factsOf(&c.of) {
			names = append(names, f.Name)
		}
		if got := strings.Join(names, ", "); got != c.want {
			t.Errorf("facts %s, want %s", got, c.want)
		}
	}
	want := "0.8512 mJ an inference on board, at most 0.955 mJ with 90 % confidence"
	if got := factsOf(&winner)[1].Value; got != want {
		t.Errorf("predicted energy %q, want %q", got, want)
	}
}
