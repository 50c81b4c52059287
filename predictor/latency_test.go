package predictor_test

import (
	"errors"
	"maps"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/supernet"
)

// inventory times every distinct block of a space.
func inventory(s *supernet.Space, archs []supernet.Arch,
	ms func(supernet.Block) float64) []predictor.BlockTime {
	seen := map[string]bool{}
	var blocks []predictor.BlockTime
	for _, a := range archs {
		for _, b := range s.Blocks(a) {
			if !seen[b.Key()] {
				seen[b.Key()] = true
				blocks = append(blocks, predictor.BlockTime{Block: b, MS: ms(b)})
			}
		}
	}
	return blocks
}

// device runs a network in 0.3 ms plus 0.8 times what its blocks take alone.
func device(s *supernet.Space, a supernet.Arch, ms func(supernet.Block) float64) float64 {
	return 0.3 + 0.8*sumOf(s, a, ms)
}

func networks(s *supernet.Space, archs []supernet.Arch, ms func(supernet.Block) float64,
	noise float64) []predictor.NetworkTime {
	r := rand.New(rand.NewPCG(1, 0))
	var times []predictor.NetworkTime
	for _, a := range archs {
		times = append(times, predictor.NetworkTime{Arch: a,
			MS: device(s, a, ms) * (1 + noise*r.NormFloat64())})
	}
	return times
}

func fitLatency(t testing.TB, s *supernet.Space, b []predictor.BlockTime,
	n []predictor.NetworkTime) *predictor.Latency {
	t.Helper()
	l, err := predictor.FitLatency(s, b, n, regress.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLatencyIsCalibrated(t *testing.T) {
	s, ms := small(t), priced("device")
	all := everyArch(s)
	l := fitLatency(t, s, inventory(s, all, ms), networks(s, all[:40:40], ms, 0))
	predicted, err := l.Predict(all)
	if err != nil {
		t.Fatal(err)
	}
	fastest := math.Inf(1)
	for i, a := range all {
		want := device(s, a, ms)
		fastest = min(fastest, want)
		if math.Abs(predicted[i]/want-1) > 1e-9 {
			t.Fatalf("%g ms, want %g", predicted[i], want)
		}
	}
	if h := l.HeldOut; !l.Calibrated || l.Networks != 40 || h.Samples != 40 || h.MAPE > 1e-9 ||
		h.Within10Pct != 1 || h.KendallTau < 0.99 {
		t.Errorf("intercept %g, slope %g, held-out error %+v", l.Intercept, l.Slope, h)
	}
	if len(l.ByResolution) != 2 || l.Estimated {
		t.Errorf("errors of %d resolutions, estimated %v", len(l.ByResolution), l.Estimated)
	}
	arch, got, err := l.Min()
	if err != nil || math.Abs(got-fastest) > 1e-9 || math.Abs(device(s, arch, ms)-fastest) > 1e-9 {
		t.Errorf("fastest %g ms (%v), by brute force %g", got, err, fastest)
	}
}

func TestLatencyHeldOutErrorIsTheNoise(t *testing.T) {
	s, ms := small(t), priced("device")
	all := everyArch(s)
	l := fitLatency(t, s, inventory(s, all, ms), networks(s, all, ms, 0.05))
	// A normal deviate is 0.8 standard deviations from 0 in the mean.
	if h := l.HeldOut; math.Abs(h.MAPE/0.04-1) > 0.3 {
		t.Errorf("held-out error %+v for noise of 5 %%", h)
	}
}

func TestLatencyOfFewNetworksIsTheSum(t *testing.T) {
	s, ms := small(t), priced("device")
	all := everyArch(s)
	l := fitLatency(t, s, inventory(s, all, ms), networks(s, all[:2], ms, 0))
	if l.Calibrated || l.Intercept != 0 || l.Slope != 1 || l.HeldOut.Samples != 0 ||
		l.Networks != 2 {
		t.Errorf("got %+v", l)
	}
	got, err := l.Predict(all[5:6])
	if want := sumOf(s, all[5], ms); err != nil || math.Abs(got[0]-want) > 1e-12 {
		t.Errorf("%v ms, want %g (%v)", got, want, err)
	}
}

// TestLatencyLearnsWhatWeightsCost: a block that is timed alone finds its weights in the nearest
// cache, but in a network each million of them costs time.
func TestLatencyLearnsWhatWeightsCost(t *testing.T) {
	s, ms := builtin(t, "mbv3-cifar"), func(b supernet.Block) float64 {
		return 0.01 + float64(b.MACs())*3e-8
	}
	r := rand.New(rand.NewPCG(5, 0))
	archs := make([]supernet.Arch, 80)
	for i := range archs {
		archs[i] = s.Random(r)
	}
	for _, cost := range []float64{0, 0.1} {
		measure := func(archs []supernet.Arch, noise float64) (times []predictor.NetworkTime) {
			for _, a := range archs {
				sum := -0.1 // of what blocks alone pay each
				for _, b := range s.Blocks(a) {
					sum += 1.2 * (ms(b) + cost*float64(b.Params())/1e6)
				}
				times = append(times, predictor.NetworkTime{Arch: a,
					MS: sum * (1 + noise*r.NormFloat64())})
			}
			return times
		}
		l := fitLatency(t, s, inventory(s, archs, ms), measure(archs[:20], 0.01))
		unseen := measure(archs[20:], 0)
		if e := wrong(t, l, unseen); e > 0.01 {
			t.Errorf("weights cost %g: predictions are %.1f %% off", cost, 100*e)
		}
		if method := l.Candidates[0].Method; cost == 0 && method != predictor.MethodLine ||
			cost > 0 && !(math.Abs(l.WeightsMS/cost-1) < 0.2) {
			t.Errorf("weights cost %g: method %s, a million %g ms", cost, method, l.WeightsMS)
		}
	}
}

func TestLatencyAveragesBlocks(t *testing.T) {
	s, ms := small(t), priced("device")
	all := everyArch(s)
	twice := append(inventory(s, all, func(b supernet.Block) float64 { return 0.5 * ms(b) }),
		inventory(s, all, func(b supernet.Block) float64 { return 1.5 * ms(b) })...)
	got, want := fitLatency(t, s, twice, nil), fitLatency(t, s, inventory(s, all, ms), nil)
	for key, ms := range want.BlocksMS {
		if math.Abs(got.BlocksMS[key]/ms-1) > 1e-9 {
			t.Errorf("block %s takes %g ms, want %g", key, got.BlocksMS[key], ms)
		}
	}
}

// Someone who timed whole networks on a phone has no blocks.
func TestLatencyOfNetworksAlone(t *testing.T) {
	s := builtin(t, "mbv3-tiny")
	ms := func(b supernet.Block) float64 { // the larger of two terms, where the model adds them
		return 0.01 + max(float64(b.MACs())*4e-7, float64(b.In.Len()+b.Out.Len())*1e-6)
	}
	r := rand.New(rand.NewPCG(3, 0))
	var archs []supernet.Arch
	for range 60 {
		archs = append(archs, s.Random(r))
	}
	l := fitLatency(t, s, nil, networks(s, archs[:30], ms, 0.01))
	if !l.Estimated || l.Calibrated || l.HeldOut.MAPE > 0.05 || l.HeldOut.KendallTau < 0.8 {
		t.Errorf("estimated %v, held-out error %+v", l.Estimated, l.HeldOut)
	}
	predicted, err := l.Predict(archs[30:])
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range archs[30:] {
		if want := device(s, a, ms); math.Abs(predicted[i]/want-1) > 0.1 {
			t.Errorf("%g ms, want %g", predicted[i], want)
		}
	}
	path := filepath.Join(t.TempDir(), "l.json")
	if err := l.Save(path); err != nil {
		t.Fatal(err)
	}
	if _, err := predictor.LoadLatency(path, s); err != nil {
		t.Error(err)
	}
}

// TestUnknownBlockIsTheUntimedOne: blocks that were timed at one resolution only are known there.
func TestUnknownBlockIsTheUntimedOne(t *testing.T) {
	s, ms := small(t), priced("device")
	arch := s.Min()
	l := fitLatency(t, s, inventory(s, []supernet.Arch{arch}, ms), nil)
	known := l.BlocksMS
	l.BlocksMS, l.AtMS = nil, map[int]map[string]float64{int(arch.Resolution): known}
	path := filepath.Join(t.TempDir(), "latency.json")
	if err := l.Save(path); err != nil {
		t.Fatal(err)
	}
	l, err := predictor.LoadLatency(path, s)
	if err != nil {
		t.Fatal(err)
	}
	var missing supernet.Block
	other := s.Max()
	other.Resolution = arch.Resolution
	for _, b := range s.Blocks(other) {
		if _, ok := known[b.Key()]; !ok {
			missing = b
			break
		}
	}
	if missing == s.Blocks(other)[0] {
		t.Fatal("nothing is tested: no block before the untimed one was timed")
	}
	_, err = l.Predict([]supernet.Arch{other})
	var unknown *predictor.UnknownBlockError
	if !errors.As(err, &unknown) || unknown.Block != missing {
		t.Errorf("error %v, want block %s", err, missing.Name)
	}
}

func TestLatencyOfUntimedBlocks(t *testing.T) {
	s, ms := small(t), priced("device")
	var small8, small12 []supernet.Arch
	for _, a := range everyArch(s) {
		if a.Resolution == 8 {
			small8 = append(small8, a)
		} else {
			small12 = append(small12, a)
		}
	}
	l := fitLatency(t, s, inventory(s, small8, ms), networks(s, small8, ms, 0))
	if arch, _, err := l.Min(); err != nil || arch.Resolution != 8 {
		t.Errorf("fastest is at %d (%v)", arch.Resolution, err)
	}
	_, err := l.Predict(slices.Concat(small8[:3], small12[:1]))
	var unknown *predictor.UnknownBlockError
	if !errors.As(err, &unknown) || unknown.Block != s.Blocks(small12[0])[0] ||
		!strings.Contains(err.Error(), "arch 4 of 4") ||
		!strings.Contains(err.Error(), unknown.Block.Key()) {
		t.Errorf("error %v", err)
	}
	if _, err := predictor.FitLatency(s, inventory(s, small8, ms), networks(s, small12, ms, 0),
		regress.Defaults()); !errors.As(err, &unknown) {
		t.Errorf("networks of untimed blocks: %v", err)
	}
}

func TestFitLatencyRefuses(t *testing.T) {
	s, ms := small(t), priced("device")
	all := everyArch(s)
	blocks, times := inventory(s, all, ms), networks(s, all, ms, 0)
	bad := all[0]
	bad.Resolution = 9
	slow := slices.Clone(blocks)
	slow[3].MS = math.Inf(1)
	for name, c := range map[string]struct {
		blocks   []predictor.BlockTime
		networks []predictor.NetworkTime
		is       error
		want     string
	}{
		"nothing":        {nil, nil, predictor.ErrSamples, "no blocks and 0 distinct networks"},
		"few networks":   {nil, times[:9], predictor.ErrSamples, "at least 10"},
		"infinite block": {slow, nil, predictor.ErrSamples, "took +Inf ms"},
		"negative time": {blocks, []predictor.NetworkTime{{Arch: all[0], MS: -1}},
			predictor.ErrSamples, "network 1 took -1 ms"},
		"other arch": {blocks, []predictor.NetworkTime{times[0], {Arch: bad, MS: 1}},
			supernet.ErrArch, "arch 2 of 2: arch does not fit the space small: resolution 9"},
		"too few blocks": {blocks[:3], nil, predictor.ErrSamples, "no network of space small"},
		"other arch only": {nil, []predictor.NetworkTime{{Arch: bad, MS: 1}}, supernet.ErrArch,
			"resolution 9"},
	} {
		_, err := predictor.FitLatency(s, c.blocks, c.networks, regress.Defaults())
		if !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, err := predictor.FitLatency(s, blocks, times,
		fitWith(regress.Settings{Folds: -1})); err == nil || !strings.Contains(err.Error(),
		"folds is -1") {
		t.Errorf("settings: %v", err)
	}
}

func TestLatencyRefusesOtherArchs(t *testing.T) {
	s, ms := small(t), priced("device")
	l := fitLatency(t, s, inventory(s, everyArch(s), ms), nil)
	a := s.Min()
	a.Kernel[40] = 3
	if _, err := l.Predict([]supernet.Arch{s.Min(), a}); !errors.Is(err, supernet.ErrArch) ||
		!strings.Contains(err.Error(), "arch 2 of 2") {
		t.Errorf("error %v", err)
	}
}

func TestLatencyComesBackFromTheFile(t *testing.T) {
	s, ms := small(t), priced("device")
	all := everyArch(s)
	l := fitLatency(t, s, inventory(s, all, ms), networks(s, all, ms, 0.02))
	l.Device, l.Runtime = "pi4", "native/1 threads=4"
	path := filepath.Join(t.TempDir(), "latency.json")
	if err := l.Save(path); err != nil {
		t.Fatal(err)
	}
	m, err := predictor.LoadLatency(path, s)
	if err != nil {
		t.Fatal(err)
	}
	if m.Tailor != "latency/5" || m.Device != "pi4" || m.Runtime != l.Runtime ||
		m.HeldOut != l.HeldOut || m.Slope != l.Slope ||
		!m.Calibrated || !maps.Equal(m.BlocksMS, l.BlocksMS) || !slices.Equal(m.ByResolution,
		l.ByResolution) {
		t.Errorf("got %s, held-out error %+v, want %+v", m.Tailor, m.HeldOut, l.HeldOut)
	}
	want, err1 := l.Predict(all)
	got, err2 := m.Predict(all)
	if err := errors.Join(err1, err2); err != nil || !slices.Equal(got, want) {
		t.Errorf("other predictions after loading (%v)", err)
	}
}

func TestLoadLatencyRefuses(t *testing.T) {
	s, ms := small(t), priced("device")
	path := filepath.Join(t.TempDir(), "l.json")
	write := func(change func(l *predictor.Latency)) {
		t.Helper()
		l := fitLatency(t, s, inventory(s, everyArch(s), ms), nil)
		change(l)
		if err := l.Save(path); err != nil {
			t.Fatal(err)
		}
	}
	write(func(*predictor.Latency) {})
	var other *predictor.SpaceError
	if _, err := predictor.LoadLatency(path, builtin(t, "mbv3-tiny")); !errors.As(err, &other) ||
		!strings.Contains(err.Error(), "space small") {
		t.Errorf("another space: %v", err)
	}
	for want, change := range map[string]func(l *predictor.Latency){
		"slope -1":        func(l *predictor.Latency) { l.Slope = -1 },
		"slope 0":         func(l *predictor.Latency) { l.Slope = 0 },
		"intercept_ms -9": func(l *predictor.Latency) { l.Intercept = -9 },
		"takes -1 ms": func(l *predictor.Latency) {
			for key := range l.BlocksMS {
				l.BlocksMS[key] = -1
			}
		},
		"no network": func(l *predictor.Latency) { l.BlocksMS = nil },
	} {
		write(change)
		if _, err := predictor.LoadLatency(path, s); err == nil || !strings.Contains(err.Error(),
			want) || !strings.Contains(err.Error(), path) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	var kind *store.KindError
	if _, err := predictor.LoadAccuracy(path, s); !errors.As(err, &kind) {
		t.Errorf("as accuracy: %v", err)
	}
}

func BenchmarkLatencyPredict(b *testing.B) {
	s, ms := builtin(b, "ofa-mbv3"), priced("device")
	r := rand.New(rand.NewPCG(1, 0))
	archs := make([]supernet.Arch, 50_000)
	for i := range archs {
		archs[i] = s.Random(r)
	}
	l := fitLatency(b, s, inventory(s, archs[:2000], ms), nil)
	b.ResetTimer()
	for b.Loop() {
		if _, err := l.Predict(archs); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(archs))/b.Elapsed().Seconds(), "archs/s")
}

// TestBlockMS: the intercept and what blocks contribute are the latency. The held-out predictions
// have the error that is stated.
func TestBlockMS(t *testing.T) {
	s, ms := small(t), priced("device")
	all := everyArch(s)
	timed := networks(s, all[:40:40], ms, 0.01)
	l := fitLatency(t, s, inventory(s, all, ms), timed)
	predicted, err := l.Predict(all)
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range all {
		sum := l.Intercept
		for _, b := range s.Blocks(a) {
			ms, known := l.BlockMS(int(a.Resolution), b)
			if !known {
				t.Fatalf("block %s is not known", b.Key())
			}
			sum += ms
		}
		if math.Abs(sum/predicted[i]-1) > 1e-9 {
			t.Fatalf("blocks add up to %v ms, want %v", sum, predicted[i])
		}
	}
	unknown := s.Blocks(all[0])[0]
	unknown.Out.C++
	if _, known := l.BlockMS(int(all[0].Resolution), unknown); known {
		t.Error("a block that nobody timed has a time")
	}
	var measured []float64
	for _, n := range timed {
		measured = append(measured, n.MS)
	}
	if got := regress.Compare(l.HeldOutPredictions(), measured); got != l.HeldOut {
		t.Errorf("the held-out predictions have the error %+v, stated is %+v", got, l.HeldOut)
	}
}
