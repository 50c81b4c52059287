package predictor

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
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

// everyArch lists the networks of a space.
func everyArch(space *supernet.Space) []supernet.Arch {
	genes := space.Genes()
	g := make([]uint16, len(genes))
	seen := map[supernet.Arch]bool{}
	var all []supernet.Arch
	for i := 0; i < len(g); {
		if a := space.Decode(g); !seen[a] {
			seen[a], all = true, append(all, a)
		}
		for i = 0; i < len(g); i++ {
			if g[i]++; int(g[i]) < genes[i] {
				break
			}
			g[i] = 0
		}
	}
	return all
}

// TestRegionsSplitIntoParts: the parts of a region hold its networks, each once, down to regions of one network.
func TestRegionsSplitIntoParts(t *testing.T) {
	space, err := supernet.ParseSpace("regions.yaml", []byte(regionSpace))
	if err != nil {
		t.Fatal(err)
	}
	archs := everyArch(space)
	singles := map[supernet.Arch]int{}
	var walk func(r *Region)
	walk = func(r *Region) {
		parts := r.Split()
		only, single := r.Only()
		if single != (len(parts) == 0) {
			t.Fatalf("a region of one network (%v) has %d parts", single, len(parts))
		}
		for _, a := range archs {
			holders := 0
			for _, p := range parts {
				if p.Contains(a) {
					holders++
				}
			}
			if in := r.Contains(a); single && in != (a == only) || !single && in != (holders == 1) || holders > 1 {
				t.Fatalf("%v: in the region %v, in %d parts", a, in, holders)
			}
		}
		if single {
			singles[only]++
		}
		for _, p := range parts {
			walk(p)
		}
	}
	for _, resolution := range space.Resolutions {
		walk(NewRegion(space, resolution))
	}
	for _, a := range archs {
		if singles[a] != 1 {
			t.Errorf("%v is the only network of %d regions", a, singles[a])
		}
	}
}

// TestLargestValueOfRegions compares with all networks of a region, under no, one and two budgets: exact without, never too small with.
func TestLargestValueOfRegions(t *testing.T) {
	space, err := supernet.ParseSpace("regions.yaml", []byte(regionSpace))
	if err != nil {
		t.Fatal(err)
	}
	macs, err := NewAdditive(space, func(b supernet.Block) float64 { return float64(b.MACs()) })
	if err != nil {
		t.Fatal(err)
	}
	params, err := NewAdditive(space, func(b supernet.Block) float64 { return float64(b.Params()) })
	if err != nil {
		t.Fatal(err)
	}
	archs := everyArch(space)
	r := rand.New(rand.NewPCG(6, 6))
	for range 300 {
		at := r.IntN(2)
		region := NewRegion(space, space.Resolutions[at])
		for range r.IntN(4) {
			if parts := region.Split(); len(parts) > 0 {
				region = parts[r.IntN(len(parts))]
			}
		}
		value, err := NewAdditive(space, func(supernet.Block) float64 { return r.Float64() })
		if err != nil {
			t.Fatal(err)
		}
		f := value.Affine(at)
		some := archs[r.IntN(len(archs))]
		budgets := []Budget{{macs.Affine(at), macs.Sum(some)}, {params.Affine(at), params.Sum(some)}}[:r.IntN(3)]
		best, free := math.Inf(-1), math.Inf(-1)
		for _, a := range archs {
			if !region.Contains(a) {
				continue
			}
			free = max(free, value.Sum(a))
			if (len(budgets) < 1 || macs.Sum(a) <= budgets[0].Limit) && (len(budgets) < 2 || params.Sum(a) <= budgets[1].Limit) {
				best = max(best, value.Sum(a))
			}
		}
		s := region.sieve(budgets)
		if s.empty {
			if !math.IsInf(best, -1) {
				t.Fatalf("a region of networks within the budgets is called empty")
			}
			continue
		}
		switch got := s.max(&f); {
		case got < best-1e-9, got > free+1e-9, len(budgets) == 0 && math.Abs(got-best) > 1e-9:
			t.Fatalf("largest value %v, want from %v to %v", got, best, free)
		}
	}
}

// TestAccuracyUpperOfOneNetwork: of a region of one network the bound is the prediction, but for what covers rounding.
func TestAccuracyUpperOfOneNetwork(t *testing.T) {
	space, err := supernet.ParseSpace("regions.yaml", []byte(regionSpace))
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(7, 7))
	encoder, err := NewEncoder(space)
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
		region := NewRegion(space, int(arch.Resolution))
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
