package kriging

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
)

// TestSaved: a model that went through a file expects the same, and one that cannot be is refused.
func TestSaved(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	choices := []int{3, 5, 1, 4, 200}
	points, values := draw(choices, 70, rng)
	m := New(choices)
	m.Unordered(1)
	m.Fit(points[:40], values[:40])
	m.Use(points, values)
	text, err := json.Marshal(m.Saved())
	if err != nil {
		t.Fatal(err)
	}
	var saved Saved
	if err := json.Unmarshal(text, &saved); err != nil {
		t.Fatal(err)
	}
	again, err := Restore(choices, points, saved)
	if err != nil {
		t.Fatal(err)
	}
	pool, _ := draw(choices, 30, rng)
	want := m.Means(m.Points(pool))
	for i, got := range again.Means(again.Points(pool)) {
		if math.Abs(got-want[i]) > 1e-12 {
			t.Errorf("point %d: %g, was %g", i, got, want[i])
		}
		if alone := again.Means(again.Points(pool[i : i+1]))[0]; alone != got {
			t.Errorf("point %d: %g, alone %g", i, got, alone)
		}
	}
	for name, spoil := range map[string]func(s *Saved){
		"genes":  func(s *Saved) { s.Weight = s.Weight[1:] },
		"points": func(s *Saved) { s.Weights = s.Weights[1:] },
		"weight": func(s *Saved) { s.Weight = []float64{1, 1, 1, 1, math.NaN()} },
		"shape":  func(s *Saved) { s.Shape = []int{0, 0, 0, 0, 3} },
		"joint":  func(s *Saved) { s.Joint = 0 },
	} {
		bad := saved
		if spoil(&bad); bad.Weight != nil {
			if _, err := Restore(choices, points, bad); err == nil {
				t.Errorf("%s: nothing is refused", name)
			}
		}
	}
}

// TestUnordered: a gene whose numbers mean nothing is never taken for an ordered one, whatever the
// values look like.
func TestUnordered(t *testing.T) {
	choices := []int{9, 9}
	var points [][]uint16
	var values []float64
	for a := range uint16(9) {
		points = append(points, []uint16{a, 8 - a}, []uint16{a, a})
		values = append(values, float64(a), float64(a))
	}
	told, untold := New(choices), New(choices)
	told.Unordered(0)
	for range 3 {
		told.Fit(points, values)
		untold.Fit(points, values)
	}
	if told.prior.shape[0] != named || untold.prior.shape[0] == named {
		t.Errorf("shapes %d of the gene that was told, %d of the other", told.prior.shape[0],
			untold.prior.shape[0])
	}
}
