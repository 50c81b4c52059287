package pipeline

import (
	"errors"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/micro"
	"github.com/tailor-nas/tailor/internal/ship"
	"github.com/tailor-nas/tailor/internal/winners"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/trainer"
)

// winner searches the best network of a new run.
func winner(t *testing.T) (*trainer.Run, *trainer.Data, string) {
	t.Helper()
	run, d := micro.Train(t, micro.ParseSpace(t, micro.SpaceYAML), 1, 30)
	dir := filepath.Join(t.TempDir(), "winners")
	result, err := winners.Search(t.Context(), winners.Job{
		Config: optimize.Defaults(), Space: run.Info.Space, Run: run, Data: d, Verify: true,
		Accuracy: micro.Accuracy(t, run.Info.Space, run.State.WeightsSHA256), Dir: dir,
		Workers: 2,
	})
	if err != nil {
		t.Fatal(err)
	}
	return run, d, filepath.Dir(result.Winners[0].Manifest)
}

// pictures writes images of some classes as somebody else's folder, CLASS/N.png.
func pictures(t *testing.T, d *trainer.Data, s data.Set, names map[int]string) string {
	t.Helper()
	dir := t.TempDir()
	pixels := make([]byte, d.Size*d.Size*d.Channels)
	for i := range s.Len() {
		name, ok := names[s.Label(i)]
		if !ok {
			continue
		}
		if err := s.Image(i, pixels); err != nil {
			t.Fatal(err)
		}
		img := image.NewNRGBA(image.Rect(0, 0, d.Size, d.Size))
		for p := range d.Size * d.Size {
			at := pixels[p*d.Channels:]
			copy(img.Pix[4*p:], []byte{at[0], at[(d.Channels-1)/2], at[d.Channels-1], 255})
		}
		path := filepath.Join(dir, name, strconv.Itoa(i)+".png")
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(png.Encode(f, img), f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestMeasureAgainOnOtherData gives the same answers for the same images in somebody else's folder,
// which has some of the classes alone, and agrees with the manifest on the network's own.
func TestMeasureAgainOnOtherData(t *testing.T) {
	run, d, folder := winner(t)
	own, err := MeasureAgain(t.Context(), AgainJob{Manifest: folder, Images: TestImages{},
		Budget: time.Millisecond, Seed: 1, Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	if own.OtherData || own.Top1 != own.Claimed.Top1 || own.Images != d.Test.Len() ||
		len(own.Classes) != len(d.Classes) {
		t.Errorf("on its own images: %+v, claimed %+v", own, own.Claimed)
	}
	if own.Runtime != (profiles.Native{Threads: 1}).Info().ID() {
		t.Errorf("timed with %q, want one thread of tailor's engine", own.Runtime)
	}
	names := map[int]string{1: d.Classes[1], 4: d.Classes[4], 8: d.Classes[8]}
	other, err := MeasureAgain(t.Context(), AgainJob{Manifest: folder,
		Images: TestImages{Path: pictures(t, d, d.Test, names)}, Budget: time.Millisecond, Seed: 1,
		Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	if !other.OtherData {
		t.Error("other data is taken for the network's own")
	}
	for class := range d.Classes {
		want := own.Classes[class]
		if names[class] == "" {
			want = ClassAnswers{Name: want.Name}
		}
		got := other.Classes[class]
		if got.Name != want.Name || got.Images != want.Images ||
			(got.Top1 == nil) != (want.Top1 == nil) || got.Top1 != nil && *got.Top1 != *want.Top1 {
			t.Errorf("class %d: %+v, want %+v", class, got, want)
		}
		for taken, n := range other.Confusion[class] {
			if names[class] != "" && n != own.Confusion[class][taken] {
				t.Errorf("class %d was taken for %d %d times, %d times before", class, taken, n,
					own.Confusion[class][taken])
			}
		}
	}
	if _, err := MeasureAgain(t.Context(), AgainJob{Manifest: folder,
		Images: TestImages{Path: pictures(t, d, d.Test, map[int]string{1: d.Classes[1],
			2: "kitten"})}, Budget: time.Millisecond, Seed: 1, Workers: 2}); !errors.Is(err,
		data.ErrClasses) {
		t.Errorf("error %v for a class that the network does not know", err)
	}
	// The same of a run's sub-network, calibrated on the run's own images.
	of, err := OpenRunTest(run, TestImages{Path: pictures(t, d, d.Test, names)})
	if err != nil {
		t.Fatal(err)
	}
	if of.Data.SHA256 != d.SHA256 || of.Set.Len() != other.Images || !of.Other ||
		of.Seen.Test != other.Images {
		t.Errorf("a run is tested on %d images (other: %v, seen %+v), want %d", of.Set.Len(),
			of.Other, of.Seen, other.Images)
	}
}

// TestEngineOf: a latency of four threads is not compared with one of one thread.
func TestEngineOf(t *testing.T) {
	for _, n := range []profiles.Native{{Threads: 4}, {Threads: 1, Batch: 8}} {
		if got := engineOf(n.Info().ID()); got != n {
			t.Errorf("%+v is measured again with %+v", n, got)
		}
	}
	for _, other := range []string{"", "onnxruntime/1.2 threads=4"} {
		if got := engineOf(other); got != (profiles.Native{Threads: 1}) {
			t.Errorf("%q is measured again with %+v", other, got)
		}
	}
}

// TestScaleOfItsOwn: a latency is on the scale of the manifest's reference where the device and the
// runtime are those that are claimed, and the clock's elsewhere: one scale says nothing on another.
func TestScaleOfItsOwn(t *testing.T) {
	_, _, dir := winner(t)
	m, net, err := manifest.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	native := profiles.Native{Threads: 1}
	here, err := profiles.DeviceOf(t.Context(), native)
	if err != nil {
		t.Fatal(err)
	}
	const far = 1e8 // ms, which nothing here takes
	m.Measured.Device, m.Measured.Runtime = here.ID, native.Info().ID()
	m.Measured.LatencyMS, m.Measured.LatencyLowMS, m.Measured.LatencyHighMS = far, far, far
	m.Measured.Reference = &manifest.Reference{Blocks: m.Blocks, MS: far}
	m.Judge()
	if _, err := m.Replace(dir, net, ship.Exporters(ship.Formats())...); err != nil {
		t.Fatal(err)
	}
	for _, rt := range []profiles.Runtime{nil, otherRuntime{}} {
		a, err := MeasureAgain(t.Context(), AgainJob{Manifest: dir, Runtime: rt, Budget: 1,
			Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		if on := a.LatencyMS > far/1e4; on != (rt == nil) || (a.Pace > 0) != on {
			t.Errorf("in %s: %g ms, at a pace of %g", a.Runtime, a.LatencyMS, a.Pace)
		}
		v, err := Verify(t.Context(), VerifyJob{Manifest: dir, Runtime: rt, Time: true, Budget: 1,
			Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		if on := v.Found.LatencyMS > far/1e4; on != (rt == nil) {
			t.Errorf("in %s: verify found %g ms", v.Found.Runtime, v.Found.LatencyMS)
		}
	}
}
