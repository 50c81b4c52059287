package budget_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/trainer/prune/budget"
)

// convex is a part whose damage rises ever faster the more is removed, as the squares of the
// smallest weights do, and whose cost falls with what is removed.
func convex(r *rand.Rand, options int) []budget.Option {
	part := make([]budget.Option, options)
	size, sensitive := math.Exp(r.NormFloat64()), math.Exp(2*r.NormFloat64())
	for i := range part {
		removed := float64(i) / float64(options)
		part[i] = budget.Option{Cost: size * (1 - removed*(0.9+0.1*r.Float64())),
			Damage: sensitive * math.Pow(removed, 3)}
	}
	return part
}

// anything is a part without rhyme or reason, in which options may be dominated or equal.
func anything(r *rand.Rand, options int) []budget.Option {
	part := make([]budget.Option, options)
	for i := range part {
		part[i] = budget.Option{Cost: float64(r.IntN(8)) / 2, Damage: float64(r.IntN(8))}
	}
	return part
}

// exhaustive tries every choice: the least damage within the limit, and the least cost of all.
func exhaustive(parts [][]budget.Option, limit float64) (damage, cost float64) {
	damage, cost = math.Inf(1), math.Inf(1)
	var walk func(p int, c, d float64)
	walk = func(p int, c, d float64) {
		if p == len(parts) {
			if cost = min(cost, c); c <= limit {
				damage = min(damage, d)
			}
			return
		}
		for _, o := range parts[p] {
			walk(p+1, c+o.Cost, d+o.Damage)
		}
	}
	walk(0, 0, 0)
	return damage, cost
}

// largest is what the costliest options sum to.
func largest(parts [][]budget.Option) (sum float64) {
	for _, options := range parts {
		sum += slices.MaxFunc(options,
			func(a, b budget.Option) int { return int(math.Copysign(1, a.Cost-b.Cost)) }).Cost
	}
	return sum
}

// steepest is the most damage that one option of a part does beyond another.
func steepest(parts [][]budget.Option) (most float64) {
	for _, options := range parts {
		for _, a := range options {
			for _, b := range options {
				most = max(most, a.Damage-b.Damage)
			}
		}
	}
	return most
}

// TestChooseAgainstExhaustive: always within the limit, never below the bound nor the optimum, at
// the optimum where the bound says so, and nearly there elsewhere.
func TestChooseAgainstExhaustive(t *testing.T) {
	for name, part := range map[string]func(*rand.Rand, int) []budget.Option{"convex": convex,
		"anything": anything} {
		r := rand.New(rand.NewPCG(1, 0))
		runs, optimal, proven, gap := 0, 0, 0, 0.0
		for range 2000 {
			parts := make([][]budget.Option, 1+r.IntN(5))
			for p := range parts {
				parts[p] = part(r, 1+r.IntN(6))
			}
			limit := r.Float64() * largest(parts)
			least, smallest := exhaustive(parts, limit)
			a, err := budget.Choose(parts, limit)
			var limited *budget.LimitError
			if smallest > limit {
				if !errors.As(err, &limited) || !errors.Is(err, budget.ErrInfeasible) ||
					math.Abs(limited.Smallest-smallest) > 1e-9 || limited.Limit != limit {
					t.Fatalf("%s: smallest cost %g, limit %g: %v", name, smallest, limit, err)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			cost, damage := 0.0, 0.0
			for p, i := range a.Choice {
				cost += parts[p][i].Cost
				damage += parts[p][i].Damage
			}
			runs++
			if cost > limit || cost != a.Cost || damage != a.Damage || damage < least-1e-9 ||
				a.Bound > least+1e-9 {
				t.Fatalf("%s: cost %g of %g, damage %g, bound %g, optimum %g", name, cost, limit,
					damage, a.Bound, least)
			}
			if damage > a.Bound+steepest(parts) {
				t.Fatalf("%s: damage %g is beyond the bound %g by more than one part can do", name,
					damage, a.Bound)
			}
			if damage <= a.Bound {
				proven++
			}
			if damage <= least+1e-9 {
				optimal++
			}
			gap += damage - least
		}
		t.Logf("%s: %d of %d optimal, %d proven, mean gap %.4f", name, optimal, runs, proven,
			gap/float64(runs))
		if optimal < runs*9/10 {
			t.Errorf("%s: %d of %d are optimal, want nine of ten", name, optimal, runs)
		}
	}
}

// TestChooseIsExactOnTheHull: at a limit that the relaxed problem meets without splitting a part,
// the answer is the optimum and proven.
func TestChooseIsExactOnTheHull(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 0))
	for range 200 {
		parts := [][]budget.Option{convex(r, 6), convex(r, 6), convex(r, 6), convex(r, 6)}
		price := math.Exp(r.NormFloat64())
		limit, damage := 0.0, 0.0
		for _, options := range parts {
			o := slices.MinFunc(options, func(a, b budget.Option) int {
				return int(math.Copysign(1, a.Damage+price*a.Cost-b.Damage-price*b.Cost))
			})
			limit, damage = limit+o.Cost, damage+o.Damage
		}
		a, err := budget.Choose(parts, limit)
		if err != nil || math.Abs(a.Damage-damage) > 1e-12 || a.Damage > a.Bound+1e-12 {
			t.Errorf("damage %g, bound %g, want %g (%v)", a.Damage, a.Bound, damage, err)
		}
	}
}

// TestChooseLargeIsNearTheBound: with as many parts and options as a network has, little is lost.
func TestChooseLargeIsNearTheBound(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 0))
	for range 50 {
		var parts [][]budget.Option
		for range 20 {
			parts = append(parts, convex(r, 100))
		}
		a, err := budget.Choose(parts, largest(parts)*(0.2+0.7*r.Float64()))
		if err != nil || a.Damage > a.Bound*1.1 {
			t.Errorf("damage %g, bound %g (%v)", a.Damage, a.Bound, err)
		}
	}
}

func TestChooseWithoutNeed(t *testing.T) {
	parts := [][]budget.Option{{{3, 0}, {2, 1}, {1, 5}}, {{4, 2}, {4, 1}, {0, 9}}}
	for limit, want := range map[float64][]int{math.Inf(1): {0, 1}, 7: {0, 1}, 6.9: {1, 1},
		5: {2, 1}, 1: {2, 2}} {
		a, err := budget.Choose(parts, limit)
		if err != nil || !slices.Equal(a.Choice, want) {
			t.Errorf("limit %g: %v, want %v (%v)", limit, a.Choice, want, err)
		}
	}
	if a, err := budget.Choose(nil, 0); err != nil || a.Cost != 0 {
		t.Errorf("no parts: %+v, %v", a, err)
	}
}

func TestChooseRefuses(t *testing.T) {
	ok := []budget.Option{{1, 1}}
	for want, f := range map[string]func() ([][]budget.Option, float64){
		"limit is not a number": func() ([][]budget.Option,
			float64) {
			return [][]budget.Option{ok}, math.NaN()
		},
		"part 1 has no option": func() ([][]budget.Option,
			float64) {
			return [][]budget.Option{ok, {}}, 1
		},
		"option 0 of part 1": func() ([][]budget.Option,
			float64) {
			return [][]budget.Option{ok, {{math.NaN(), 1}}}, 1
		},
		"damages +Inf": func() ([][]budget.Option,
			float64) {
			return [][]budget.Option{{{1, math.Inf(1)}}}, 1
		},
		"costs -Inf": func() ([][]budget.Option,
			float64) {
			return [][]budget.Option{{{math.Inf(-1), 0}}}, 1
		},
		"smallest reachable cost is 1": func() ([][]budget.Option,
			float64) {
			return [][]budget.Option{ok}, math.Inf(-1)
		},
	} {
		parts, limit := f()
		if a, err := budget.Choose(parts, limit); err == nil || !strings.Contains(err.Error(),
			want) {
			t.Errorf("got %+v, %v, want %q", a, err, want)
		}
	}
}

func FuzzChoose(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9}, 3.0)
	f.Fuzz(func(t *testing.T, data []byte, limit float64) {
		var parts [][]budget.Option
		for len(data) >= 4 && len(parts) < 4 {
			n := 1 + int(data[0])%4
			var part []budget.Option
			for data = data[1:]; n > 0 && len(data) >= 2; n-- {
				part = append(part, budget.Option{Cost: float64(int8(data[0])) / 3,
					Damage: float64(int8(data[1])) / 7})
				data = data[2:]
			}
			parts = append(parts, part)
		}
		a, err := budget.Choose(parts, limit)
		if err != nil {
			return
		}
		if least, _ := exhaustive(parts, limit); a.Cost > limit || a.Damage < least-1e-9 ||
			a.Bound > least+1e-9 {
			t.Errorf("%v, limit %g: %+v, optimum %g", parts, limit, a, least)
		}
	})
}

func BenchmarkChoose(b *testing.B) {
	r := rand.New(rand.NewPCG(3, 0))
	var parts [][]budget.Option
	for range 100 {
		parts = append(parts, convex(r, 100))
	}
	limit := largest(parts) / 2
	for b.Loop() {
		if _, err := budget.Choose(parts, limit); err != nil {
			b.Fatal(err)
		}
	}
}
