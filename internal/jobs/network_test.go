package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/micro"
	"github.com/tailor-nas/tailor/internal/pipeline"
	"github.com/tailor-nas/tailor/internal/queue"
	"github.com/tailor-nas/tailor/internal/ship"
	"github.com/tailor-nas/tailor/internal/winners"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// lendMachine lends this machine until the test ends, or until the function that it gives is
// called.
func lendMachine(t *testing.T, s *queue.Server, name string) (stop func()) {
	t.Helper()
	l := Lender{Queue: dial(t, s), Name: name, Dir: t.TempDir(), Workers: 1}
	ctx, cancel := context.WithCancel(t.Context())
	var ended sync.WaitGroup
	ended.Go(func() {
		if err := l.Work(ctx); err != nil {
			t.Error(err)
		}
	})
	stop = func() { cancel(); ended.Wait() }
	t.Cleanup(stop)
	return stop
}

// TestTestedOnce: what was tested is known when it is asked for again, though no worker is there;
// of two networks that are the same, one is tested.
func TestTestedOnce(t *testing.T) {
	run, d := micro.Train(t, micro.ParseSpace(t, micro.SpaceYAML), 1, 30)
	_, net, err := manifest.Open(searched(t, run, d, nil)[0].Manifest)
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t)
	stop, k := lendMachine(t, s, "one"), &Tester{Queue: dial(t, s)}
	mean, std := d.Stats()
	test := func(nets ...*supernet.Subnet) []manifest.Measured {
		t.Helper()
		all, err := k.Test(t.Context(), nets, d.Test, d.Size,
			data.Transform{Mean: mean, Std: std}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	first := test(net)
	stop()
	if again := test(net, net); again[0] != first[0] || again[1] != first[0] {
		t.Errorf("%+v, then %+v", first, again)
	}
}

// searched are winners of a run, tested by others if a tester is given.
func searched(t *testing.T, run *trainer.Run, d *trainer.Data, by winners.Tester) []winners.Winner {
	t.Helper()
	space := run.Info.Space
	r, err := winners.Search(t.Context(), winners.Job{Config: optimize.Defaults(), Space: space,
		Run: run, Data: d, Accuracy: micro.Accuracy(t, space, run.State.WeightsSHA256),
		Limits: []search.Limits{{}, {MACs: 2 * micro.MACs(space, space.Min())}, {Params: 1 << 20}},
		Top:    3, Verify: true, Dir: t.TempDir(), Workers: 2, Tester: by})
	if err != nil {
		t.Fatal(err)
	}
	return r.Winners
}

// TestTester: winners that two workers tested have the same top-1 to the bit, the same ranks and
// the same files as those that were tested here, and name who did it.
func TestTester(t *testing.T) {
	run, d := micro.Train(t, micro.ParseSpace(t, micro.SpaceYAML), 1, 30)
	s := serve(t)
	lendMachine(t, s, "one")
	lendMachine(t, s, "two")
	here := searched(t, run, d, nil)
	there := searched(t, run, d, &Tester{Queue: dial(t, s)})
	if len(here) != 9 || len(there) != len(here) {
		t.Fatalf("%d winners, and %d of a queue", len(here), len(there))
	}
	for i, w := range there {
		want, m := here[i], *w.Measured
		if m.Top1Worker != "one" && m.Top1Worker != "two" {
			t.Errorf("winner %d was measured by %q", i, m.Top1Worker)
		}
		m.Top1Worker = ""
		if !reflect.DeepEqual(&m, want.Measured) ||
			math.Float64bits(m.Top1) != math.Float64bits(want.Measured.Top1) ||
			!reflect.DeepEqual(w.Ranks, want.Ranks) || !reflect.DeepEqual(w.Arch, want.Arch) {
			t.Errorf("winner %d is %+v, here %+v", i, m, want.Measured)
		}
		read, _, err := manifest.Open(w.Manifest)
		if err != nil || read.Measured.Top1Worker != w.Measured.Top1Worker {
			t.Errorf("the manifest says %+v, %v", read, err)
		}
		if a, b := file(t, want.Manifest, "weights.safetensors"),
			file(t, w.Manifest, "weights.safetensors"); a != b {
			t.Errorf("winner %d has other weights", i)
		}
	}
}

func file(t *testing.T, manifest, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(filepath.Dir(manifest), name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// sparse makes the manifest of a winner one whose weights are mostly zero.
func sparse(t *testing.T, path string) *supernet.Subnet {
	t.Helper()
	m, net, err := manifest.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, tensor := range net.Tensors() {
		for i := range tensor.Data {
			if strings.HasSuffix(tensor.Name, "weight") && i%10 > 1 && len(tensor.Shape) == 2 {
				tensor.Data[i] = 0
			}
		}
	}
	net.MeasureZeros()
	if !slices.ContainsFunc(net.Blocks, func(b supernet.Block) bool { return b.Zeros > 0 }) {
		t.Fatal("nothing was pruned")
	}
	m.Blocks = net.Blocks
	if _, err := m.Replace(filepath.Dir(path), net, ship.Exporters(ship.Formats())...); err != nil {
		t.Fatal(err)
	}
	return net
}

// TestVerify: a winner with its own weights, pruned or not, is found by workers to have the top-1
// that it has here, to the bit, and the latency of the device that they lend.
func TestVerify(t *testing.T) {
	run, d := micro.Train(t, micro.ParseSpace(t, micro.SpaceYAML), 1, 30)
	s := serve(t)
	q := dial(t, s)
	lendMachine(t, s, "counts")
	device := &invented{id: oneID, factor: 1}
	lend(t, lender(t, dial(t, s), "times", device))
	of := profiles.Identity{Device: oneID, Runtime: device.Info().ID()}
	elsewhere := &pipeline.Elsewhere{Tester: &Tester{Queue: q},
		Timer: &DeviceAsker{Queue: q, Class: ClassOf(of)}}
	path := searched(t, run, d, nil)[0].Manifest
	for turn, net := range []*supernet.Subnet{nil, sparse(t, path)} {
		here, err := pipeline.Verify(t.Context(), pipeline.VerifyJob{Manifest: path, Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		claim(t, path, here.Found.Top1, of)
		v, err := pipeline.Verify(t.Context(), pipeline.VerifyJob{Manifest: path, Time: true,
			Budget: time.Second, Elsewhere: elsewhere})
		if err != nil || !v.OK || v.Unknown() != 0 {
			t.Fatalf("turn %d: %v, %+v", turn, err, v)
		}
		f, ms := v.Found, 0.0
		_, net, err = manifest.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range net.Blocks {
			ms += micro.BlockMS(b)
		}
		if math.Float64bits(f.Top1) != math.Float64bits(here.Found.Top1) || f.Images != 50 ||
			f.Top1Worker != "counts" || f.LatencyWorker != "times" || f.Device != oneID ||
			math.Abs(f.LatencyMS/ms-1) > .01 {
			t.Errorf("turn %d: found %+v, here %+v, and %g ms", turn, f, here.Found, ms)
		}
	}
}

// claim makes a manifest claim a top-1, and a latency that the invented device has.
func claim(t *testing.T, path string, top1 float64, of profiles.Identity) {
	t.Helper()
	m, net, err := manifest.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	ms := 0.0
	for _, b := range net.Blocks {
		ms += micro.BlockMS(b)
	}
	m.Measured = &manifest.Measured{Top1: top1, Images: 50, Split: "test", LatencyMS: ms,
		LatencyLowMS: ms, LatencyHighMS: ms, Device: of.Device, Runtime: of.Runtime}
	m.Judge()
	if _, err := m.Replace(filepath.Dir(path), net, ship.Exporters(ship.Formats())...); err != nil {
		t.Fatal(err)
	}
}

// TestTesterLiar: a worker that makes right answers up is told from the other by what is counted
// here.
func TestTesterLiar(t *testing.T) {
	run, d := micro.Train(t, micro.ParseSpace(t, micro.SpaceYAML), 1, 30)
	_, net, err := manifest.Open(searched(t, run, d, nil)[0].Manifest)
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t)
	lendMachine(t, s, "honest")
	lying := dial(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	var ended sync.WaitGroup
	defer ended.Wait()
	defer cancel()
	ended.Go(func() {
		_ = lying.Work(ctx, queue.Worker{Name: "liar", Kind: AccuracyKind,
			Classes: []string{Class()}, AtOnce: 1,
			Do: func(context.Context, int, queue.Job) (json.RawMessage, error) {
				return json.Marshal(counted{new(50)})
			}})
	})
	for { // both are there
		all, err := lying.Workers(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if len(all) == 2 {
			break
		}
	}
	mean, std := d.Stats()
	_, err = (&Tester{Queue: dial(t, s)}).Test(ctx, []*supernet.Subnet{net}, d.Test, d.Size,
		data.Transform{Mean: mean, Std: std}, nil)
	var differ *queue.DifferError
	if !errors.As(err, &differ) || !slices.Equal(differ.Wrong, []string{"liar"}) {
		t.Errorf("%v, want a DifferError that names the liar", err)
	}
}

// TestHostileNetworks: what is sent as a network, or as a protocol of some, and is none, is an
// error of the job.
func TestHostileNetworks(t *testing.T) {
	space := micro.ParseSpace(t, micro.SpaceYAML)
	s := serve(t)
	q := dial(t, s)
	b := &benches{lender: &Lender{Queue: q, Name: "one", Dir: t.TempDir()},
		open: map[string]*bench{}}
	defer b.close()
	send := func(write func(io.Writer) error) string {
		sha, err := sendOne(t.Context(), q, t.TempDir(), write)
		if err != nil {
			t.Fatal(err)
		}
		return sha
	}
	text := func(v any) string {
		return send(func(w io.Writer) error { return json.NewEncoder(w).Encode(v) })
	}
	images := func(classes int) string {
		return send(func(w io.Writer) error {
			return writeTestImages(w, flat{}, header{Channels: space.Channels, Size: 12,
				Classes: classes, Mean: orAll(nil, 0, space.Channels),
				Std: orAll(nil, 1, space.Channels)})
		})
	}
	of := func(sha string) json.RawMessage { return json.RawMessage(`{"network":"` + sha + `"}`) }
	net, err := supernet.NewSubnet(space.Blocks(space.Min()), space.BNEps, 1)
	if err != nil {
		t.Fatal(err)
	}
	network, err := sendNetwork(t.Context(), q, t.TempDir(), net)
	if err != nil {
		t.Fatal(err)
	}
	fit := images(space.Classes)
	good := protocol{Version: protocolVersion, Networks: true, Images: fit}
	none := strings.Repeat("0", 64)
	change := func(f func(*protocol)) string { p := good; f(&p); return text(p) }
	for name, j := range map[string]queue.Job{
		"no network":      {Protocol: text(good), Of: of(none)},
		"path":            {Protocol: text(good), Of: of("../" + network)},
		"not a network":   {Protocol: text(good), Of: of(fit)},
		"an arch":         {Protocol: text(good), Of: json.RawMessage(`{"r":[12]}`)},
		"nothing":         {Protocol: text(good), Of: json.RawMessage(`{}`)},
		"no images":       {Protocol: change(func(p *protocol) { p.Images = none })},
		"other classes":   {Protocol: change(func(p *protocol) { p.Images = images(99) })},
		"a space":         {Protocol: change(func(p *protocol) { p.Space = space })},
		"weights":         {Protocol: change(func(p *protocol) { p.Weights = network })},
		"no space either": {Protocol: change(func(p *protocol) { p.Networks, p.Batch = false, 1 })},
	} {
		if j.Of == nil {
			j.Of = of(network)
		}
		_, err := b.do(t.Context(), 0, j)
		if err == nil || errors.Is(err, queue.ErrHere) || errors.Is(err, queue.ErrLater) {
			t.Errorf("%s: %v, want an error of the job", name, err)
		}
	}
	last := queue.Job{Protocol: text(good), Of: of(network)}
	if _, err := b.do(t.Context(), 0, last); err != nil {
		t.Errorf("after all this, a good job: %v", err)
	}
	l := lender(t, q, "two", &invented{id: oneID, factor: 1})
	l.Say = func(string) {}
	alone := text(profileProtocol{Version: protocolVersion, Networks: true, Threads: 1, Batch: 1})
	blocks, err := json.Marshal(space.Blocks(space.Min()))
	if err != nil {
		t.Fatal(err)
	}
	timing := func(of string) json.RawMessage {
		return json.RawMessage(`{"networks":{"budget_ns":1000000,"seed":1,` + of + `}}`)
	}
	for name, j := range map[string]queue.Job{
		"profile": {Protocol: alone, Of: json.RawMessage(`{}`)},
		"archs":   {Protocol: alone, Of: timing(`"archs":[{"r":[12]}]`)},
		"both": {Protocol: alone, Of: timing(`"network":"` + network +
			`","archs":[{"r":[12]}]`)},
		"no file":     {Protocol: alone, Of: timing(`"network":"` + none + `"`)},
		"no network":  {Protocol: alone, Of: timing(`"network":"` + fit + `"`)},
		"other scale": {Protocol: alone, Of: timing(`"network":"` + network + `","reference_ms":1`)},
		"no scale": {Protocol: alone, Of: timing(`"network":"` + network +
			`","reference_blocks":` + string(blocks))},
		"no reference": {Protocol: alone, Of: timing(`"network":"` + network +
			`","reference_ms":1,"reference_blocks":[{}]`)},
		"of a space": {Of: timing(`"network":"` + network + `"`), Protocol: text(profileProtocol{
			Version: protocolVersion, Space: space, Threads: 1, Batch: 1})},
	} {
		j.Class = inventedClass(oneID)
		_, err := l.do(t.Context(), 0, j)
		if err == nil || errors.Is(err, queue.ErrHere) || errors.Is(err, queue.ErrLater) {
			t.Errorf("%s: %v, want an error of the job", name, err)
		}
	}
}

// flat are three images of one grey.
type flat struct{}

func (flat) Len() int                      { return 3 }
func (flat) Label(i int) int               { return i % 2 }
func (flat) Image(_ int, dst []byte) error { clear(dst); return nil }

// TestClassOf: what latencies hold for tells the class that a worker lends.
func TestClassOf(t *testing.T) {
	for _, r := range []profiles.RuntimeInfo{
		{Name: "native", Version: "3", Threads: 4, Options: map[string]string{"go": "go1.26"}},
		{Name: "litert", Version: "2.1", Threads: 16, Batch: 32, Precision: "bf16"},
		{Name: "openvino", Version: "2025.1-x", Threads: 2, Options: map[string]string{"a": "b c"}},
	} {
		if got, want := ClassOf(profiles.Identity{Device: oneID, Runtime: r.ID()}),
			DeviceClass(oneID, r); got != want {
			t.Errorf("%s is of class %q, lent as %q", r.ID(), got, want)
		}
	}
	for _, of := range []profiles.Identity{{}, {Device: oneID}, {Runtime: "native/3 threads=1"},
		{Device: oneID, Runtime: `"a b"/3 threads=1`}, {Device: oneID, Runtime: "native"}} {
		if got := ClassOf(of); got != "" {
			t.Errorf("%+v is of class %q", of, got)
		}
	}
}
