package queue

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go/jetstream"
)

// The server counts how often a job was given out. Some of these times no worker was lost: the job
// was handed back, for another worker or for later. These are counted apart, as they are few.

// lost is how many workers began a job and neither ended it nor handed it back; 0 for one that some
// leave to others.
func (c *Conn) lost(ctx context.Context, m jetstream.Msg, j Job) (uint64, error) {
	meta, err := m.Metadata()
	if err != nil || meta.NumDelivered <= maxTaken || j.Except != "" {
		return 0, nil // it is not too many, whatever was handed back
	}
	passed, err := c.passedOf(ctx, meta)
	if err != nil {
		return 0, err
	}
	before := meta.NumDelivered - 1
	return before - min(before, passed), nil
}

// pass counts that a job is handed back, before it is. Where that does not arrive, a worker counts
// as lost. Those that some leave to others are not counted: they come often.
func (c *Conn) pass(ctx context.Context, m jetstream.Msg, j Job) {
	meta, err := m.Metadata()
	if err != nil || j.Except != "" {
		return
	}
	// What was handed back is counted, even if the worker is to end.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), pause)
	defer cancel()
	passed, err := c.passedOf(ctx, meta)
	if err != nil {
		return
	}
	// None but who has the job counts.
	_, _ = c.passed.Put(ctx, passedKey(meta), strconv.AppendUint(nil, passed+1, 10))
}

// passedOf is how often a job was handed back.
func (c *Conn) passedOf(ctx context.Context, meta *jetstream.MsgMetadata) (uint64, error) {
	e, err := c.passed.Get(ctx, passedKey(meta))
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("queue %s: how often a job was handed back: %w", c.url, err)
	}
	passed, err := strconv.ParseUint(string(e.Value()), 10, 32)
	if err != nil {
		return 0, nil // nobody's
	}
	return passed, nil
}

// passedKey tells a job that was given out from all others, of those of lost files too.
func passedKey(meta *jetstream.MsgMetadata) string {
	return fmt.Sprintf("%d.%d", meta.Sequence.Stream, meta.Timestamp.UnixNano())
}
