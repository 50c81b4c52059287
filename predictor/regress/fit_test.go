package regress

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestFitRefuses(t *testing.T) {
	for want, change := range map[string]func(x [][]float32, y []float64) ([][]float32, []float64){
		"12 rows with 11 values": func(x [][]float32, y []float64) ([][]float32,
			[]float64) {
			return x, y[1:]
		},
		"9 rows, expected at least 10": func(x [][]float32, y []float64) ([][]float32,
			[]float64) {
			return x[3:], y[3:]
		},
		"0 rows": func([][]float32, []float64) ([][]float32,
			[]float64) {
			return nil, nil
		},
		"row 3 has 4 features and the first 5": func(x [][]float32, y []float64) ([][]float32,
			[]float64) {
			x[2] = x[2][:4]
			return x, y
		},
		"row 1 has 0 features": func(x [][]float32, y []float64) ([][]float32,
			[]float64) {
			return make([][]float32, 12), y
		},
		"feature 2 of row 1 is NaN": func(x [][]float32, y []float64) ([][]float32,
			[]float64) {
			x[0][1] = float32(math.NaN())
			return x, y
		},
		"the value of row 4 is +Inf, expected a": func(x [][]float32, y []float64) ([][]float32,
			[]float64) {
			y[3] = math.Inf(1)
			return x, y
		},
	} {
		x, y := change(linearSample(12, 5, 0, 1))
		if _, err := Fit(t.Context(), x, y, Defaults()); !errors.Is(err, ErrRows) ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	x, y := linearSample(12, 5, 0, 1)
	if _, err := Fit(t.Context(), x, y, Settings{}); err == nil || errors.Is(err, ErrRows) {
		t.Errorf("no settings: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Fit(ctx, x, y, Defaults()); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// A candidate that is far worse on the first rows that are held out is given up, and says so by the
// number of rows; one that is near is not.
func TestFarWorseIsGivenUp(t *testing.T) {
	for _, c := range []struct {
		name    string
		noise   float64
		samples int
	}{
		{"a line without noise", 0, 40},
		{"noise alone", 1e3, 200},
	} {
		x, y := linearSample(200, 6, c.noise, 7)
		f, err := Fit(t.Context(), x, y, quick(t, Settings{Hidden: []int{8}, Epochs: 2}))
		if err != nil {
			t.Fatal(err)
		}
		if f.HeldOut.Samples != 200 || len(f.Candidates) != 2 ||
			f.Candidates[0].Samples != 200 || f.Candidates[1].Samples != c.samples {
			t.Errorf("%s: candidates %+v, want the other one tried on %d rows", c.name,
				f.Candidates, c.samples)
		}
	}
}

// What Fit says of its model is so, and the model comes back from JSON.
func TestFitIsWhatItSays(t *testing.T) {
	x, y := linearSample(40, 6, 0.5, 7)
	f, err := Fit(t.Context(), x, y, quick(t, Settings{Hidden: []int{8}, Epochs: 5}))
	if err != nil {
		t.Fatal(err)
	}
	if f.HeldOut != Compare(f.Predicted, y) ||
		f.Candidates[0] != (Candidate{ModelRidge, f.HeldOut}) ||
		f.Curve[len(f.Curve)-1] != (CurvePoint{32, f.HeldOut}) {
		t.Errorf("held-out error %+v, candidates %+v, curve %+v", f.HeldOut, f.Candidates, f.Curve)
	}
	text, err := json.Marshal(f.Model)
	if err != nil {
		t.Fatal(err)
	}
	var read Model
	if err := json.Unmarshal(text, &read); err != nil || read.Check(6) != nil ||
		!slices.Equal(read.Predict(x), f.Model.Predict(x)) {
		t.Errorf("another model after reading it (%v, %v)", err, read.Check(6))
	}
}

// Many rows at once have the values of each alone, by a clone too.
func TestEvaluatorOfManyRows(t *testing.T) {
	const inputs, rows = 7, 2*BatchRows + 5
	n, r := randomMLP([]int{inputs, 9, 1}, 1)
	m := &Model{Bias: 1, Linear: randomRow(r, inputs), Networks: []MLP{*n}}
	e := m.Evaluator()
	x, got := randomRow(r, rows*inputs), make([]float64, rows)
	e.Clone().Values(x, got)
	for i := range got {
		alone := make([]float64, 1)
		if e.Values(x[i*inputs:(i+1)*inputs], alone); alone[0] != got[i] {
			t.Fatalf("row %d: %v alone, %v among others", i, alone[0], got[i])
		}
	}
	e.Values(nil, nil)
}
