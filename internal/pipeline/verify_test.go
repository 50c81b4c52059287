package pipeline

import (
	"testing"

	"github.com/tailor-nas/tailor/internal/ship"
	"github.com/tailor-nas/tailor/search/manifest"
)

func TestJudgeAccuracy(t *testing.T) {
	for _, c := range []struct {
		claimed, found float64
		images         int
		other          bool
		want           ship.Verdict
	}{
		{.9, .9, 50, false, ship.Holds},
		{.9, .86, 50, false, ship.Holds}, // two images
		{.9, .84, 50, false, ship.Lie},
		{.9, .94, 50, true, ship.Unknown},
		{.9, .9, 49, false, ship.Lie},
	} {
		found := &manifest.Measured{Top1: c.found, Images: c.images}
		got, why := judgeAccuracy(&manifest.Measured{Top1: c.claimed, Images: 50}, found, c.other)
		if got != c.want {
			t.Errorf("%+v: %s, %s", c, got, why)
		}
	}
}

func TestJudgeLatency(t *testing.T) {
	claimed := manifest.Measured{LatencyMS: 1, LatencyLowMS: .01, LatencyHighMS: 100}
	for _, c := range []struct {
		ms       float64
		unstable bool
		want     ship.Verdict
	}{
		{1, false, ship.Holds}, {1.2, false, ship.Holds}, {1.5, false, ship.Lie},
		{.6, false, ship.Lie}, {1.5, true, ship.Unknown},
	} {
		found := manifest.Measured{LatencyMS: c.ms, LatencyLowMS: .98 * c.ms,
			LatencyHighMS: 1.02 * c.ms, Unstable: c.unstable}
		if got, why := judgeLatency(&claimed, &found); got != c.want {
			t.Errorf("%+v: %s, %s", c, got, why)
		}
	}
}

// TestVerify: what a search wrote is so, and a claim that is changed is not.
func TestVerify(t *testing.T) {
	_, _, dir := winner(t)
	v, err := Verify(t.Context(), VerifyJob{Manifest: dir, Workers: 2})
	if err != nil || !v.OK || v.Found.Images != 50 || v.Found.Top1 != v.Claimed.Top1 {
		t.Fatalf("%v: %+v", err, v)
	}
	m, net, err := manifest.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	m.Measured.Top1 = 1 - m.Measured.Top1/2
	if _, err := m.Replace(dir, net, ship.Exporters(ship.Formats())...); err != nil {
		t.Fatal(err)
	}
	v, err = Verify(t.Context(), VerifyJob{Manifest: dir, Workers: 2})
	if err != nil || v.OK || v.Lies() != 1 {
		t.Errorf("a false accuracy: %v: %+v", err, v)
	}
}
