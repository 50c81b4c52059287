package queue

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// restarting is a server that can be started again at its address.
type restarting struct {
	t *testing.T
	ServerConfig
	*Server
}

func serveAgain(t *testing.T) *restarting {
	r := &restarting{t: t, ServerConfig: ServerConfig{Listen: "127.0.0.1:0", Dir: t.TempDir()}}
	r.start()
	r.Listen = strings.TrimPrefix(r.URL(), "nats://")
	t.Cleanup(func() { r.Close() })
	return r
}

func (r *restarting) start() {
	s, err := Serve(r.ServerConfig)
	if err != nil {
		r.t.Error(err)
		return
	}
	r.Server = s
}

// impatient makes a connection give up requests soon.
func impatient(t *testing.T, c *Conn) {
	t.Helper()
	var err error
	if c.js, err = jetstream.New(c.nc, jetstream.WithDefaultTimeout(quick)); err != nil {
		t.Fatal(err)
	}
	if err := c.prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestRestart: who asks goes on where the server is away in the middle of what it asks, whether
// the server has its files afterwards or not, and gives it again what jobs need.
func TestRestart(t *testing.T) {
	for name, empty := range map[string]bool{"same files": false, "no files": true} {
		t.Run(name, func(t *testing.T) {
			s := serveAgain(t)
			lost := make(chan struct{})
			var once sync.Once
			c, err := Dial(t.Context(), Options{Access: Access{URL: s.URL()}, Lease: quick,
				Say: func(text string) {
					if strings.Contains(text, "is lost") {
						once.Do(func() { close(lost) })
					}
				}})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			impatient(t, c)
			startOn(t, dial(t, s.Server), worker("one"))
			a := numbers(30)
			files := 0
			a.Files = func(context.Context) error { files++; return nil }
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute) // it must not hang
			defer cancel()
			var away sync.Once
			a.Progress = func(int) {
				away.Do(func() {
					s.Close()
					if empty {
						s.Dir = t.TempDir()
					}
					select {
					case <-lost:
					case <-ctx.Done():
					}
					s.start()
				})
			}
			results, err := c.Measure(ctx, a)
			if err != nil {
				t.Fatal(err)
			}
			wantSquares(t, results, 30)
			if empty && files == 0 {
				t.Error("the queue was not given the files again")
			}
		})
	}
}

// TestShutOut: a server that comes back with other credentials ends who asks, which would wait for
// ever.
func TestShutOut(t *testing.T) {
	s := serveAgain(t)
	c := dial(t, s.Server)
	s.Close()
	s.TokenFile = write(t, "token", token)
	s.start()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := c.Measure(ctx, numbers(1)); !errors.Is(err, ErrClosed) ||
		!errors.Is(err, ErrRefused) {
		t.Errorf("%v, want ErrClosed and ErrRefused", err)
	}
}

// TestSlowFile: a file may take longer than any other answer.
func TestSlowFile(t *testing.T) {
	c := dial(t, serve(t))
	impatient(t, c)
	content := bytes.Repeat([]byte("weights "), 1_000_000)
	name := put(t, c, content)
	w := &slow{after: time.After(2 * quick)}
	if err := c.Receive(t.Context(), name, w); err != nil || !bytes.Equal(w.Bytes(), content) {
		t.Errorf("%d bytes of %d arrived (%v)", w.Len(), len(content), err)
	}
}

// slow takes its first bytes after a while.
type slow struct {
	bytes.Buffer
	after <-chan time.Time
}

func (s *slow) Write(b []byte) (int, error) {
	if s.Len() == 0 {
		<-s.after
	}
	return s.Buffer.Write(b)
}

// put sends a file, and gives its name.
func put(t *testing.T, c *Conn, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	h := sha256.Sum256(content)
	name := hex.EncodeToString(h[:])
	if err := c.Send(t.Context(), path, name); err != nil {
		t.Fatal(err)
	}
	return name
}

// describe writes what the queue says of a file.
func describe(t *testing.T, c *Conn, info *jetstream.ObjectInfo) {
	t.Helper()
	text, err := json.Marshal(info)
	if err != nil {
		t.Fatal(err)
	}
	at := "$O." + filesBucket + ".M." + base64.URLEncoding.EncodeToString([]byte(info.Name))
	if _, err := c.js.Publish(t.Context(), at, text); err != nil {
		t.Fatal(err)
	}
}

// TestForgedFile: a file that is a link to itself is refused, and one that another who asks has
// sent again meanwhile is fetched later.
func TestForgedFile(t *testing.T) {
	c := dial(t, serve(t))
	content := []byte("weights")
	name := put(t, c, content)
	info, err := c.files.GetInfo(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	good := *info
	info.Digest = jetstream.GetObjectDigestValue(sha256.New())
	describe(t, c, info)
	var got bytes.Buffer
	if err := c.Receive(t.Context(), name, &got); !errors.Is(err, ErrDamaged) {
		t.Errorf("%v, want ErrDamaged", err)
	}
	if err := c.Receive(t.Context(), name, again{t, c, &good}); !errors.Is(err, ErrLater) {
		t.Errorf("%v, want ErrLater", err)
	}
	link := good
	link.Opts = &jetstream.ObjectMetaOptions{Link: &jetstream.ObjectLink{Bucket: filesBucket,
		Name: name}}
	describe(t, c, &link)
	if err := c.Receive(t.Context(), name, &got); !errors.Is(err, ErrDamaged) {
		t.Errorf("%v, want ErrDamaged", err)
	}
}

// again has a file sent again when the first of it comes.
type again struct {
	t    *testing.T
	c    *Conn
	info *jetstream.ObjectInfo
}

func (a again) Write(b []byte) (int, error) {
	sent := *a.info
	sent.NUID += "again"
	describe(a.t, a.c, &sent)
	return len(b), nil
}

// TestAddresses: what is no address of a queue is refused, and no error shows a password.
func TestAddresses(t *testing.T) {
	for _, url := range []string{"", " ", ",", "http://127.0.0.1:4222", "nats://", "tls://:4222",
		"nats://me:secret@127.0.0.1:port", "nats://me:secret@127.0.0.1:1",
		"me:s@secret@127.0.0.1:1", "nats://me:secret%zz@127.0.0.1:4222",
		"nats://127.0.0.1:1,ftp://me:secret@127.0.0.1:1"} {
		c, err := Dial(t.Context(), Options{Access: Access{URL: url}})
		if err == nil {
			c.Close()
			t.Errorf("%q is an address", url)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", url, err)
		}
	}
}
