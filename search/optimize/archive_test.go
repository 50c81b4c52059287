package optimize

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestArchiveAgainstDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for range 100 {
		for objectives := 1; objectives <= 4; objectives++ {
			s, ids := filled(1+rng.IntN(60), objectives, rng)
			a := archive{table: s, top: 7}
			for _, id := range ids {
				s.violations[id] = 0 // the archive gets nothing else
				a.add(id)
			}
			got := a.sorted()
			if objectives == 1 {
				slices.SortFunc(ids, s.compare)
				if want := ids[:min(7, len(ids))]; !slices.Equal(got, want) {
					t.Fatalf("best are %v, expected %v", got, want)
				}
				continue
			}
			// Members with equal objectives stand for one another.
			var want [][]float64
			for _, id := range ids {
				if !slices.ContainsFunc(ids, func(other int32) bool {
					return s.dominates(other,
						id)
				}) {
					want = append(want, s.valuesAt(id))
				}
			}
			slices.SortFunc(want, slices.Compare)
			want = slices.CompactFunc(want, slices.Equal)
			var values [][]float64
			for _, id := range got {
				values = append(values, s.valuesAt(id))
			}
			if fmt.Sprint(values) != fmt.Sprint(want) {
				t.Fatalf("front is %v, expected %v", values, want)
			}
		}
	}
}
