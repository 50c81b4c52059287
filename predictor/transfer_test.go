package predictor_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/supernet"
)

// kernels is a device where each kernel size has its own speed, beside one where only MACs count.
func kernels(factor map[int]float64) func(supernet.Block) float64 {
	return func(b supernet.Block) float64 {
		ms := 0.01 + float64(b.MACs())*1e-7
		if b.Kind == supernet.MBConv {
			ms *= factor[b.Kernel]
		}
		return ms
	}
}

var (
	even   = kernels(map[int]float64{3: 1, 5: 1, 7: 1})
	uneven = kernels(map[int]float64{3: 0.5, 5: 1, 7: 2})
)

func timed(s *supernet.Space, archs []supernet.Arch, ms func(supernet.Block) float64, noise float64,
	seed uint64) []predictor.NetworkTime {
	r := rand.New(rand.NewPCG(seed, 0))
	var all []predictor.NetworkTime
	for _, a := range archs {
		all = append(all, predictor.NetworkTime{Arch: a, MS: 0.1 +
			3*sumOf(s, a, ms)*(1+noise*r.NormFloat64())})
	}
	return all
}

// timedAt are the resolutions whose blocks were timed.
var timedAt = []int{160, 224}

func blocksOf(s *supernet.Space, ms func(supernet.Block) float64) (blocks []predictor.BlockTime) {
	for _, r := range timedAt {
		for _, b := range s.AllBlocks(r) {
			blocks = append(blocks, predictor.BlockTime{Block: b, MS: ms(b)})
		}
	}
	return blocks
}

func randomArchs(s *supernet.Space, n int, seed uint64) (archs []supernet.Arch) {
	r := rand.New(rand.NewPCG(seed, 7))
	for i := range n {
		a := s.Random(r)
		a.Resolution = uint16(timedAt[i%len(timedAt)])
		archs = append(archs, a)
	}
	return archs
}

// wrong is the mean relative error of predictions.
func wrong(t *testing.T, l *predictor.Latency, networks []predictor.NetworkTime) (sum float64) {
	t.Helper()
	for _, n := range networks {
		ms, err := l.Predict([]supernet.Arch{n.Arch})
		if err != nil {
			t.Fatal(err)
		}
		sum += math.Abs(ms[0]/n.MS-1) / float64(len(networks))
	}
	return sum
}

func methods(l *predictor.Latency) (names []string) {
	for _, c := range l.Candidates {
		names = append(names, c.Method)
	}
	return names
}

func transfer(networks []predictor.NetworkTime, olds ...*predictor.Latency) (*predictor.Latency,
	error) {
	return predictor.TransferLatency(olds, networks, regress.Defaults())
}

// TestTransferLearnsTypes: the old device knows nothing of what kernels cost on the new one, and 20
// networks tell.
func TestTransferLearnsTypes(t *testing.T) {
	s := builtin(t, "ofa-mbv3")
	archs := randomArchs(s, 60, 1)
	old := fitLatency(t, s, blocksOf(s, even), timed(s, archs[:20], even, 0.01, 1))
	if got := methods(old); got[0] != "line" || !slices.Contains(got, "types") ||
		old.Scales != nil {
		t.Errorf("methods %v and scales %v where a line is enough", got, old.Scales)
	}
	unseen := timed(s, archs[30:], uneven, 0, 2)
	errs := map[int]float64{}
	for _, n := range []int{3, 10, 20} {
		l, err := transfer(timed(s, archs[:n], uneven, 0.01, 3), old)
		if err != nil {
			t.Fatal(err)
		}
		errs[n] = wrong(t, l, unseen)
		if n == 20 {
			if got := methods(l)[0]; got != predictor.MethodTypes ||
				!(l.Scales["mbconv-k3"] < 0.8*l.Scales["mbconv-k5"]) ||
				!(l.Scales["mbconv-k5"] < 0.8*l.Scales["mbconv-k7"]) {
				t.Errorf("method %s with scales %v", got, l.Scales)
			}
			if l.Interval.Coverage != 0.9 || l.Interval.Relative < l.HeldOut.MAPE ||
				l.Interval.Relative > 0.2 {
				t.Errorf("interval %+v for the held-out error %+v", l.Interval, l.HeldOut)
			}
			checkReloads(t, s, l, archs)
		}
	}
	if asIs := wrong(t, old, unseen); !(errs[3] < asIs) || !(errs[10] < 0.2*errs[3]) ||
		errs[20] > 0.01 {
		t.Errorf("errors by number of networks %v; %g with the old predictor", errs, asIs)
	}
}

// checkReloads wants the same predictions from the file, and the exact minimum with scales.
func checkReloads(t *testing.T, s *supernet.Space, l *predictor.Latency, archs []supernet.Arch) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "l.json")
	if err := l.Save(path); err != nil {
		t.Fatal(err)
	}
	again, err := predictor.LoadLatency(path, s)
	if err != nil {
		t.Fatal(err)
	}
	want, err1 := l.Predict(archs)
	got, err2 := again.Predict(archs)
	if err := errors.Join(err1, err2); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("other predictions from the file (%v)", err)
	}
	fastest, ms, err := again.Min()
	if err != nil {
		t.Fatal(err)
	}
	alone, err := again.Predict([]supernet.Arch{fastest})
	if err != nil || math.Abs(alone[0]-ms) > 1e-12 {
		t.Errorf("the fastest takes %v ms, predicted are %v (%v)", ms, alone, err)
	}
	for _, v := range want {
		if v < ms {
			t.Errorf("%v ms is less than the smallest, %v", v, ms)
		}
	}
}

// TestTransferFromAStranger: where the old device says nothing of the new one, networks alone say
// more.
func TestTransferFromAStranger(t *testing.T) {
	s := builtin(t, "ofa-mbv3")
	archs := randomArchs(s, 60, 2)
	r := rand.New(rand.NewPCG(1, 1))
	blocks := blocksOf(s, func(supernet.Block) float64 { return math.Exp(2 * r.NormFloat64()) })
	old := fitLatency(t, s, blocks, nil)
	l, err := transfer(timed(s, archs[:40], even, 0.01, 3), old)
	if err != nil {
		t.Fatal(err)
	}
	if !l.Estimated || methods(l)[0] != predictor.MethodRoofline || len(l.Candidates) < 4 {
		t.Errorf("estimated %v by %v", l.Estimated, methods(l))
	}
	if e := wrong(t, l, timed(s, archs[40:], even, 0, 4)); e > 0.03 {
		t.Errorf("error %g", e)
	}
}

func TestTransferRefuses(t *testing.T) {
	s := builtin(t, "ofa-mbv3")
	old := fitLatency(t, s, inventory(s, []supernet.Arch{s.Max(), s.Min()}, even), nil)
	two := timed(s, []supernet.Arch{s.Max(), s.Min()}, even, 0, 1)
	if _, err := transfer(two, old); !errors.Is(err, predictor.ErrSamples) {
		t.Errorf("two networks: %v", err)
	}
	networks := timed(s, randomArchs(s, 5, 1), even, 0, 1)
	var unknown *predictor.UnknownBlockError
	if _, err := transfer(networks, old); !errors.As(err, &unknown) ||
		!strings.Contains(err.Error(), "or fit to these alone") {
		t.Errorf("blocks that the old one does not know: %v", err)
	}
	networks[2].MS = math.Inf(1)
	if _, err := transfer(networks, old); !errors.Is(err, predictor.ErrSamples) {
		t.Errorf("an infinite latency: %v", err)
	}
}

// TestIntervalHolds counts how many new networks are within the intervals, over many fits.
func TestIntervalHolds(t *testing.T) {
	s := small(t)
	all := everyArch(s)
	r := rand.New(rand.NewPCG(5, 5))
	ms := priced("device")
	blocks := inventory(s, all, ms)
	inside, total := 0, 0
	for fit := range 60 {
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		times := timed(s, all[:24], ms, 0.05, uint64(fit))
		l := fitLatency(t, s, blocks, times[:20])
		for _, n := range times[20:] {
			p, err := l.Predict([]supernet.Arch{n.Arch})
			if err != nil {
				t.Fatal(err)
			}
			low, high := l.Interval.Around(p[0])
			total++
			if n.MS >= low && n.MS <= high {
				inside++
			}
		}
	}
	if share := float64(inside) / float64(total); share < 0.85 || share > 0.97 {
		t.Errorf("%.3f of %d networks are within intervals for 0.9", share, total)
	}
	few := fitLatency(t, s, blocks, timed(s, all[:8], ms, 0.05, 1))
	if low, high := few.Interval.Around(2); low != 2 || high != 2 || few.Interval.Coverage != 0 {
		t.Errorf("8 networks give the interval %+v", few.Interval)
	}
}
