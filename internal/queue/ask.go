package queue

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

// Ask asks for measurements.
type Ask struct {
	Kind     string
	Class    string // of machines
	Protocol string // SHA-256 of the file that says how
	Of       []json.RawMessage
	// Once says that nothing is measured twice: who asks compares by other means.
	Once bool
	// Except, if set, is the worker that is to leave this to others while there are any.
	Except string
	// Advice says what to do where no worker of the class is there; empty for nothing.
	Advice string
	// Check, if set, refuses values that cannot be. i is the number of what was measured.
	Check func(i int, value json.RawMessage) error
	// Same says whether two measurements of the same may differ so. nil: not by a byte.
	Same func(a, b json.RawMessage) bool
	// Here, if set, makes a measurement on this machine, to tell which of two workers is right.
	Here func(ctx context.Context, i int) (json.RawMessage, error)
	// Files, if set, gives the queue what its jobs need where it has lost its files.
	Files func(ctx context.Context) error
	// Progress, if set, is told how many are measured.
	Progress func(done int)
	// Say, if set, is told in a line what the queue waits for.
	Say func(text string)
}

// ErrDiffer is wrapped by a DifferError.
var ErrDiffer = errors.New("two measurements of the same differ")

// DifferError says that workers do not measure the same.
type DifferError struct {
	Of      json.RawMessage
	Workers [2]string
	Values  [2]json.RawMessage
	Here    json.RawMessage // what this machine measured; nil if it was not asked
	Wrong   []string        // the workers whose results are thrown away
	Dropped int             // how many results these are
}

// Unwrap is [ErrDiffer].
func (e *DifferError) Unwrap() error { return ErrDiffer }

func (e *DifferError) Error() string {
	here := ""
	if e.Here != nil {
		here = fmt.Sprintf(", this machine %s", e.Here)
	}
	return fmt.Sprintf("%v: of %s, worker %s has %s and worker %s %s%s; the results of %s are thrown away (%d): end it, look at its machine and its tailor, and run the same command again",
		ErrDiffer, e.Of, e.Workers[0], e.Values[0], e.Workers[1], e.Values[1], here,
		strings.Join(e.Wrong, " and "), e.Dropped)
}

// asked is a measurement that was asked for.
type asked struct {
	job      Job
	id       string
	result   *Result
	checking bool // it is to be measured twice
	again    Job
	againID  string
	second   *Result
	sameBy   int // how often one worker alone made both
}

// asking is an Ask under way.
type asking struct {
	Ask
	conn  *Conn
	nonce string // one for each time that jobs are given out
	all   []asked
	byID  map[string]int // by both IDs
	open  int            // results that are wanted yet
	first int            // measured once
	bad   int            // messages that were none
	heard time.Time      // of a result
	told  string         // the last line
}

// Measure gives a result for each thing that is asked for, in their order. A twentieth of them,
// which nobody knows before, is measured twice, by two workers where there are two, but for an Ask
// that is for Once.
func (c *Conn) Measure(ctx context.Context, a Ask) ([]Result, error) {
	k, err := c.newAsking(a)
	if err != nil {
		return nil, err
	}
	for i := range k.all {
		if err := k.begin(ctx, i); err != nil {
			return nil, err
		}
	}
	if err := k.collect(ctx); err != nil {
		return nil, err
	}
	results := make([]Result, len(k.all))
	for i := range k.all {
		results[i] = *k.all[i].result
	}
	return results, nil
}

func (c *Conn) newAsking(a Ask) (*asking, error) {
	k := &asking{Ask: a, conn: c, nonce: nuid.Next(), byID: map[string]int{}, heard: time.Now()}
	if k.Same == nil {
		k.Same = func(a, b json.RawMessage) bool { return bytes.Equal(a, b) }
	}
	if k.Say == nil {
		k.Say = func(string) {}
	}
	for i, of := range a.Of {
		j := Job{Kind: a.Kind, Class: a.Class, Protocol: a.Protocol, Of: of, Except: a.Except}
		if err := j.check(); err != nil {
			return nil, err
		}
		one := asked{job: j, id: j.ID(), again: j}
		one.again.Again = 1
		one.againID = one.again.ID()
		k.all = append(k.all, one)
		k.byID[one.id], k.byID[one.againID] = i, i
	}
	if len(k.byID) != 2*len(k.all) {
		return nil, errors.New("queue: the same is asked for twice")
	}
	if k.open = len(k.all); a.Once {
		return k, nil
	}
	for _, i := range toCheck(len(k.all)) {
		k.all[i].checking = true
		k.open++
	}
	return k, nil
}

// begin takes a result that is there, or asks for one.
func (k *asking) begin(ctx context.Context, i int) error {
	r, err := k.conn.result(ctx, k.all[i].job)
	if err != nil {
		return err
	}
	if r != nil {
		return k.got(ctx, i, *r)
	}
	return k.conn.give(ctx, k.all[i].job, k.nonce)
}

// give puts a job into the queue, once for each nonce.
func (c *Conn) give(ctx context.Context, j Job, nonce string) error {
	text, err := json.Marshal(j)
	if err != nil {
		return fmt.Errorf("queue %s: job: %w", c.url, err)
	}
	if len(text) > maxMessage {
		return fmt.Errorf("queue %s: a job has %d bytes, expected %d at most", c.url, len(text),
			maxMessage)
	}
	once := jetstream.WithMsgID(nonce + j.ID() + j.Except)
	return c.insist(ctx, func() error {
		if _, err := c.js.Publish(ctx, j.subject(), text, once); err != nil {
			return fmt.Errorf("give out a job: %w", err)
		}
		return nil
	})
}

// hasResult says whether a job is done.
func (c *Conn) hasResult(ctx context.Context, j Job) (bool, error) {
	_, err := c.results.GetLastMsgForSubject(ctx, resultOf(j.Protocol, j.ID()))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return false, nil
	}
	return err == nil, err
}

// result gives what is there of a job, nil if nothing is. What is no result of it is removed.
func (c *Conn) result(ctx context.Context, j Job) (*Result, error) {
	var m *jetstream.RawStreamMsg
	err := c.insist(ctx, func() (err error) {
		m, err = c.results.GetLastMsgForSubject(ctx, resultOf(j.Protocol, j.ID()))
		if err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
			return fmt.Errorf("look for a result: %w", err)
		}
		return nil
	})
	if m == nil || err != nil {
		return nil, err
	}
	r, err := parseResult(m.Data)
	if err != nil || r.Job != j.ID() {
		return nil, c.drop(ctx, j)
	}
	return &r, nil
}

// Forget removes the results of what is asked for, so that it is measured anew when it is asked for
// again.
func (c *Conn) Forget(ctx context.Context, a Ask) error {
	for _, of := range a.Of {
		j := Job{Kind: a.Kind, Class: a.Class, Protocol: a.Protocol, Of: of}
		if err := c.drop(ctx, j); err != nil {
			return err
		}
	}
	return nil
}

// drop removes the result of a job.
func (c *Conn) drop(ctx context.Context, j Job) error {
	return c.insist(ctx, func() error {
		err := c.results.Purge(ctx, jetstream.WithPurgeSubject(resultOf(j.Protocol, j.ID())))
		if err != nil {
			return fmt.Errorf("drop a result: %w", err)
		}
		return nil
	})
}
