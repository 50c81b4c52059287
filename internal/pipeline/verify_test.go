package pipeline

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tailor-nas/tailor"
	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/ship"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
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

// others measure in the place of this machine, as they are told.
type others struct {
	right   int // images
	latency manifest.Measured
	pace    float64
	err     error
}

func (o others) Test(_ context.Context, nets []*supernet.Subnet, set data.Set, _ int,
	_ data.Transform, _ func(int)) (all []manifest.Measured, err error) {
	for range nets {
		all = append(all, manifest.Measured{Top1: float64(o.right) / float64(set.Len()),
			Images: set.Len(), Top1Worker: "w"})
	}
	return all, o.err
}

func (o others) TimeNetwork(_ context.Context, _ *supernet.Subnet, _ profiles.Identity,
	ref *manifest.Reference, _ time.Duration, _ uint64) (*manifest.Measured, float64, error) {
	if ref == nil {
		return &o.latency, 0, o.err
	}
	return &o.latency, o.pace, o.err
}

// TestVerifyElsewhere: what others find is judged as what is found here, and what nobody measures
// is left open, with the reason.
func TestVerifyElsewhere(t *testing.T) {
	_, _, dir := winner(t)
	m, net, err := manifest.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	right := int(math.Round(50 * m.Measured.Top1))
	ms := manifest.Measured{LatencyMS: 2, LatencyLowMS: 1.9, LatencyHighMS: 2.1, Device: "there",
		Runtime: "litert/2 threads=3", LatencyWorker: "w"}
	m.Measured.LatencyMS, m.Measured.LatencyLowMS, m.Measured.LatencyHighMS = 2, 2, 2
	m.Measured.Device, m.Measured.Runtime = ms.Device, ms.Runtime
	m.Measured.Reference = &manifest.Reference{Blocks: m.Blocks, MS: 2}
	m.Judge()
	if _, err := m.Replace(dir, net, ship.Exporters(ship.Formats())...); err != nil {
		t.Fatal(err)
	}
	if of := ClaimedIdentity(dir); of.Device != "there" || of.Runtime != ms.Runtime {
		t.Errorf("it claims a latency on %+v", of)
	}
	slow := ms
	slow.LatencyMS, slow.LatencyLowMS, slow.LatencyHighMS = 9, 8, 10
	good, wrong := others{right: right, latency: ms}, others{right: right - 9, latency: slow}
	gone := others{err: errors.New("they are gone")}
	for name, c := range map[string]struct {
		by                *Elsewhere
		time              bool
		accuracy, latency ship.Verdict
		err               error
	}{
		"so":    {&Elsewhere{Tester: good, Timer: good}, true, ship.Holds, ship.Holds, nil},
		"wrong": {&Elsewhere{Tester: wrong, Timer: wrong}, true, ship.Lie, ship.Lie, nil},
		"slower machine": {&Elsewhere{Tester: good, Timer: others{right: right, latency: ms,
			pace: 1.4}}, true, ship.Holds, ship.Unknown, nil},
		"no time": {&Elsewhere{Tester: good, Timer: good}, false, ship.Holds, ship.Unknown, nil},
		"gone":    {&Elsewhere{Tester: gone}, true, "", "", gone.err},
		"lost":    {&Elsewhere{Tester: good, Timer: gone}, true, "", "", gone.err},
		"nobody": {&Elsewhere{Untested: "nobody tests", Untimed: "nobody times"}, true,
			ship.Unknown, ship.Unknown, nil},
	} {
		v, err := Verify(t.Context(), VerifyJob{Manifest: dir, Time: c.time, Elsewhere: c.by})
		if !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
			t.Errorf("%s: %v, want %v", name, err, c.err)
		}
		if err != nil {
			continue
		}
		if a, l := verdictOf(v, "accuracy"), verdictOf(v, "latency"); a != c.accuracy ||
			l != c.latency || v.OK != (name != "wrong") {
			t.Errorf("%s: accuracy %s, latency %s: %+v", name, a, l, v.Checks)
		}
		if text := fmt.Sprint(v.Checks); name == "nobody" && (!strings.Contains(text,
			"nobody tests") || !strings.Contains(text, "nobody times")) {
			t.Errorf("%s: %s", name, text)
		}
		if text := fmt.Sprint(v.Checks); strings.Contains(text, "1.4 times as long now (2.8 ms)") !=
			(name == "slower machine") {
			t.Errorf("%s: %s", name, text)
		}
		if name == "so" && (v.Found.Top1Worker != "w" || v.Found.LatencyWorker != "w" ||
			v.Found.Top1 != v.Claimed.Top1) {
			t.Errorf("found %+v", v.Found)
		}
	}
}

// otherRuntime is one of another program, as far as anybody can tell: tailor's engine by another
// name, in batches of seven, with a fault if it is told to.
type otherRuntime struct{ wrong bool }

func (r otherRuntime) Info() profiles.RuntimeInfo {
	return profiles.RuntimeInfo{Name: "elsewhere", Version: "1", Threads: 1, Batch: 7}
}

func (r otherRuntime) Load(ctx context.Context, net *supernet.Subnet) (profiles.Session, error) {
	s, err := profiles.Native{Batch: 7}.Load(ctx, net)
	return otherSession{s, r.wrong}, err
}

type otherSession struct {
	profiles.Session
	wrong bool
}

func (s otherSession) Output() ([]float32, error) {
	out, err := s.Session.Output()
	if s.wrong {
		slices.Reverse(out)
	}
	return out, err
}

// verdictOf is that of the check of a name; empty if there is none.
func verdictOf(v *Verified, what string) ship.Verdict {
	for _, c := range v.Checks {
		if c.What == what {
			return c.Verdict
		}
	}
	return ""
}

// TestInARuntime: a winner in another runtime gives the same answers as in tailor's engine, image
// by image and all together; one that computes something else is found.
func TestInARuntime(t *testing.T) {
	_, _, dir := winner(t)
	own, err := MeasureAgain(t.Context(), AgainJob{Manifest: dir, Budget: 1, Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	there, err := MeasureAgain(t.Context(), AgainJob{Manifest: dir, Runtime: otherRuntime{},
		Budget: 1, Workers: 2})
	if err != nil || there.Top1 != own.Top1 || !slices.EqualFunc(there.Confusion, own.Confusion,
		slices.Equal[[]int]) || !strings.HasPrefix(there.Runtime, "elsewhere/1 ") {
		t.Errorf("%v: %+v, in tailor's engine %+v", err, there, own)
	}
	var followed string
	v, err := Verify(t.Context(), VerifyJob{Manifest: dir, Runtime: otherRuntime{}, Workers: 2,
		Follows: func(path string) { followed = path }})
	if err != nil || !v.OK || verdictOf(v, "outputs in elsewhere") != ship.Holds ||
		verdictOf(v, "accuracy") != ship.Holds || followed == "" {
		t.Errorf("%v: %+v, images of %q", err, v, followed)
	}
	v, err = Verify(t.Context(), VerifyJob{Manifest: dir, Runtime: otherRuntime{wrong: true},
		Workers: 2})
	if err != nil || v.OK || verdictOf(v, "outputs in elsewhere") != ship.Lie {
		t.Errorf("%v: %+v of a runtime that computes something else", err, v)
	}
	classifyThere(t, dir)
}

// classifyThere compares what the library and a runtime see in an image.
func classifyThere(t *testing.T, winner string) {
	t.Helper()
	network, err := tailor.Open(winner)
	if err != nil {
		t.Fatal(err)
	}
	defer network.Close()
	there, err := openServed(t.Context(), otherRuntime{}, winner)
	if err != nil {
		t.Fatal(err)
	}
	defer there.Close()
	img := image.NewGray(image.Rect(0, 0, 9, 7))
	for i := range img.Pix {
		img.Pix[i] = uint8(31 * i)
	}
	want, err := network.Classify(img)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := there.Classify(img); err != nil || !slices.Equal(got, want) {
		t.Errorf("%v: %+v, expected %+v", err, got, want)
	}
}

// TestVerifyNothing: a folder without a manifest claims nothing, so that nothing is a lie.
func TestVerifyNothing(t *testing.T) {
	if v, err := Verify(t.Context(), VerifyJob{Manifest: t.TempDir()}); !errors.Is(err,
		fs.ErrNotExist) {
		t.Errorf("got %+v and %v, want a file that does not exist", v, err)
	}
}

// TestVerifyNewer: what a newer tailor wrote cannot be looked at, and is no lie.
func TestVerifyNewer(t *testing.T) {
	path := manifest.Path(t.TempDir())
	if err := os.WriteFile(path, []byte(`{"tailor": "manifest/99999"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	var newer *store.VersionError
	if v, err := Verify(t.Context(), VerifyJob{Manifest: path}); !errors.As(err, &newer) {
		t.Errorf("got %+v and %v, want another version", v, err)
	}
}
