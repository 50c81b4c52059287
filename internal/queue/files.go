package queue

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Errors about files of a queue.
var (
	ErrNoFile  = errors.New("the queue does not have the file")
	ErrDamaged = errors.New("the file is not what its name says")
)

// maxFile bounds what a worker takes.
const maxFile = 64 << 30

// stall is how long a file may send nothing before its way counts as lost.
const stall = 30 * time.Second

// Send gives the queue a file of this machine, unless it has one of this SHA-256.
func (c *Conn) Send(ctx context.Context, path, sha256hex string) error {
	var here error // what is wrong with the file
	err := c.insist(ctx, func() error {
		info, err := c.files.GetInfo(ctx, sha256hex)
		if err == nil && !info.Deleted {
			return nil
		}
		if err != nil && !errors.Is(err, jetstream.ErrObjectNotFound) {
			return fmt.Errorf("look for file %s: %w", sha256hex, err)
		}
		f, err := os.Open(path)
		if err != nil {
			here = err
			return nil
		}
		defer f.Close() // it was only read
		from := &source{r: f}
		_, err = c.files.Put(ctx, jetstream.ObjectMeta{Name: sha256hex}, from)
		if here = from.err; err != nil && here == nil {
			return fmt.Errorf("send %s: %w", path, err)
		}
		return nil
	})
	if err = errors.Join(here, err); err != nil {
		return fmt.Errorf("send to queue %s: %w", c.url, err)
	}
	return nil
}

// Receive writes a file of the queue to w, and checks that it is the one of this SHA-256: after an
// error, what was written is of no use. One of writing wraps ErrHere, one of the way ErrLater.
func (c *Conn) Receive(ctx context.Context, sha256hex string, w io.Writer) error {
	if !IsSHA256(sha256hex) {
		return fmt.Errorf("%w: %.70q is no SHA-256", ErrNoFile, sha256hex)
	}
	info, err := c.files.GetInfo(ctx, sha256hex)
	if err == nil && info.Opts != nil && info.Opts.Link != nil {
		return fmt.Errorf("%w: %s is a link", ErrDamaged, sha256hex)
	}
	inside, cancel := context.WithCancel(ctx)
	defer cancel()
	lost := time.AfterFunc(stall, cancel)
	defer lost.Stop()
	var r jetstream.ObjectResult
	if err == nil {
		r, err = c.files.Get(moving{inside}, sha256hex)
	}
	if errors.Is(err, jetstream.ErrObjectNotFound) {
		return fmt.Errorf("%w %s: it keeps one for %d days; ask for the measurement again",
			ErrNoFile, sha256hex, int(keepFiles.Hours()/24))
	}
	if err != nil {
		return fmt.Errorf("queue %s: file %s: %w: %w", c.url, sha256hex, ErrLater, err)
	}
	h := sha256.New()
	to := &target{w: io.MultiWriter(w, h)}
	n, err := io.Copy(to, io.LimitReader(&flow{r, lost}, maxFile+1))
	if err = errors.Join(err, r.Close()); err != nil && inside.Err() != nil && ctx.Err() == nil {
		err = fmt.Errorf("nothing of it came for %s: %w", stall, err)
	}
	switch {
	case to.err != nil:
		return fmt.Errorf("%w: file %s of queue %s: %w", ErrHere, sha256hex, c.url, to.err)
	case n > maxFile:
		return fmt.Errorf("%w: %s has more than %d bytes", ErrDamaged, sha256hex, int64(maxFile))
	case errors.Is(err, jetstream.ErrDigestMismatch) && !c.replaced(ctx, info):
		return fmt.Errorf("%w: %s: %w", ErrDamaged, sha256hex, err)
	case err != nil:
		return fmt.Errorf("queue %s: file %s: %w: %w", c.url, sha256hex, ErrLater, err)
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != sha256hex {
		return fmt.Errorf("%w: %s has SHA-256 %s", ErrDamaged, sha256hex, got)
	}
	return nil
}

// replaced says whether a file was sent again, by another who asks, which takes away what of the
// one before was not read yet.
func (c *Conn) replaced(ctx context.Context, before *jetstream.ObjectInfo) bool {
	now, err := c.files.GetInfo(ctx, before.Name)
	return err != nil || now.NUID != before.NUID
}

// moving is a context whose deadline is always ahead, as NATS gives a file 5 s in all where there
// is none. By it, a read looks every second at whether the context has ended.
type moving struct{ context.Context }

func (m moving) Deadline() (time.Time, bool) { return time.Now().Add(time.Second), true }

// flow puts off the end of a file's way as long as something comes.
type flow struct {
	r    io.Reader
	lost *time.Timer
}

func (f *flow) Read(b []byte) (int, error) {
	n, err := f.r.Read(b)
	if n > 0 {
		f.lost.Reset(stall)
	}
	return n, err
}

// source remembers that reading failed, rather than the way to the queue.
type source struct {
	r   io.Reader
	err error
}

func (s *source) Read(b []byte) (int, error) {
	n, err := s.r.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// target remembers that writing failed, rather than the way from the queue.
type target struct {
	w   io.Writer
	err error
}

func (t *target) Write(b []byte) (int, error) {
	n, err := t.w.Write(b)
	t.err = err
	return n, err
}
