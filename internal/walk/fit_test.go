package walk

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/supernet"
)

func TestFitLatencyIsExactWhereTimesAddUp(t *testing.T) {
	space := parseSpace(t, microSpace)
	l := inventedLatency(t, space)
	archs := allArchs(space)
	if want := 40; len(archs) != want {
		t.Fatalf("the space has %d networks, want %d", len(archs), want)
	}
	predicted, err := l.Predict(archs)
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range archs {
		if want := inventedNetwork(space, a); math.Abs(predicted[i]-want) > 1e-9*want {
			t.Errorf("%v: %v ms, want %v", space.Spec(a), predicted[i], want)
		}
	}
	if l.Device != "0123456789abcdef0123456789abcdef" || l.Runtime != "native/2 threads=1" {
		t.Errorf("device %q and runtime %q are not the profile's", l.Device, l.Runtime)
	}
}

func TestFitLatencyRefusesAnotherSpace(t *testing.T) {
	space, other := parseSpace(t, microSpace), parseSpace(t, otherSpace)
	p, path := inventedProfile(t, other)
	_, err := FitLatency(space, p, path)
	var stale *store.StaleError
	want := store.StaleError{File: path, Role: "space", Want: other.SHA256(), Got: space.SHA256()}
	if !errors.As(err, &stale) || *stale != want {
		t.Errorf("%v, want %+v", err, want)
	}
}

func TestFitAccuracyNeedsHeldOutImages(t *testing.T) {
	run, d := trainMicro(t, 1, -1)
	_, err := FitAccuracy(context.Background(), AccuracyJob{Run: run, Data: d, Samples: 10})
	if err == nil || !strings.Contains(err.Error(), "--holdout") || !strings.Contains(err.Error(), run.Dir) {
		t.Errorf("%v, want an error that names the run and --holdout", err)
	}
}

func TestFitAccuracyEndsWithItsContext(t *testing.T) {
	run, d := trainMicro(t, 1, 10)
	ctx, cancel := context.WithCancel(context.Background())
	job := AccuracyJob{Run: run, Data: d, Samples: 20, Workers: 1, Calibration: 16, Progress: func(done, _ int) {
		if done == 1 {
			cancel()
		}
		if done > 1 {
			t.Error("went on after the context had ended")
		}
	}}
	if _, err := FitAccuracy(ctx, job); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
}

func TestSampleArchs(t *testing.T) {
	space := parseSpace(t, microSpace)
	archs := sampleArchs(space, 20, 3)
	if len(archs) != 20 || archs[0] != space.Max() || archs[1] != space.Min() {
		t.Errorf("%d archs that begin with %v and %v, want 20 with the largest and the smallest first", len(archs), archs[0], archs[1])
	}
	distinct := map[supernet.Arch]bool{}
	for _, a := range archs {
		if err := space.Check(a); err != nil || distinct[a] {
			t.Errorf("%v comes twice or is not of the space: %v", space.Spec(a), err)
		}
		distinct[a] = true
	}
	if !slices.Equal(archs, sampleArchs(space, 20, 3)) || slices.Equal(archs, sampleArchs(space, 20, 4)) {
		t.Error("the archs do not depend on the seed, or not on it alone")
	}
	// The space has no more than 40.
	if n := len(sampleArchs(space, 1000, 1)); n != 40 {
		t.Errorf("%d archs, want all 40", n)
	}
}
