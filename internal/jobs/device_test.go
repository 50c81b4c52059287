package jobs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tailor-nas/tailor/internal/micro"
	"github.com/tailor-nas/tailor/internal/queue"
	"github.com/tailor-nas/tailor/internal/runtime/remote"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/profiles/device"
	"github.com/tailor-nas/tailor/profiles/timing"
	"github.com/tailor-nas/tailor/supernet"
)

// invented is a device elsewhere that computes what is right and says that a block took as long as
// micro's does: no clock is in its times.
type invented struct {
	id       string
	factor   float64 // all times are so many times as long
	networks float64 // and the larger networks are slower by this power of their time
	opened   atomic.Int64
	sampled  func() // if set, is called before samples are taken
}

func (d *invented) Info() profiles.RuntimeInfo {
	return profiles.RuntimeInfo{Name: "invented", Version: "1.0", Threads: 1}
}

func (d *invented) Device() device.Device { return device.Device{ID: d.id} }

func (d *invented) Observe(context.Context) (device.Observation, error) {
	return device.Observation{}, nil
}

func (d *invented) Load(ctx context.Context, net *supernet.Subnet) (profiles.Session, error) {
	s, err := profiles.Native{}.Load(ctx, net)
	ms := 0.0
	for _, b := range net.Blocks {
		ms += micro.BlockMS(b)
	}
	if d.networks > 0 && len(net.Blocks) > 1 {
		ms = math.Pow(1e3*ms, d.networks) / 1e3
	}
	return timed{s, time.Duration(ms * d.factor * float64(time.Millisecond))}, err
}

type timed struct {
	profiles.Session
	took time.Duration
}

func (d *invented) Sample(_ context.Context, plan []profiles.Sample) ([]time.Duration, error) {
	if d.sampled != nil {
		d.sampled()
	}
	var all []time.Duration
	for _, p := range plan {
		all = append(all, time.Duration(p.Runs)*p.Session.(timed).took)
	}
	return all, nil
}

var oneID = strings.Repeat("0123456789abcdef", 2)

func inventedClass(id string) string { return DeviceClass(id, new(invented).Info()) }

// lender lends an invented device.
func lender(t *testing.T, q *queue.Conn, name string, d *invented) *DeviceLender {
	t.Helper()
	return &DeviceLender{Queue: q, Name: name, Dir: t.TempDir(), Device: d.Device(),
		Runtimes: []profiles.RuntimeInfo{d.Info()}, Patience: 50 * time.Millisecond,
		Open: func(context.Context, string, int, int) (profiles.Runtime, func() error, error) {
			d.opened.Add(1)
			return d, func() error { return nil }, nil
		}}
}

// lend lends a device until the test ends, or until the function that it gives is called.
func lend(t *testing.T, l *DeviceLender) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var ended sync.WaitGroup
	ended.Go(func() {
		if err := l.Work(ctx); err != nil && !errors.Is(err, queue.ErrClosed) {
			t.Errorf("worker %s: %v", l.Name, err)
		}
	})
	stop = func() { cancel(); ended.Wait() }
	t.Cleanup(stop)
	return stop
}

// job asks for a profile of the smaller resolution of micro's space.
func job(t *testing.T) ProfileJob {
	s := profiles.ProfileDefaults()
	s.Resolutions, s.Networks, s.Budget, s.Seed = []int{12}, 6, 800*time.Millisecond, 5
	return ProfileJob{Space: micro.ParseSpace(t, micro.SpaceYAML), Runtime: "invented", Threads: 1,
		Batch: 1, Settings: s}
}

// ask asks for a profile, and gives what was kept.
func ask(t *testing.T, q *queue.Conn, j ProfileJob) (kept *profiles.Profile, err error) {
	t.Helper()
	k := DeviceAsker{Queue: q, Class: inventedClass(oneID)}
	err = k.Profile(t.Context(), j, func(p *profiles.Profile) error {
		kept = p
		return p.Save(filepath.Join(t.TempDir(), "profile.json"))
	})
	return kept, err
}

// TestProfile: one worker of the class makes the profile, which has the times that the device says,
// and another one measures a part of it again; each job is done once, though it takes longer than a
// lease. Who asks again has it measured again.
func TestProfile(t *testing.T) {
	s := serve(t)
	ours := []*invented{{id: oneID, factor: 1}, {id: oneID, factor: 1.2}}
	other := &invented{id: strings.Repeat("f", 32), factor: 9}
	for i, d := range append(ours, other) {
		l := lender(t, dial(t, s), fmt.Sprint("worker-", i), d)
		open := l.Open
		var once sync.Once
		l.Open = func(ctx context.Context, name string, threads, batch int) (profiles.Runtime,
			func() error, error) {
			once.Do(func() { <-time.After(2 * quick) })
			return open(ctx, name, threads, batch)
		}
		lend(t, l)
	}
	q, j := dial(t, s), job(t)
	for turn := range 2 {
		p, err := ask(t, q, j)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(p.Worker, "worker-") || p.Worker == "worker-2" ||
			p.Device.ID != oneID || p.Runtime.Name != "invented" || p.Unstable() != "" {
			t.Errorf("it is of %q on %+v", p.Worker, p.Device)
		}
		factor := ours[0].factor
		if p.Worker == "worker-1" {
			factor = ours[1].factor
		}
		for _, b := range p.Blocks {
			if off := b.LatencyMS / (factor * micro.BlockMS(b.Block)); math.Abs(off-1) > .01 {
				t.Errorf("%s takes %g times what it should", b.Block.Key(), off)
			}
		}
		for i, d := range ours {
			if n := d.opened.Load(); n != int64(turn+1) {
				t.Errorf("worker %d did %d jobs after %d profiles, want one of each", i, n, turn+1)
			}
		}
	}
	if other.opened.Load() != 0 {
		t.Error("a device of another class was measured")
	}
}

// TestLostDevice: a worker whose connection goes in the middle of a profile is followed by another
// one of its class, which waits while its device is in use.
func TestLostDevice(t *testing.T) {
	s := serve(t)
	lost, begun := dial(t, s), make(chan bool)
	var once sync.Once
	first := &invented{id: oneID, factor: 1}
	first.sampled = func() { once.Do(func() { lost.Close(); close(begun) }) }
	lend(t, lender(t, lost, "lost", first))
	q, j := dial(t, s), job(t)
	var ended sync.WaitGroup
	var p *profiles.Profile
	ended.Go(func() {
		var err error
		if p, err = ask(t, q, j); err != nil {
			t.Error(err)
		}
	})
	<-begun
	next := &invented{id: oneID, factor: 1}
	busy := lender(t, dial(t, s), "next", next)
	open := busy.Open
	busy.Open = func(ctx context.Context, name string, threads, batch int) (profiles.Runtime,
		func() error, error) {
		if next.opened.Load() < 4 {
			next.opened.Add(1)
			return nil, nil, fmt.Errorf("%w: by somebody", remote.ErrBusy)
		}
		return open(ctx, name, threads, batch)
	}
	lend(t, busy)
	ended.Wait()
	if p == nil || p.Worker != "next" || next.opened.Load() != 6 {
		t.Errorf("%+v, and the other device was opened %d times, want 4 in vain and 2", p,
			next.opened.Load())
	}
}

// TestFullCache: a worker whose folder cannot keep what it measured ends, and its job is done by
// another one.
func TestFullCache(t *testing.T) {
	s := serve(t)
	q, j := dial(t, s), job(t)
	d := &invented{id: oneID, factor: 1}
	full := lender(t, dial(t, s), "full", d)
	d.sampled = func() { // as on a full disk, though for another reason
		for _, parts := range glob(t, full.Dir, "*.parts") {
			if err := os.RemoveAll(parts); err != nil {
				t.Error(err)
			}
			if err := os.WriteFile(parts, nil, 0o600); err != nil {
				t.Error(err)
			}
		}
	}
	failed := make(chan error, 1)
	go func() { failed <- full.Work(t.Context()) }()
	var ended sync.WaitGroup
	var p *profiles.Profile
	ended.Go(func() {
		var err error
		if p, err = ask(t, q, j); err != nil {
			t.Error(err)
		}
	})
	if err := <-failed; !errors.Is(err, queue.ErrHere) {
		t.Errorf("%v, want ErrHere", err)
	}
	lend(t, lender(t, dial(t, s), "next", &invented{id: oneID, factor: 1}))
	ended.Wait()
	if p == nil || p.Worker != "next" {
		t.Errorf("%+v", p)
	}
}

func glob(t *testing.T, dir, pattern string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestDisagree: where what is measured again differs by more than its noise, in the scale or in one
// network, nothing is kept, and both are named.
func TestDisagree(t *testing.T) {
	for name, other := range map[string]*invented{
		"reference": {id: oneID, factor: 1.5},
		"networks":  {id: oneID, factor: 1, networks: 1.5},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t)
			lend(t, lender(t, dial(t, s), "one", &invented{id: oneID, factor: 1}))
			stop := lend(t, lender(t, dial(t, s), "two", other))
			q, j := dial(t, s), job(t)
			kept, err := ask(t, q, j)
			var differ *DisagreeError
			if !errors.As(err, &differ) || !errors.Is(err, queue.ErrDiffer) || kept != nil {
				t.Fatalf("%v, want a DisagreeError", err)
			}
			for _, name := range []string{"worker one", "worker two"} {
				if !strings.Contains(err.Error(), name) {
					t.Errorf("%v does not name %s", err, name)
				}
			}
			stop()
			if kept, err = ask(t, q, j); err != nil || kept.Worker != "one" {
				t.Errorf("after that, %v", err)
			}
		})
	}
}

// TestNotAsked: a profile that is another one than was asked for, or none, is thrown away.
func TestNotAsked(t *testing.T) {
	s := serve(t)
	q, j := dial(t, s), job(t)
	space := j.Space
	made, err := profiles.New(t.Context(), space, &invented{id: oneID, factor: 1}, j.Settings)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*profiles.Profile){
		"seed":       func(p *profiles.Profile) { p.Settings.Seed++ },
		"device":     func(p *profiles.Profile) { p.Device.ID = strings.Repeat("e", 32) },
		"threads":    func(p *profiles.Profile) { p.Runtime.Threads = 2 },
		"batch":      func(p *profiles.Profile) { p.Runtime.Batch = 2 },
		"no block":   func(p *profiles.Profile) { p.Blocks = p.Blocks[1:] },
		"no network": func(p *profiles.Profile) { p.Networks = p.Networks[1:] },
		"reference":  func(p *profiles.Profile) { p.NetworkSession.ReferenceMS = 0 },
		"arch":       func(p *profiles.Profile) { p.ReferenceArch = space.Spec(space.Max()) },
		"space":      func(p *profiles.Profile) { p.SpaceSHA256 = strings.Repeat("0", 64) },
	} {
		p := *made
		change(&p)
		sha, err := sendOne(t.Context(), q, t.TempDir(), func(w io.Writer) error {
			path := filepath.Join(t.TempDir(), "p.json")
			return errors.Join(p.Save(path), copyFile(w, path))
		})
		if err != nil {
			t.Fatal(err)
		}
		k := DeviceAsker{Queue: q, Class: inventedClass(oneID)}
		value, err := json.Marshal(profileValue{File: sha})
		if err != nil {
			t.Fatal(err)
		}
		_, err = k.receive(t.Context(), queue.Result{Worker: "liar", Value: value}, j, t.TempDir())
		if err == nil || !strings.Contains(err.Error(), "worker liar is thrown away") ||
			name != "reference" && !errors.Is(err, profiles.ErrAsked) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := made.CheckAsked(space, j.Settings); err != nil {
		t.Error(err)
	}
}

// TestTimer: networks are timed on the device of a predictor, on its scale, and what a worker says
// of another device is refused.
func TestTimer(t *testing.T) {
	s := serve(t)
	d := &invented{id: oneID, factor: 1.1}
	lend(t, lender(t, dial(t, s), "one", d))
	space := micro.ParseSpace(t, micro.SpaceYAML)
	latency := micro.Latency(t, space)
	latency.Device, latency.Runtime = oneID, d.Info().ID()
	k := &Timer{DeviceAsker{Queue: dial(t, s), Class: inventedClass(oneID)}, space, latency}
	archs := micro.AllArchs(space)[3:9]
	if _, _, _, err := k.Time(t.Context(), archs, time.Second, 1); err == nil ||
		!strings.Contains(err.Error(), "no reference network") {
		t.Errorf("%v", err)
	}
	latency.Reference = &predictor.LatencyReference{Arch: space.Spec(space.Min()),
		MS: micro.NetworkMS(space, space.Min())}
	all, _, worker, err := k.Time(t.Context(), archs, time.Second, 1)
	if err != nil || worker != "one" {
		t.Fatalf("by %q: %v", worker, err)
	}
	for i, a := range archs {
		if off := all[i].LatencyMS / micro.NetworkMS(space, a); math.Abs(off-1) > .01 {
			t.Errorf("network %d takes %g times what it should", i, off)
		}
	}
	if d.opened.Load() != 2 {
		t.Errorf("%d jobs, want 2", d.opened.Load())
	}
	latency.Runtime = "invented/1.0 threads=2"
	_, _, _, err = k.Time(t.Context(), archs[:1], time.Second, 1)
	if !errors.Is(err, ErrProtocol) {
		t.Errorf("%v, want ErrProtocol", err)
	}
}

// TestSettingsIn: the threads and the batch of a runtime's ID.
func TestSettingsIn(t *testing.T) {
	for _, r := range []profiles.RuntimeInfo{
		{Name: "native", Version: "3", Threads: 1},
		{Name: "litert", Version: "2.1", Threads: 16, Batch: 32, Precision: "bf16"},
		{Name: "x", Version: "a threads=5", Threads: 2, Options: map[string]string{"a": "b"}},
	} {
		threads, batch := settingsIn(r.ID())
		if r.Version == "a threads=5" { // it is quoted, and not read
			r.Threads = 1
		}
		if threads != r.Threads || batch != max(r.Batch, 1) {
			t.Errorf("%s: %d and %d", r.ID(), threads, batch)
		}
	}
}

// TestHostileWork: what is no work of a device is an error of the job.
func TestHostileWork(t *testing.T) {
	s := serve(t)
	q := dial(t, s)
	l := lender(t, q, "one", &invented{id: oneID, factor: 1})
	l.Say = func(string) {}
	space := micro.ParseSpace(t, micro.SpaceYAML)
	send := func(change func(*profileProtocol)) string {
		p := profileProtocol{Version: protocolVersion, Space: space, Runtime: "invented", Threads: 1, Batch: 1,
			Settings: job(t).Settings}
		change(&p)
		sha, err := sendOne(t.Context(), q, t.TempDir(), func(w io.Writer) error {
			return json.NewEncoder(w).Encode(p)
		})
		if err != nil {
			t.Fatal(err)
		}
		return sha
	}
	good := send(func(*profileProtocol) {})
	timing := func(text string) json.RawMessage {
		return json.RawMessage(`{"networks":{"reference":{"ks":[3,3],"e":[2,2],"d":[1],"r":[12]},` +
			`"budget_ns":1000000,"seed":1,` + text + `}}`)
	}
	for name, j := range map[string]queue.Job{
		"no object":       {Protocol: good, Of: json.RawMessage(`1`)},
		"no protocol":     {Protocol: strings.Repeat("0", 64), Of: json.RawMessage(`{}`)},
		"no space":        {Protocol: send(func(p *profileProtocol) { p.Space = nil })},
		"another version": {Protocol: send(func(p *profileProtocol) { p.Version = "9" })},
		"no networks":     {Protocol: send(func(p *profileProtocol) { p.Settings.Networks = 1 })},
		"for years":       {Protocol: send(func(p *profileProtocol) { p.Settings.Budget <<= 30 })},
		"all memory": {Protocol: send(func(p *profileProtocol) {
			p.Settings.Networks = 10000
		})},
		"no budget": {Protocol: send(func(p *profileProtocol) { p.Settings.Budget = 0 })},
		"resolution": {Protocol: send(func(p *profileProtocol) {
			p.Settings.Resolutions = []int{13}
		})},
		"structure":  {Protocol: send(func(p *profileProtocol) { p.Sparse = "none" })},
		"no archs":   {Protocol: good, Of: timing(`"archs":[]`)},
		"other arch": {Protocol: good, Of: timing(`"archs":[{"ks":[9],"e":[2],"d":[1],"r":[12]}]`)},
	} {
		if j.Class = inventedClass(oneID); j.Of == nil {
			j.Of = json.RawMessage(`{}`)
		}
		_, err := l.do(t.Context(), 0, j)
		if err == nil || errors.Is(err, queue.ErrHere) || errors.Is(err, queue.ErrLater) {
			t.Errorf("%s: %v, want an error of the job", name, err)
		}
	}
	j := queue.Job{Class: inventedClass(strings.Repeat("d", 32)), Protocol: good,
		Of: json.RawMessage(`{}`)}
	if _, err := l.do(t.Context(), 0, j); !errors.Is(err, queue.ErrHere) {
		t.Errorf("a device that is another one by now: %v, want ErrHere", err)
	}
}

// FuzzDeviceTexts: whatever is sent as a job of a device or its result, it is read or refused.
func FuzzDeviceTexts(f *testing.F) {
	space, err := supernet.ParseSpace("micro", []byte(micro.SpaceYAML))
	if err != nil {
		f.Fatal(err)
	}
	for _, v := range []any{deviceWork{}, profileValue{},
		profileProtocol{Version: protocolVersion, Space: space},
		profileProtocol{Version: protocolVersion, Networks: true},
		deviceWork{&networksWork{Network: oneID, Budget: 1}},
		deviceWork{&networksWork{Archs: []supernet.Spec{space.Spec(space.Max())}, Budget: 1}},
		networksValue{Session: timing.Summary{ReferenceMS: 1},
			Networks: []timing.Timing{{LatencyMS: 2, CILowMS: 1, CIHighMS: 3}}}} {
		text, err := json.Marshal(v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if w, err := parseWork(text); err == nil {
			written, err := json.Marshal(w)
			again, err2 := parseWork(written)
			if err != nil || err2 != nil {
				t.Fatalf("%s became %s: %v, %v", text, written, err, err2)
			}
			twice, err := json.Marshal(again)
			if err != nil || !bytes.Equal(written, twice) {
				t.Errorf("%s became %s", written, twice)
			}
		}
		if p, err := parseProfileProtocol(text); err == nil && (p.Space == nil) != p.Networks {
			t.Error("a protocol has no space")
		}
		if v, err := parseNetworks(text, 1); err == nil && len(v.Networks) != 1 {
			t.Error("it is of other networks")
		}
	})
}

// copyFile writes what is in a file.
func copyFile(w io.Writer, path string) error {
	text, err := os.ReadFile(path)
	if err == nil {
		_, err = w.Write(text)
	}
	return err
}
