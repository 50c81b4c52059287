package predictor

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/supernet"
)

// TestAccuracyOverflow: weights that are numbers give a prediction that is none, which is refused
// there.
func TestAccuracyOverflow(t *testing.T) {
	s := tiny(t)
	sizes := []int{0, 2, 2, 1}
	e, err := newEncoder(encoding, s)
	if err != nil {
		t.Fatal(err)
	}
	sizes[0] = e.Len()
	weights := make(regress.Weights, weightsOf(sizes))
	for i := range weights {
		weights[i] = math.MaxFloat32
	}
	a := &Accuracy{SpaceName: s.Name, SpaceSHA256: s.SHA256(), Encoding: encoding,
		Resolutions: s.Resolutions, space: s,
		Model: regress.Model{Networks: []regress.MLP{{Sizes: sizes, Weights: weights}}}}
	path := filepath.Join(t.TempDir(), "a.json")
	if err := a.Save(path); err != nil {
		t.Fatal(err)
	}
	loaded, err := LoadAccuracy(path, s)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := loaded.Predict([]supernet.Arch{s.Min(), s.Max()}); !errors.Is(err, ErrOverflow) {
		t.Errorf("predicts %v (%v), want ErrOverflow", v, err)
	}
}

// TestLatencyOverflow: so do times far beyond any device's, in what is fitted to, and in a file.
func TestLatencyOverflow(t *testing.T) {
	s := tiny(t)
	var blocks []BlockTime
	for _, r := range s.Resolutions {
		for _, b := range s.AllBlocks(r) {
			blocks = append(blocks, BlockTime{Block: b, MS: 1})
		}
	}
	for _, ms := range []float64{1e308, 1e-300, math.Inf(1), math.NaN(), 0, -1} {
		bad := append([]BlockTime{}, blocks...)
		bad[0].MS = ms
		if _, err := FitLatency(s, bad, nil, regress.Defaults()); !errors.Is(err, ErrSamples) {
			t.Errorf("a block of %g ms: %v, want ErrSamples", ms, err)
		}
		if _, err := FitLatency(s, blocks, []NetworkTime{{s.Max(), ms}},
			regress.Defaults()); !errors.Is(err, ErrSamples) {
			t.Errorf("a network of %g ms: %v, want ErrSamples", ms, err)
		}
	}
	l, err := FitLatency(s, blocks, nil, regress.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(l *Latency){
		"slope": func(l *Latency) { l.Slope = math.MaxFloat64 },
		"block": func(l *Latency) { l.BlocksMS[blocks[0].Block.Key()] = 1e300 },
	} {
		other := *l
		other.BlocksMS = map[string]float64{}
		for k, v := range l.BlocksMS {
			other.BlocksMS[k] = v
		}
		change(&other)
		path := filepath.Join(t.TempDir(), "l.json")
		if err := other.Save(path); err != nil {
			t.Fatal(err)
		}
		loaded, err := LoadLatency(path, s)
		if err == nil {
			_, err = loaded.Predict([]supernet.Arch{s.Max()})
		}
		if err == nil {
			t.Errorf("%s: the largest network is predicted", name)
		}
	}
}

// TestValuesInFiles: what is no accuracy, and no time, is refused with its line.
func TestValuesInFiles(t *testing.T) {
	s := tiny(t)
	read := map[string]func(string, *supernet.Space) ([]Sample, error){"accuracy": ReadAccuracies,
		"latency": ReadLatencies}
	for _, c := range []struct {
		value string
		right map[string]bool
	}{
		{"0.5", map[string]bool{"accuracy": true, "latency": true}},
		{"0", map[string]bool{"accuracy": true}}, {"76", map[string]bool{"latency": true}},
		{"-1", nil}, {"1e300", nil}, {"1e400", nil}, {`"0.5"`, nil}, {"NaN", nil},
	} {
		path := filepath.Join(t.TempDir(), "s.jsonl")
		line := fmt.Sprintf(`{"arch": {"ks": 3, "e": 2, "d": 1, "r": %d}, "value": `,
			s.Resolutions[0])
		if err := os.WriteFile(path, []byte("\n"+line+c.value+"}\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		for name, f := range read {
			_, err := f(path, s)
			if (err == nil) != c.right[name] || err != nil && !hasPrefix(err, path+":2: ") {
				t.Errorf("%s %s: %v", name, c.value, err)
			}
		}
	}
}

func hasPrefix(err error, prefix string) bool {
	return len(err.Error()) > len(prefix) && err.Error()[:len(prefix)] == prefix
}
