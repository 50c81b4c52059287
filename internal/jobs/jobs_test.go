package jobs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tailor-nas/tailor/internal/measurements"
	"github.com/tailor-nas/tailor/internal/meter"
	"github.com/tailor-nas/tailor/internal/micro"
	"github.com/tailor-nas/tailor/internal/pipeline"
	"github.com/tailor-nas/tailor/internal/queue"
	"github.com/tailor-nas/tailor/internal/safetensors"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// quick is a lease that tests wait for.
const quick = 500 * time.Millisecond

func serve(t *testing.T) *queue.Server {
	t.Helper()
	s, err := queue.Serve(queue.ServerConfig{Listen: "127.0.0.1:0", Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func dial(t *testing.T, s *queue.Server) *queue.Conn {
	t.Helper()
	c, err := queue.Dial(t.Context(), queue.Options{Access: queue.Access{URL: s.URL()},
		Lease: quick})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// mortal lends a machine that is lost, again and again, a moment after it has begun, until the
// context ends: its connection goes without a word.
func mortal(ctx context.Context, t *testing.T, s *queue.Server, name, dir string, lives int) {
	rng := rand.New(rand.NewPCG(uint64(len(name)), uint64(lives)))
	for life := range lives {
		c, err := queue.Dial(ctx, queue.Options{Access: queue.Access{URL: s.URL()}, Lease: quick})
		if err != nil {
			if ctx.Err() == nil {
				t.Error(err)
			}
			return
		}
		inside, cancel := context.WithCancel(ctx)
		if life < lives-1 {
			time.AfterFunc(time.Duration(50+rng.IntN(400))*time.Millisecond,
				func() { c.Close(); cancel() })
		}
		l := Lender{Queue: c, Name: fmt.Sprintf("%s-%d", name, life), Dir: dir, Workers: 1}
		err = l.Work(inside)
		cancel()
		c.Close()
		if err != nil && !errors.Is(err, queue.ErrClosed) && ctx.Err() == nil {
			t.Errorf("%s: %v", l.Name, err)
		}
	}
}

// fit fits a predictor and gives the bytes of its file, and what the store has.
func fit(t *testing.T, run *trainer.Run, d *trainer.Data, elsewhere meter.Elsewhere) ([]byte,
	[]measurements.Filed) {
	t.Helper()
	dir := t.TempDir()
	stored := filepath.Join(dir, "measurements.sqlite")
	a, err := pipeline.FitAccuracy(t.Context(), pipeline.AccuracyJob{Run: run, Data: d,
		Measurements: stored, Samples: 40, All: true, Images: 20, Calibration: 16, Workers: 2,
		Seed: 3, Fit: micro.QuickFit(), Elsewhere: elsewhere})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "accuracy.json")
	if err := a.Save(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all, err := measurements.ReadAll(t.Context(), stored)
	if err != nil {
		t.Fatal(err)
	}
	return text, all
}

// TestKilledWorkers: with three workers that are lost again and again, every network has one
// result, which names who made it, and the predictor is the one of a machine alone, to the byte.
func TestKilledWorkers(t *testing.T) {
	run, d := micro.Train(t, micro.ParseSpace(t, micro.SpaceYAML), 1, 30)
	alone, aloneRows := fit(t, run, d, nil)
	s := serve(t)
	ctx, cancel := context.WithCancel(t.Context())
	var ended sync.WaitGroup
	for _, name := range []string{"a", "bb", "ccc"} {
		dir := t.TempDir()
		ended.Go(func() { mortal(ctx, t, s, name, dir, 5) })
	}
	got, rows := fit(t, run, d, &Asker{Queue: dial(t, s)})
	cancel()
	ended.Wait()
	if !bytes.Equal(got, alone) {
		t.Error("the predictor differs from the one of this machine alone")
	}
	if len(rows) != len(aloneRows) || len(rows) == 0 {
		t.Fatalf("%d rows, alone there are %d", len(rows), len(aloneRows))
	}
	for i, r := range rows {
		want := aloneRows[i]
		if r.Subject != want.Subject || r.Arch != want.Arch ||
			math.Float64bits(r.Value) != math.Float64bits(want.Value) {
			t.Errorf("row %d is %+v, alone %+v", i, r, want)
		}
		if !strings.HasPrefix(r.Device, want.Device+" (worker ") {
			t.Errorf("row %d does not name who made it: %q", i, r.Device)
		}
	}
}

// TestLostStore: where the queue lost its files, it is given them again, with the jobs.
func TestLostStore(t *testing.T) {
	run, d := micro.Train(t, micro.ParseSpace(t, micro.SpaceYAML), 1, 30)
	alone, _ := fit(t, run, d, nil)
	s := serve(t)
	c, address := dial(t, s), strings.TrimPrefix(s.URL(), "nats://")
	var once sync.Once
	got, _ := fit(t, run, d, &Asker{Queue: c, Say: func(text string) {
		if !strings.Contains(text, "no worker") {
			return
		}
		once.Do(func() {
			s.Close()
			empty, err := queue.Serve(queue.ServerConfig{Dir: t.TempDir(), Listen: address})
			if err != nil {
				t.Error(err)
				return
			}
			t.Cleanup(empty.Close)
			l := Lender{Queue: dial(t, empty), Name: "late", Dir: t.TempDir(), Workers: 2}
			ctx, cancel := context.WithCancel(t.Context())
			var ended sync.WaitGroup
			ended.Go(func() {
				if err := l.Work(ctx); err != nil {
					t.Error(err)
				}
			})
			t.Cleanup(func() { cancel(); ended.Wait() })
		})
	}})
	if !bytes.Equal(got, alone) {
		t.Error("the predictor differs from the one of this machine alone")
	}
}

// TestLiar: a worker that makes values up is told from the other by what is measured here.
func TestLiar(t *testing.T) {
	run, d := micro.Train(t, micro.ParseSpace(t, micro.SpaceYAML), 1, 30)
	s := serve(t)
	ctx, cancel := context.WithCancel(t.Context())
	var ended sync.WaitGroup
	defer ended.Wait()
	defer cancel()
	honest := Lender{Queue: dial(t, s), Name: "honest", Dir: t.TempDir(), Workers: 1}
	liar := queue.Worker{Name: "liar", Kind: AccuracyKind, Classes: []string{Class()},
		AtOnce: 1,
		Do: func(context.Context, int, queue.Job) (json.RawMessage, error) {
			return json.Marshal(valueOf(trainer.Imitation{Top1: 0.99, Top1Even: 0.99}))
		}}
	lying := dial(t, s)
	ended.Go(func() { _ = lying.Work(ctx, liar) })
	ended.Go(func() { _ = honest.Work(ctx) })
	_, err := pipeline.FitAccuracy(ctx, pipeline.AccuracyJob{Run: run, Data: d,
		Measurements: filepath.Join(t.TempDir(), "measurements.sqlite"), Samples: 40, All: true,
		Images: 20, Calibration: 16, Seed: 3, Fit: micro.QuickFit(),
		Elsewhere: &Asker{Queue: dial(t, s)}})
	var differ *queue.DifferError
	if !errors.As(err, &differ) || len(differ.Wrong) != 1 || differ.Wrong[0] != "liar" {
		t.Errorf("%v, want a DifferError that names the liar", err)
	}
}

// TestImages: an evaluator of what was packed draws and prepares the same images as one of the data
// itself, with augmentation and batches that are not full.
func TestImages(t *testing.T) {
	run, d := micro.Train(t, micro.ParseSpace(t, micro.SpaceYAML), 1, 30)
	settings := trainer.EvalSettings{CalibrationImages: 50, Batch: 16, Workers: 2, Seed: 9}
	path := packed(t, d, trainer.Sample(d.Val, 25, 4), settings)
	packed, err := openImages(path)
	if err != nil {
		t.Fatal(err)
	}
	defer packed.file.Close()
	space := run.Info.Space
	measure := func(d *trainer.Data, set trainer.Set) trainer.Imitation {
		e, err := trainer.NewEvaluator(run.Net, d, settings)
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		largest, err := e.Answers(t.Context(), space.Max(), set)
		if err != nil {
			t.Fatal(err)
		}
		v, err := e.Imitate(t.Context(), space.Min(), set, largest)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	got, want := measure(packed.data, packed.test), measure(d, trainer.Sample(d.Val, 25, 4))
	if got != want {
		t.Errorf("measured %+v, want %+v", got, want)
	}
}

// packed writes an images file.
func packed(t testing.TB, d *trainer.Data, test trainer.Set, s trainer.EvalSettings) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "images")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(writeImages(f, d, test, s), f.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestHostileFiles: what a queue sends and is not what a job needs is an error of the job, told to
// who asked; the worker goes on.
func TestHostileFiles(t *testing.T) {
	space := micro.ParseSpace(t, micro.SpaceYAML)
	run, d := micro.Train(t, space, 1, 30)
	s := serve(t)
	conn := dial(t, s)
	l := &Lender{Queue: conn, Name: "one", Dir: t.TempDir()}
	b := &benches{lender: l, open: map[string]*bench{}}
	defer b.close()
	send := func(write func(io.Writer) error) string {
		sha, err := sendOne(t.Context(), conn, t.TempDir(), write)
		if err != nil {
			t.Fatal(err)
		}
		return sha
	}
	text := func(v any) func(io.Writer) error {
		return func(w io.Writer) error { return json.NewEncoder(w).Encode(v) }
	}
	good := trainer.EvalSettings{CalibrationImages: 16, Batch: 20, Workers: 1, Seed: 3}
	images := send(func(w io.Writer) error { return writeImages(w, d, d.Val, good) })
	weights := send(func(w io.Writer) error {
		return safetensors.Encode(w, run.Net.Tensors(), nil)
	})
	whole := protocol{Version: protocolVersion, Space: space, Weights: weights, Images: images,
		Calibration: 16, Batch: 20, Seed: 3}
	bare := send(text(header{Channels: d.Channels, Size: d.Size, Classes: len(d.Classes),
		Mean: make([]float32, d.Channels), Std: make([]float32, d.Channels), Train: 1,
		Test: []int{0}}))
	spec, err := json.Marshal(space.Spec(space.Min()))
	if err != nil {
		t.Fatal(err)
	}
	change := func(f func(*protocol)) string {
		p := whole
		f(&p)
		return send(text(p))
	}
	none := strings.Repeat("0", 64)
	for name, j := range map[string]queue.Job{
		"no protocol":      {Protocol: none},
		"no JSON":          {Protocol: weights},
		"no space":         {Protocol: send(text(map[string]string{"version": protocolVersion}))},
		"another version":  {Protocol: change(func(p *protocol) { p.Version = "9" })},
		"no weights":       {Protocol: change(func(p *protocol) { p.Weights = none })},
		"weights no file":  {Protocol: change(func(p *protocol) { p.Weights = "../" + none })},
		"no weights named": {Protocol: change(func(p *protocol) { p.Weights = "" })},
		"weights of JSON":  {Protocol: change(func(p *protocol) { p.Weights = send(text(1)) })},
		"images of JSON":   {Protocol: change(func(p *protocol) { p.Images = send(text(1)) })},
		"no pixels":        {Protocol: change(func(p *protocol) { p.Images = bare })},
		"no batch":         {Protocol: change(func(p *protocol) { p.Batch = 0 })},
		"more images":      {Protocol: change(func(p *protocol) { p.Calibration = 77 })},
		"another seed":     {Protocol: change(func(p *protocol) { p.Seed = 4 })},
		"no arch":          {Protocol: send(text(whole)), Of: json.RawMessage(`{}`)},
		"arch of another":  {Protocol: send(text(whole)), Of: json.RawMessage(`{"d":[9],"r":12}`)},
	} {
		if j.Of == nil {
			j.Of = spec
		}
		_, err := b.do(t.Context(), 0, j)
		if err == nil || errors.Is(err, queue.ErrHere) || errors.Is(err, queue.ErrLater) {
			t.Errorf("%s: %v, want an error of the job", name, err)
		}
	}
	last := queue.Job{Protocol: send(text(whole)), Of: spec}
	if _, err := b.do(t.Context(), 0, last); err != nil {
		t.Errorf("after all this, a good job: %v", err)
	}
}

// TestValue: a value that lacks a number is refused, as one that cannot be is; it is no 0.
func TestValue(t *testing.T) {
	for _, text := range []string{
		"", "null", "{}", `{"top1":null,"top1_even":null,"divergence":null}`,
		`{"top1_even":0.5,"divergence":1}`, `{"top1":0.5,"divergence":1}`,
		`{"top1":0.5,"top1_even":0.5}`, `{"top1":0.5,"top1_even":null,"divergence":1}`,
		`{"top1":1.5,"top1_even":0.5,"divergence":1}`,
		`{"top1":0.5,"top1_even":-1,"divergence":1}`,
		`{"top1":0.5,"top1_even":0.5,"divergence":-1}`,
	} {
		if v, err := parseValue([]byte(text)); !errors.Is(err, ErrProtocol) {
			t.Errorf("%s gives %+v (%v), want ErrProtocol", text, v, err)
		}
	}
	if v, err := parseValue([]byte(`{"top1":0,"top1_even":0,"divergence":0}`)); err != nil {
		t.Errorf("zeros give %+v (%v), which may be", v, err)
	}
}

// FuzzFiles: whatever is sent as a header, a protocol or a value, it is read or refused, and a
// value is written again as it was read.
func FuzzFiles(f *testing.F) {
	space, err := supernet.ParseSpace("micro", []byte(micro.SpaceYAML))
	if err != nil {
		f.Fatal(err)
	}
	for _, v := range []any{
		header{Channels: 1, Size: 2, Classes: 3, Mean: []float32{0}, Std: []float32{1}, Train: 9,
			At: []int{8}, Labels: []int{2}, Test: []int{0}},
		protocol{Version: protocolVersion, Networks: true}, counted{new(7)},
		protocol{Version: protocolVersion, Space: space, Batch: 1},
		valueOf(trainer.Imitation{Top1: 0.5, Top1Even: 0.25, Divergence: 1e-9}), predictor.Sample{},
	} {
		text, err := json.Marshal(v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(append(text, "\n\x00\x01\x02\x03\x04\x05\x06\x07"...))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if h, at, err := readHeader(bytes.NewReader(text)); err == nil {
			set := scatter(&stored{file: bytes.NewReader(text), from: at, bytes: h.length(),
				labels: h.Labels}, h)
			if h.length() < 1<<16 {
				_ = set.Image(h.Train-1, make([]uint8, h.length())) // it may not be there
			}
		}
		if p, err := parseProtocol(text); err == nil && (p.Space == nil) != p.Networks {
			t.Error("a protocol has no space")
		}
		if n, err := parseCounted(text, 9); err == nil && (n < 0 || n > 9) {
			t.Errorf("%s is %d of 9 images", text, n)
		}
		if v, err := parseValue(text); err == nil {
			written, err := json.Marshal(valueOf(v))
			if again, err2 := parseValue(written); err != nil || err2 != nil || again != v {
				t.Errorf("%s became %s", text, written)
			}
		}
	})
}
