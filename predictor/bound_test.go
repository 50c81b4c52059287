package predictor

import (
	"math/rand/v2"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

const regionSpace = `
tailor: space/1
name: regions
classes: 4
resolutions: [16, 20]
stem: {width: 8, stride: 2, act: relu}
stages:
  - {width: 8, stride: 2, act: relu, depth: [1, 2], kernel: [3, 5], expand_by_depth: {1: 2, 2: 3}}
  - {width: 8, stride: 1, act: relu, depth: [1], kernel: [3], expand: [1]}
  - {width: 16, stride: 2, act: relu, depth: [1, 2], kernel: [3, 5], expand: [2, 3]}
head: {act: relu}
`

// TestAccuracyUpperOfOneNetwork: of a region of one network the bound is the prediction, but for
// what covers rounding.
func TestAccuracyUpperOfOneNetwork(t *testing.T) {
	space, err := supernet.ParseSpace("regions.yaml", []byte(regionSpace))
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(7, 7))
	encoder, err := newGeneEncoder(space)
	if err != nil {
		t.Fatal(err)
	}
	a := &Accuracy{Resolutions: space.Resolutions, space: space, encoder: encoder}
	for range encoder.Len() {
		a.Model.Linear = append(a.Model.Linear, float32(r.NormFloat64()))
	}
	for seed := range uint64(2) {
		n, _ := randomMLP([]int{encoder.Len(), 7, 5, 1}, seed)
		a.Model.Networks = append(a.Model.Networks, *n)
	}
	for range 30 {
		arch := space.Random(r)
		region := choices.NewRegion(space, int(arch.Resolution))
		for {
			parts := region.Split()
			if len(parts) == 0 {
				break
			}
			for _, p := range parts {
				if p.Contains(arch) {
					region = p
				}
			}
		}
		value, err := a.Predict([]supernet.Arch{arch})
		if err != nil {
			t.Fatal(err)
		}
		if upper := a.Upper(region, nil); upper < value[0] || upper > value[0]+1e-3 {
			t.Errorf("bound %v of a network whose prediction is %v", upper, value[0])
		}
	}
}
