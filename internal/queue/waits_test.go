package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// TestWaits: who waits for workers that are there and hand its job back is told why, and so is who
// lists them, until one does the job.
func TestWaits(t *testing.T) {
	s := serve(t)
	var fixed atomic.Bool
	w := worker("one")
	w.Do = func(ctx context.Context, slot int, j Job) (json.RawMessage, error) {
		if !fixed.Load() {
			return nil, fmt.Errorf("%w: somebody uses it", ErrLater)
		}
		return square(ctx, slot, j)
	}
	start(t, s, w)
	a, q := numbers(1), dial(t, s)
	var told atomic.Int64
	a.Say = func(text string) {
		told.Add(1)
		if !strings.Contains(text, "worker one") || !strings.Contains(text, "somebody uses it") {
			t.Errorf("told %q", text)
		}
		if all, err := q.Workers(t.Context()); err != nil || len(all) != 1 ||
			!strings.Contains(all[0].Later, "somebody uses it") {
			t.Errorf("workers %+v: %v", all, err)
		}
		fixed.Store(true)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // it must not hang
	defer cancel()
	results, err := q.Measure(ctx, a)
	if err != nil {
		t.Fatal(err)
	}
	wantSquares(t, results, 1)
	if told.Load() != 1 {
		t.Errorf("told %d times, want once", told.Load())
	}
}

// TestTaken: a server whose address is another's fails, and does not wait for it.
func TestTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	failed := make(chan error, 1)
	go func() {
		_, err := Serve(ServerConfig{Listen: l.Addr().String(), Dir: t.TempDir()})
		failed <- err
	}()
	select {
	case err := <-failed:
		if err == nil || !strings.Contains(err.Error(), "in use") {
			t.Errorf("%v, want who has the address", err)
		}
	case <-time.After(startTimeout / 2):
		t.Fatal("it waits for an address that another has")
	}
}

// TestServerLines: a full disk is told once, with what to do.
func TestServerLines(t *testing.T) {
	var l serverLog
	l.Errorf("before it %s", "started")
	var said []string
	l.pass(func(text string) { said = append(said, text) })
	for range 3 {
		l.Errorf("write 1.blk: no space left on device")
		l.Errorf("write 2.blk: no space left on device")
	}
	if len(said) != 3 || said[0] != "before it started" ||
		!strings.HasSuffix(said[2], "start tailor serve again with the same --store") {
		t.Errorf("said %q", said)
	}
}

// TestExplained: what differs between the two sides is said the right way round.
func TestExplained(t *testing.T) {
	s := serve(t)
	safe := strings.Replace(s.URL(), "nats", "tls", 1)
	_, err := Dial(t.Context(), Options{Access: Access{URL: safe}})
	if err == nil || !strings.Contains(err.Error(), "the server has no TLS") {
		t.Errorf("TLS to a server without: %v", err)
	}
	ours, others := newAuthority(t), newAuthority(t)
	cert, key := ours.issue(2)
	secure, err := Serve(ServerConfig{Listen: "127.0.0.1:0", Dir: t.TempDir(), Cert: cert,
		Key: key})
	if err != nil {
		t.Fatal(err)
	}
	defer secure.Close()
	_, err = Dial(t.Context(), Options{Access: Access{URL: secure.URL(), CA: others.file}})
	if err == nil || !strings.Contains(err.Error(), "--tls-ca") {
		t.Errorf("a server that others signed: %v", err)
	}
	elsewhere := strings.Replace(secure.URL(), "127.0.0.1", "localhost", 1)
	_, err = Dial(t.Context(), Options{Access: Access{URL: elsewhere, CA: ours.file}})
	if err == nil || !strings.Contains(err.Error(), "an address that the server's certificate") {
		t.Errorf("a certificate for another address: %v", err)
	}
	_, foreign := others.issue(3)
	if _, err = Serve(ServerConfig{Listen: "127.0.0.1:0", Dir: t.TempDir(), Cert: cert,
		Key: foreign}); err == nil || !strings.Contains(err.Error(), foreign) {
		t.Errorf("a key of another certificate: %v, want its file", err)
	}
}

// TestNotNATS: what is no NATS server is called that.
func TestNotNATS(t *testing.T) {
	for _, says := range []string{"SSH-2.0-OpenSSH_9.2\r\n", "INFO {{{{\r\n"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				_, _ = c.Write([]byte(says))
				defer c.Close()
			}
		}()
		_, err = Dial(t.Context(), Options{Access: Access{URL: "nats://" + l.Addr().String()}})
		if err == nil || !strings.Contains(err.Error(), "no NATS server: is the address") {
			t.Errorf("%q: %v", says, err)
		}
	}
}

// TestOtherVersion: the jobs and workers of a tailor with other messages are at the same server,
// and neither side has anything to do with the other's.
func TestOtherVersion(t *testing.T) {
	s := serve(t)
	c := dial(t, s)
	other := func(name string) string {
		if !strings.Contains(name, Version) {
			t.Fatalf("%s does not say of what version it is", name)
		}
		return strings.Replace(name, Version, "1", 1)
	}
	theirs, err := c.js.CreateStream(t.Context(), jetstream.StreamConfig{Name: other(jobStream),
		Subjects: []string{other(jobPrefix) + ">"}, Retention: jetstream.WorkQueuePolicy})
	if err != nil {
		t.Fatal(err)
	}
	other(resultStream)
	other(resultPrefix)
	other(passedBucket)
	workers, err := c.js.CreateKeyValue(t.Context(), jetstream.KeyValueConfig{
		Bucket: other(workerBucket)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := workers.PutString(t.Context(), "old", `{"worker":"old","kind":"square",`+
		`"classes":["any"],"device":"test"}`); err != nil {
		t.Fatal(err)
	}
	if _, err := c.js.Publish(t.Context(), other(jobsOf("square", "any")), nil); err != nil {
		t.Fatal(err)
	}
	live, err := c.Workers(t.Context())
	if err != nil || len(live) != 0 {
		t.Errorf("workers %+v, %v, want none", live, err)
	}
	if all, err := c.Backlogs(t.Context(), live); err != nil || len(all) != 0 {
		t.Errorf("jobs %+v, %v, want none", all, err)
	}
	start(t, s, worker("new"))
	results, err := c.Measure(t.Context(), numbers(3))
	if err != nil {
		t.Fatal(err)
	}
	wantSquares(t, results, 3)
	if info, err := theirs.Info(t.Context()); err != nil || info.State.Msgs != 1 {
		t.Errorf("the other version has the jobs %+v, %v, want its own", info, err)
	}
}
