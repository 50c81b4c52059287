package predictor_test

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/micro"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/supernet"
)

// joule is an invented board: 0.4 mJ an inference, and 2.5 mJ for a million MACs.
func joule(s *supernet.Space, a supernet.Arch) float64 {
	return 0.4 + 2.5e-6*float64(supernet.MACs(s.Blocks(a)))
}

func energiesOf(s *supernet.Space, archs []supernet.Arch) (all []predictor.NetworkEnergy) {
	for _, a := range archs {
		all = append(all, predictor.NetworkEnergy{Arch: a, MJ: joule(s, a)})
	}
	return all
}

// TestEnergy learns a formula from some networks, and answers for others as that does, also when
// it is read from a file.
func TestEnergy(t *testing.T) {
	s := builtin(t, "mbv3-tiny")
	archs := randomOf(s, 80, 1)
	e, err := predictor.FitEnergy(s, energiesOf(s, archs[:40]), nil, regress.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	if e.HeldOut.Samples != 40 || e.HeldOut.MAPE > 0.02 || e.Networks != 40 {
		t.Errorf("%d networks: %+v", e.Networks, e.HeldOut)
	}
	mj, err := e.Predict(archs[40:])
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range archs[40:] {
		if want := joule(s, a); math.Abs(mj[i]/want-1) > 0.06 {
			t.Errorf("%g mJ, the board takes %g", mj[i], want)
		}
	}
	e.Device, e.Runtime, e.Source = "board", "runtime", predictor.EnergyMeasured
	path := micro.Save(t, "energy.json", e.Save)
	again, err := predictor.LoadEnergy(path, s)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.Predict(archs[40:]); err != nil || !slices.EqualFunc(got, mj,
		func(x, y float64) bool { return math.Abs(x-y) <= 1e-12*y }) {
		t.Errorf("from the file %v, before %v (%v)", got, mj, err)
	}
	again.Source = "guessed"
	if _, err := predictor.LoadEnergy(micro.Save(t, "guessed.json", again.Save), s); err == nil ||
		!strings.Contains(err.Error(), `source is "guessed"`) {
		t.Errorf("of no source: %v", err)
	}
	var other *predictor.SpaceError
	if _, err := predictor.LoadEnergy(path, builtin(t, "mbv3-cifar")); !errors.As(err, &other) {
		t.Errorf("of another space: %v", err)
	}
	if _, err := predictor.LoadLatency(path, s); err == nil {
		t.Error("taken for a latency")
	}
}

// TestEnergyMin compares with all networks of a tiny space.
func TestEnergyMin(t *testing.T) {
	s := micro.ParseSpace(t, micro.SpaceYAML)
	all := micro.AllArchs(s)
	e, err := predictor.FitEnergy(s, energiesOf(s, all), nil, regress.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	mj, err := e.Predict(all)
	if err != nil {
		t.Fatal(err)
	}
	if _, least, _ := e.Min(); math.Abs(least-slices.Min(mj)) > 1e-12 {
		t.Errorf("%g mJ are called the least, %g are", least, slices.Min(mj))
	}
	f := e.Affine(s.Resolutions[0])
	if math.IsNaN(f.Constant) || len(f.Weights) == 0 {
		t.Errorf("%+v", f)
	}
}

// TestEnergyFromLatency: what tells networks' times tells their energies, with few measurements.
func TestEnergyFromLatency(t *testing.T) {
	s := builtin(t, "mbv3-tiny")
	archs := randomOf(s, 60, 2)
	var blocks []predictor.BlockTime
	for _, r := range s.Resolutions {
		for _, b := range s.AllBlocks(r) {
			blocks = append(blocks, predictor.BlockTime{Block: b, MS: even(b)})
		}
	}
	l := fitLatency(t, s, blocks, nil)
	board := func(a supernet.Arch) float64 { return 0.3 + 7*sumOf(s, a, even) }
	var few []predictor.NetworkEnergy
	for _, a := range archs[:6] {
		few = append(few, predictor.NetworkEnergy{Arch: a, MJ: board(a)})
	}
	e, err := predictor.FitEnergy(s, few, []*predictor.Latency{l}, regress.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	e.Source = predictor.EnergyPowercap
	path := micro.Save(t, "energy.json", e.Save)
	if e, err = predictor.LoadEnergy(path, s); err != nil {
		t.Fatal(err)
	}
	mj, err := e.Predict(archs[6:])
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range archs[6:] {
		if math.Abs(mj[i]/board(a)-1) > 1e-6 {
			t.Fatalf("%g mJ, the board takes %g", mj[i], board(a))
		}
	}
}

// TestEnergyRefuses what no board takes, and too few networks.
func TestEnergyRefuses(t *testing.T) {
	s := builtin(t, "mbv3-tiny")
	archs := randomOf(s, 12, 3)
	for _, mj := range []float64{0, -1, math.NaN(), math.Inf(1), 1e13} {
		bad := energiesOf(s, archs)
		bad[3].MJ = mj
		if _, err := predictor.FitEnergy(s, bad, nil, regress.Defaults()); !errors.Is(err,
			predictor.ErrSamples) || !strings.Contains(err.Error(), "network 4 took") {
			t.Errorf("%g mJ: %v", mj, err)
		}
	}
	few := energiesOf(s, slices.Repeat(archs[:9], 3))
	if _, err := predictor.FitEnergy(s, few, nil, regress.Defaults()); !errors.Is(err,
		predictor.ErrSamples) || !strings.Contains(err.Error(),
		"9 distinct networks, expected at least 10, or 3 and a predictor of latency") {
		t.Errorf("nine networks, three times each: %v", err)
	}
	if _, err := predictor.FitEnergy(nil, few, nil, regress.Defaults()); err == nil {
		t.Error("no space is taken")
	}
}

// TestReadEnergies: a file may have times beside energies; where one lacks, its line is named.
func TestReadEnergies(t *testing.T) {
	s := builtin(t, "mbv3-tiny")
	text, err := json.Marshal(s.Spec(s.Max()))
	if err != nil {
		t.Fatal(err)
	}
	arch := string(text)
	write := func(text string) string {
		path := filepath.Join(t.TempDir(), "e.jsonl")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	got, err := predictor.ReadEnergies(write(`{"arch": `+arch+`, "value": 7, "energy_mj": 3.5}`+
		"\n"), s)
	if err != nil || len(got) != 1 || got[0].Value != 3.5 {
		t.Errorf("%+v, %v", got, err)
	}
	for text, want := range map[string]string{
		`{"arch": ` + arch + `, "value": 7}`:        `"energy_mj" is missing`,
		`{"arch": ` + arch + `, "energy_mj": 0}`:    "took 0 mJ",
		`{"arch": ` + arch + `, "energy_mj": -2}`:   "took -2 mJ",
		`{"arch": ` + arch + `, "energy_mj": "2"}`:  "expected",
		`{"energy_mj": 2}`:                          `"arch" is missing`,
		`{"arch": {"ks": [9]}, "energy_mj": 2}`:     "e.jsonl:1",
		`{"arch": ` + arch + `, "energy_mj": 1e99}`: "took 1e+99 mJ",
	} {
		if _, err := predictor.ReadEnergies(write(text), s); err == nil ||
			!strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "e.jsonl:1") {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
