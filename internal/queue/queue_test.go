package queue

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// quick is a lease that tests wait for.
const quick = 400 * time.Millisecond

var protocol = strings.Repeat("ab", 32)

func serve(t testing.TB) *Server {
	t.Helper()
	s, err := Serve(ServerConfig{Listen: "127.0.0.1:0", Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func dial(t *testing.T, s *Server) *Conn { return dialFor(t, s, quick) }

// dialFor connects with a lease.
func dialFor(t testing.TB, s *Server, lease time.Duration) *Conn {
	t.Helper()
	c, err := Dial(t.Context(), Options{Access: Access{URL: s.URL()}, Name: t.Name(), Lease: lease})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// numbers asks for the squares of 0 to n-1.
func numbers(n int) Ask {
	a := Ask{Kind: "square", Class: "any", Protocol: protocol}
	for i := range n {
		a.Of = append(a.Of, json.RawMessage(fmt.Sprint(i)))
	}
	return a
}

func square(_ context.Context, _ int, j Job) (json.RawMessage, error) {
	var v int
	if err := json.Unmarshal(j.Of, &v); err != nil {
		return nil, err
	}
	return json.RawMessage(fmt.Sprint(v * v)), nil
}

// start runs a worker until the test ends.
func start(t *testing.T, s *Server, w Worker) { startOn(t, dial(t, s), w) }

func startOn(t testing.TB, c *Conn, w Worker) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var ended sync.WaitGroup
	ended.Go(func() {
		if err := c.Work(ctx, w); err != nil {
			t.Errorf("worker %s: %v", w.Name, err)
		}
	})
	t.Cleanup(func() { cancel(); ended.Wait() })
}

func worker(name string) Worker {
	return Worker{Name: name, Kind: "square", Classes: []string{"any"}, Device: "test", AtOnce: 2,
		Do: square}
}

func wantSquares(t *testing.T, results []Result, n int) {
	t.Helper()
	if len(results) != n {
		t.Fatalf("%d results, want %d", len(results), n)
	}
	for i, r := range results {
		if string(r.Value) != fmt.Sprint(i*i) || r.Worker == "" || r.Device != "test" {
			t.Errorf("result %d is %s of %q on %q", i, r.Value, r.Worker, r.Device)
		}
	}
}

// TestMeasure: all is measured, a twentieth twice and by another worker, and nothing again when the
// same is asked for anew.
func TestMeasure(t *testing.T) {
	s := serve(t)
	const lease = 5 * time.Second // no worker is so slow that its jobs are given to another
	var made atomic.Int64
	var mu sync.Mutex
	by := map[string][]string{} // of what was measured twice
	for _, name := range []string{"one", "two"} {
		w := worker(name)
		w.Do = func(ctx context.Context, slot int, j Job) (json.RawMessage, error) {
			made.Add(1)
			mu.Lock()
			by[string(j.Of)] = append(by[string(j.Of)], name)
			mu.Unlock()
			return square(ctx, slot, j)
		}
		startOn(t, dialFor(t, s, lease), w)
	}
	c := dialFor(t, s, lease)
	progress := 0
	a := numbers(45)
	a.Progress = func(done int) { progress = done }
	results, err := c.Measure(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	wantSquares(t, results, 45)
	if n := made.Load(); n != 48 || progress != 45 {
		t.Errorf("%d measurements and progress to %d, want 45 and one for each begun twenty", n,
			progress)
	}
	for of, names := range by {
		if len(names) == 2 && names[0] == names[1] {
			t.Errorf("%s was measured twice by %s", of, names[0])
		}
	}
	results, err = c.Measure(t.Context(), numbers(45))
	if err != nil {
		t.Fatal(err)
	}
	wantSquares(t, results, 45)
	if n := made.Load(); n > 51 {
		t.Errorf("%d measurements after the same was asked for again, want 3 more at most", n)
	}
}

// mortal is a worker that is lost, again and again, in the middle of a job: its connection goes
// without a word. It gives how often.
func mortal(ctx context.Context, t *testing.T, s *Server, name string, seed uint64, lives int) {
	rng := rand.New(rand.NewPCG(seed, 1))
	for life := range lives {
		c, err := Dial(ctx, Options{Access: Access{URL: s.URL()}, Name: name, Lease: quick})
		if err != nil {
			if ctx.Err() == nil {
				t.Error(err)
			}
			return
		}
		w, left := worker(fmt.Sprintf("%s-%d", name, life)), 1+rng.IntN(4)
		w.AtOnce = 1
		inside, cancel := context.WithCancel(ctx)
		w.Do = func(ctx context.Context, slot int, j Job) (json.RawMessage, error) {
			if left--; left == 0 && life < lives-1 {
				c.Close()
				cancel()
				return nil, ctx.Err()
			}
			return square(ctx, slot, j)
		}
		err = c.Work(inside, w)
		cancel()
		c.Close()
		if ctx.Err() != nil {
			return
		}
		if err != nil && !errors.Is(err, ErrClosed) {
			t.Errorf("%s: %v", w.Name, err)
		}
	}
}

// TestKilledWorkers: three workers are lost ten times each, and each job has one result.
func TestKilledWorkers(t *testing.T) {
	s := serve(t)
	ctx, cancel := context.WithCancel(t.Context())
	var ended sync.WaitGroup
	for i, name := range []string{"red", "green", "blue"} {
		ended.Go(func() { mortal(ctx, t, s, name, uint64(i), 11) })
	}
	results, err := dial(t, s).Measure(t.Context(), numbers(120))
	cancel()
	ended.Wait()
	if err != nil {
		t.Fatal(err)
	}
	wantSquares(t, results, 120)
}

// TestLiar: a worker that makes values up is found out by what it measured twice with another, and
// what it measured is forgotten.
func TestLiar(t *testing.T) {
	s := serve(t)
	w := worker("liar")
	w.Do = func(context.Context, int, Job) (json.RawMessage, error) {
		return json.RawMessage("7"), nil
	}
	lying, ctx := dial(t, s), t.Context()
	ctx, cancel := context.WithCancel(ctx)
	var ended sync.WaitGroup
	ended.Go(func() { _ = lying.Work(ctx, w) })
	stopLiar := func() { cancel(); ended.Wait() }
	defer stopLiar()
	start(t, s, worker("honest"))
	a := numbers(60)
	here := 0
	a.Here = func(ctx context.Context, i int) (json.RawMessage, error) {
		here++
		return square(ctx, 0, Job{Of: a.Of[i]})
	}
	c := dial(t, s)
	_, err := c.Measure(t.Context(), a)
	var differ *DifferError
	if !errors.As(err, &differ) || !errors.Is(err, ErrDiffer) {
		t.Fatalf("%v, want a DifferError", err)
	}
	if len(differ.Wrong) != 1 || differ.Wrong[0] != "liar" || differ.Dropped == 0 || here != 1 {
		t.Errorf("%+v after %d measurements here", differ, here)
	}
	for _, name := range []string{"liar", "honest"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%v does not name %s", err, name)
		}
	}
	stopLiar()
	results, err := c.Measure(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	wantSquares(t, results, 60)
}

// TestOneWorker: what is measured twice is done by the one worker that there is, and a job that
// fails is named.
func TestOneWorker(t *testing.T) {
	s := serve(t)
	w := worker("only")
	w.Do = func(ctx context.Context, slot int, j Job) (json.RawMessage, error) {
		if string(j.Of) == "3" {
			return nil, errors.New("three is too much")
		}
		return square(ctx, slot, j)
	}
	start(t, s, w)
	c := dial(t, s)
	results, err := c.Measure(t.Context(), numbers(3))
	if err != nil {
		t.Fatal(err)
	}
	wantSquares(t, results, 3)
	_, err = c.Measure(t.Context(), numbers(5))
	if err == nil || !strings.Contains(err.Error(), "worker only on test: 3: three is too much") {
		t.Errorf("%v, want the error of the job", err)
	}
}

// TestMissing: who waits for workers that are not there is told, and of which class there are some.
func TestMissing(t *testing.T) {
	s := serve(t)
	w := worker("other")
	w.Classes = []string{"arm"}
	start(t, s, w)
	ctx, cancel := context.WithCancel(t.Context())
	a := numbers(1)
	a.Say = func(text string) {
		if !strings.Contains(text, "class any") || !strings.Contains(text, "only of arm") {
			t.Errorf("%q", text)
		}
		cancel()
	}
	if _, err := dial(t, s).Measure(ctx, a); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestClasses: a worker of several classes does the jobs of each, one at a time, once each though
// one takes longer than a lease, and what is asked for once is not measured twice until it is
// forgotten.
func TestClasses(t *testing.T) {
	s := serve(t)
	w := worker("both")
	w.Classes, w.AtOnce, w.About = []string{"any", "other"}, 1, "a desk"
	var made, busy atomic.Int64
	w.Do = func(ctx context.Context, slot int, j Job) (json.RawMessage, error) {
		if busy.Add(1) > 1 {
			t.Error("two jobs at once")
		}
		defer busy.Add(-1)
		if made.Add(1) == 1 {
			<-time.After(3 * quick)
		}
		return square(ctx, slot, j)
	}
	start(t, s, w)
	c := dial(t, s)
	var ended sync.WaitGroup
	for _, class := range w.Classes {
		ended.Go(func() {
			a := numbers(3)
			a.Class, a.Once = class, true
			results, err := c.Measure(t.Context(), a)
			if err != nil {
				t.Error(err)
				return
			}
			wantSquares(t, results, 3)
		})
	}
	ended.Wait()
	if made.Load() != 6 {
		t.Errorf("%d measurements, want 6", made.Load())
	}
	a := numbers(3)
	a.Once = true
	for want := range int64(2) {
		if _, err := c.Measure(t.Context(), a); err != nil || made.Load() != 6+3*want {
			t.Errorf("%d measurements, want %d (%v)", made.Load(), 6+3*want, err)
		}
		if err := c.Forget(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	all, err := c.Workers(t.Context())
	if err != nil || len(all) != 1 || all[0].About != "a desk" || len(all[0].Classes) != 2 {
		t.Errorf("%+v, %v", all, err)
	}
	if err := c.give(t.Context(), Job{Kind: "cube", Class: "any", Protocol: protocol,
		Of: a.Of[0]}, "1"); err != nil {
		t.Fatal(err)
	}
	want := []Backlog{{"cube", "any", 1, 0}, {"square", "any", 0, 0}, {"square", "other", 0, 0}}
	var backlogs []Backlog
	for range 100 { // the last job may not be acknowledged yet
		if backlogs, err = c.Backlogs(t.Context(), all); err != nil ||
			slices.Equal(backlogs, want) {
			break
		}
		<-time.After(quick / 20)
	}
	if err != nil || !slices.Equal(backlogs, want) {
		t.Errorf("%+v, want %+v (%v)", backlogs, want, err)
	}
}

// TestLeft: what one worker is to leave to others is done by it after all where these do not.
func TestLeft(t *testing.T) {
	s := serve(t)
	start(t, s, worker("able"))
	unable := worker("unable")
	unable.Do = func(context.Context, int, Job) (json.RawMessage, error) { return nil, ErrLater }
	start(t, s, unable)
	a := numbers(1)
	a.Once, a.Except = true, "able"
	results, err := dial(t, s).Measure(t.Context(), a)
	if err != nil || results[0].Worker != "able" {
		t.Errorf("%+v, %v", results, err)
	}
}

// TestHandedBack: a job of a worker that is told to end goes to another at once, without its lease.
func TestHandedBack(t *testing.T) {
	s := serve(t)
	c, err := Dial(t.Context(), Options{Access: Access{URL: s.URL()}, Lease: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithCancel(t.Context())
	w := worker("first")
	w.Do = func(ctx context.Context, _ int, _ Job) (json.RawMessage, error) {
		cancel()
		<-ctx.Done()
		return nil, ctx.Err()
	}
	var ended sync.WaitGroup
	ended.Go(func() {
		if err := c.Work(ctx, w); err != nil {
			t.Error(err)
		}
		if err := c.Work(t.Context(), worker("second")); !errors.Is(err, ErrClosed) {
			t.Errorf("%v, want ErrClosed", err)
		}
	})
	results, err := c.Measure(t.Context(), numbers(1))
	if err != nil {
		t.Fatal(err)
	}
	wantSquares(t, results, 1)
	if results[0].Worker != "second" {
		t.Errorf("%s did it", results[0].Worker)
	}
	c.Close()
	ended.Wait()
}

// TestForged: messages that are no jobs and no results are thrown away, and what was asked for is
// measured all the same.
func TestForged(t *testing.T) {
	s := serve(t)
	start(t, s, worker("good"))
	c := dial(t, s)
	a := numbers(4)
	first := Job{Kind: "square", Class: "any", Protocol: protocol, Of: a.Of[0]}.ID()
	for _, text := range []string{"", "{}", "null", `{"kind":"square"}`, strings.Repeat("[", 9999),
		`{"job":"` + first + `","worker":"w","at":"9999-12-31T23:59:59-01:00","value":1}`,
		`{"job":"` + first + `","worker":"w","at":"0000-12-31T23:59:59Z","value":1}`,
		`{"job":"` + first + `","worker":"w","seconds":1e300,"value":1}`} {
		if _, err := c.js.Publish(t.Context(), jobsOf("square", "any"), []byte(text)); err != nil {
			t.Fatal(err)
		}
		for i := range a.Of {
			j := Job{Kind: "square", Class: "any", Protocol: protocol, Of: a.Of[i]}
			at := resultOf(protocol, j.ID())
			if _, err := c.js.Publish(t.Context(), at, []byte(text)); err != nil {
				t.Fatal(err)
			}
		}
	}
	results, err := c.Measure(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	wantSquares(t, results, 4)
}

// TestFiles: a file arrives as it was sent, is sent once, and one that is not what its name says is
// refused.
func TestFiles(t *testing.T) {
	c := dial(t, serve(t))
	path := filepath.Join(t.TempDir(), "file")
	content := bytes.Repeat([]byte("weights "), 100_000)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	h := sha256.Sum256(content)
	name := hex.EncodeToString(h[:])
	for range 2 {
		if err := c.Send(t.Context(), path, name); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("it is not read again"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var got bytes.Buffer
	if err := c.Receive(t.Context(), name, &got); err != nil || !bytes.Equal(got.Bytes(), content) {
		t.Errorf("%d bytes of %d arrived (%v)", got.Len(), len(content), err)
	}
	if err := c.Send(t.Context(), path, protocol); err != nil {
		t.Fatal(err)
	}
	if err := c.Receive(t.Context(), protocol, &got); !errors.Is(err, ErrDamaged) {
		t.Errorf("%v, want ErrDamaged", err)
	}
	for _, none := range []string{strings.Repeat("0", 64), "", "../../etc/passwd"} {
		if err := c.Receive(t.Context(), none, &got); !errors.Is(err, ErrNoFile) {
			t.Errorf("%q: %v, want ErrNoFile", none, err)
		}
	}
}
