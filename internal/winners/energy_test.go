package winners

import (
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/micro"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
)

// energyOf was fitted to an invented board that takes 0.1 mJ an inference and 1 mJ for 10,000
// MACs, read with an error of up to 3 %.
func energyOf(t *testing.T, space *supernet.Space) *predictor.Energy {
	t.Helper()
	var measured []predictor.NetworkEnergy
	for i, a := range micro.AllArchs(space) {
		mj := (0.1 + float64(micro.MACs(space, a))/1e4) * (1 + 0.03*math.Sin(float64(i)))
		measured = append(measured, predictor.NetworkEnergy{Arch: a, MJ: mj})
	}
	e, err := predictor.FitEnergy(space, measured, nil, regress.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	e.Device, e.Source = "board", predictor.EnergyMeasured
	micro.Save(t, "energy.json", e.Save)
	return e
}

// TestEnergyWinners compares the winner with all networks: with a confidence of 0 by the
// predictions, with one of 0.9 by their upper ends. Its manifest says what was predicted by what.
func TestEnergyWinners(t *testing.T) {
	space := micro.ParseSpace(t, micro.SpaceYAML)
	e := energyOf(t, space)
	accuracy := micro.Accuracy(t, space, strings.Repeat("5", 64))
	all := micro.AllArchs(space)
	mj, err := e.Predict(all)
	if err != nil {
		t.Fatal(err)
	}
	top1, err := accuracy.Predict(all)
	if err != nil {
		t.Fatal(err)
	}
	limit := 0.7 * mj[len(mj)-1]
	for _, confidence := range []float64{0, 0.9} {
		j := Job{Space: space, Accuracy: accuracy, Devices: []Device{{Energy: e}},
			Limits: []search.Limits{{EnergyMJ: limit}}, Confidence: confidence,
			Config: optimize.Defaults(), Dir: filepath.Join(t.TempDir(), "winners")}
		r, err := Search(t.Context(), j)
		if err != nil {
			t.Fatal(err)
		}
		w := r.Winners[0]
		margin := search.Margin(0)
		if confidence > 0 {
			margin, _ = search.Selection{Genes: len(space.Genes()), Examined: len(all),
				Networks: e.Networks, MAPE: e.HeldOut.MAPE, RMSE: e.HeldOut.RMSE}.Margin(confidence)
			if high := w.Predicted.EnergyHighMJ; high > limit || high <= w.Predicted.EnergyMJ {
				t.Errorf("%g mJ at most, of %g mJ, within %g mJ", high, w.Predicted.EnergyMJ, limit)
			}
		} else if w.Predicted.EnergyHighMJ != 0 {
			t.Errorf("an upper end of %g mJ without a confidence", w.Predicted.EnergyHighMJ)
		}
		best := math.Inf(-1)
		for i := range all {
			if margin.High(mj[i]) <= limit {
				best = max(best, top1[i])
			}
		}
		if w.Predicted.Top1 != best || !w.Predicted.Exact {
			t.Errorf("confidence %g: top-1 %g, the best within the limit has %g", confidence,
				w.Predicted.Top1, best)
		}
		m, err := manifest.Read(w.Manifest)
		if err != nil {
			t.Fatal(err)
		}
		p := m.Predicted
		if p != w.Predicted || p.EnergyDevice != "board" || p.EnergySource != "measured" ||
			p.EnergyMAPE != e.HeldOut.MAPE || m.Limits.EnergyMJ != limit ||
			m.Inputs["energy"].SHA256 != e.SHA256 {
			t.Errorf("%+v, limits %+v, inputs %v", p, m.Limits, m.Inputs)
		}
		if name := filepath.Base(filepath.Dir(w.Manifest)); !strings.HasPrefix(name, "energy-") ||
			!strings.HasSuffix(name, "mj") {
			t.Errorf("the folder is called %s", name)
		}
	}
}

// TestEnergyBelowAll: what cannot be reached is told with the upper end that was judged.
func TestEnergyBelowAll(t *testing.T) {
	space := micro.ParseSpace(t, micro.SpaceYAML)
	e := energyOf(t, space)
	_, least, _ := e.Min()
	_, err := Search(t.Context(), Job{Space: space, Confidence: 0.9, Config: optimize.Defaults(),
		Accuracy: micro.Accuracy(t, space, strings.Repeat("5", 64)),
		Devices:  []Device{{Energy: e}}, Limits: []search.Limits{{EnergyMJ: least}},
		Dir: filepath.Join(t.TempDir(), "winners")})
	if err == nil || !strings.Contains(err.Error(), "with 90 % confidence: smallest reachable") ||
		!strings.Contains(err.Error(), "raise --max-energy, or lower --confidence") {
		t.Errorf("%v", err)
	}
}
