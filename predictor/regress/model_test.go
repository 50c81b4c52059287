package regress

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
)

func TestModelOfEqualValues(t *testing.T) {
	x, _ := linearSample(20, 5, 0, 1)
	y := make([]float64, len(x))
	for i := range y {
		y[i] = 0.1 // its mean is rounded
	}
	m, err := fitModel(t.Context(), x, y, quick(t, Settings{}), 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Networks) != 0 {
		t.Errorf("%d networks for equal values", len(m.Networks))
	}
	for _, got := range m.Predict(x) {
		if !near(got, 0.1, 1e-9) {
			t.Errorf("predicts %g", got)
		}
	}
}

func TestModelAddsNetworksToLinear(t *testing.T) {
	x, y := pairSample(60, 2)
	for i := range y {
		y[i] = 70 + 10*y[i] + 20*float64(x[i][2])
	}
	s := quick(t, Settings{Hidden: []int{16}, LearningRate: 0.02, WeightDecay: 0.01, Members: 2})
	m, err := fitModel(t.Context(), x, y, s, 0)
	if err != nil {
		t.Fatal(err)
	}
	whole, linear := m.Predict(x), (&Model{Bias: m.Bias, Linear: m.Linear}).Predict(x)
	for i, got := range whole {
		if math.Abs(got-y[i]) > 1 {
			t.Errorf("predicts %g for %g", got, y[i])
		}
	}
	m.shrinkMembers(0.5)
	for i, got := range m.Predict(x) {
		if want := (whole[i] + linear[i]) / 2; !near(got, want, 1e-5) {
			t.Errorf("predicts %g with half of the networks, want %g", got, want)
		}
	}
	if m.shrinkMembers(0); m.Networks != nil {
		t.Error("networks of no use are kept")
	}
}

func TestModelInJSON(t *testing.T) {
	n, _ := randomMLP([]int{3, 4, 1}, 1)
	m := &Model{Bias: 0.1, Linear: Weights{1, 2, 3}, Networks: []MLP{*n}}
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var got Model
	if err := json.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(&got, m) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestModelCheck(t *testing.T) {
	good := MLP{[]int{2, 1}, make(Weights, 3)}
	for _, c := range []struct {
		m    Model
		want string
	}{
		{Model{Linear: Weights{1, 2}, Networks: []MLP{good}}, ""},
		{Model{Linear: Weights{1}}, "1 weights, expected 2"},
		{Model{Bias: math.Inf(1), Linear: Weights{1, 2}}, "bias is +Inf"},
		{Model{Linear: Weights{1, 2}, Networks: []MLP{good, {}}}, "sizes must be"},
	} {
		err := c.m.Check(2)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.m, err, c.want)
		}
	}
}
