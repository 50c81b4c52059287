package queue

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/nats-io/nats.go/jetstream"
)

// Errors about files of a queue.
var (
	ErrNoFile  = errors.New("the queue does not have the file")
	ErrDamaged = errors.New("the file is not what its name says")
)

// maxFile bounds what a worker takes.
const maxFile = 64 << 30

// Send gives the queue a file of this machine, unless it has one of this SHA-256.
func (c *Conn) Send(ctx context.Context, path, sha256hex string) error {
	if info, err := c.files.GetInfo(ctx, sha256hex); err == nil && !info.Deleted {
		return nil
	} else if err != nil && !errors.Is(err, jetstream.ErrObjectNotFound) {
		return fmt.Errorf("queue %s: look for file %s: %w", c.url, sha256hex, err)
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("send to queue %s: %w", c.url, err)
	}
	defer f.Close() // it was only read
	if _, err := c.files.Put(ctx, jetstream.ObjectMeta{Name: sha256hex}, f); err != nil {
		return fmt.Errorf("send %s to queue %s: %w", path, c.url, err)
	}
	return nil
}

// Receive writes a file of the queue to w, and checks that it is the one of this SHA-256: after an
// error, what was written is of no use. One of writing wraps ErrHere, one of the way ErrLater.
func (c *Conn) Receive(ctx context.Context, sha256hex string, w io.Writer) error {
	if !sum.MatchString(sha256hex) {
		return fmt.Errorf("%w: %.70q is no SHA-256", ErrNoFile, sha256hex)
	}
	r, err := c.files.Get(ctx, sha256hex)
	if errors.Is(err, jetstream.ErrObjectNotFound) {
		return fmt.Errorf("%w %s: it keeps one for %d days; ask for the measurement again",
			ErrNoFile, sha256hex, int(keepFiles.Hours()/24))
	}
	if err != nil {
		return fmt.Errorf("queue %s: file %s: %w: %w", c.url, sha256hex, ErrLater, err)
	}
	h := sha256.New()
	to := &target{w: io.MultiWriter(w, h)}
	n, err := io.Copy(to, io.LimitReader(r, maxFile+1))
	err = errors.Join(err, r.Close())
	switch {
	case to.err != nil:
		return fmt.Errorf("%w: file %s of queue %s: %w", ErrHere, sha256hex, c.url, to.err)
	case n > maxFile:
		return fmt.Errorf("%w: %s has more than %d bytes", ErrDamaged, sha256hex, int64(maxFile))
	case errors.Is(err, jetstream.ErrDigestMismatch):
		return fmt.Errorf("%w: %s: %w", ErrDamaged, sha256hex, err)
	case err != nil:
		return fmt.Errorf("queue %s: file %s: %w: %w", c.url, sha256hex, ErrLater, err)
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != sha256hex {
		return fmt.Errorf("%w: %s has SHA-256 %s", ErrDamaged, sha256hex, got)
	}
	return nil
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
