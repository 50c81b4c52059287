package queue

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	// checkEach is of how many measurements one is made twice.
	checkEach = 20
	// maxBad is how many messages that are no results are removed before it is too much.
	maxBad = 100
	// sameWorker is how often a repetition by the worker that is to be checked is asked for anew.
	sameWorker = 3
)

// toCheck draws one of each twenty, and one of what is left over. Workers must not know which, so
// that this is the one thing here that no seed decides; no value depends on it.
func toCheck(n int) (all []int) {
	for from := 0; from < n; from += checkEach {
		v, err := rand.Int(rand.Reader, big.NewInt(int64(min(checkEach, n-from))))
		if err != nil {
			panic("queue: no random numbers") // crypto/rand says that it never fails
		}
		all = append(all, from+int(v.Int64()))
	}
	return all
}

// collect waits until nothing is open.
func (k *asking) collect(ctx context.Context) error {
	var cons jetstream.Consumer
	for k.open > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		var err error
		if cons == nil {
			cons, err = k.conn.results.CreateConsumer(ctx, jetstream.ConsumerConfig{
				FilterSubject: resultOf(k.Protocol, "*"), AckPolicy: jetstream.AckNonePolicy,
				InactiveThreshold: time.Minute})
		}
		if err == nil {
			err = k.receive(ctx, cons)
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, new(*stop)):
			return errors.Unwrap(err)
		case err != nil && !timedOut(err):
			cons = nil
			if err := k.conn.mend(ctx, err); err != nil {
				return err
			}
		}
		if err := k.idle(ctx); err != nil {
			return err
		}
	}
	return nil
}

// stop is an error that ends the asking, not one of the way to the queue.
type stop struct{ error }

func (s *stop) Unwrap() error { return s.error }

// receive takes the results of a second.
func (k *asking) receive(ctx context.Context, cons jetstream.Consumer) error {
	batch, err := cons.Fetch(256, jetstream.FetchMaxWait(pause))
	if err != nil {
		return err
	}
	for m := range batch.Messages() {
		if err := k.message(ctx, m); err != nil {
			return &stop{err}
		}
		if k.open == 0 {
			return nil
		}
	}
	return batch.Error()
}

// message takes what may be a result.
func (k *asking) message(ctx context.Context, m jetstream.Msg) error {
	id := m.Subject()[strings.LastIndexByte(m.Subject(), '.')+1:]
	i, ours := k.byID[id]
	if !ours {
		return nil // others ask as well
	}
	r, err := parseResult(m.Data())
	if err == nil && r.Job != id {
		err = fmt.Errorf("%w: it is of job %.12s and filed under %.12s", ErrMessage, r.Job, id)
	}
	if err == nil {
		return k.got(ctx, i, r)
	}
	if k.bad++; k.bad > maxBad {
		return fmt.Errorf("queue %s: %d messages that are no results: %w", k.conn.url, k.bad, err)
	}
	k.Say(fmt.Sprintf("what queue %s has as a result is thrown away: %v", k.conn.url, err))
	return k.conn.drop(ctx, k.jobOf(i, id))
}

func (k *asking) jobOf(i int, id string) Job {
	if id == k.all[i].againID {
		return k.all[i].again
	}
	return k.all[i].job
}

// got takes a result.
func (k *asking) got(ctx context.Context, i int, r Result) error {
	one := &k.all[i]
	again := r.Job == one.againID
	if again && (!one.checking || one.result == nil || one.second != nil) ||
		!again && one.result != nil {
		return nil // it is known, or of another who asks the same
	}
	k.heard = time.Now()
	if r.Error != "" {
		err := fmt.Errorf("worker %s on %s: %s: %s", r.Worker, r.Device, one.job.Of, r.Error)
		return errors.Join(err, k.conn.drop(ctx, k.jobOf(i, r.Job)))
	}
	if k.Check != nil {
		if err := k.Check(i, r.Value); err != nil {
			err = fmt.Errorf("worker %s measured what cannot be, it is thrown away: %s: %w",
				r.Worker, one.job.Of, err)
			return errors.Join(err, k.conn.drop(ctx, k.jobOf(i, r.Job)))
		}
	}
	if again {
		return k.compare(ctx, i, r)
	}
	one.result = &r
	k.open--
	if k.first++; k.Progress != nil {
		k.Progress(k.first)
	}
	if !one.checking {
		return nil
	}
	one.again.Except = r.Worker
	known, err := k.conn.result(ctx, one.again)
	if err != nil {
		return err
	}
	if known != nil {
		return k.got(ctx, i, *known)
	}
	return k.conn.give(ctx, one.again, k.nonce)
}

// compare takes the second measurement of something.
func (k *asking) compare(ctx context.Context, i int, r Result) error {
	one := &k.all[i]
	if r.Worker == one.result.Worker && one.sameBy < sameWorker {
		others, err := k.others(ctx, r.Worker)
		if err != nil {
			return err
		}
		if others {
			one.sameBy++
			if err := k.conn.drop(ctx, one.again); err != nil {
				return err
			}
			return k.conn.give(ctx, one.again, fmt.Sprint(k.nonce, one.sameBy))
		}
	}
	if !k.Same(one.result.Value, r.Value) {
		return k.differ(ctx, i, r)
	}
	one.second = &r
	k.open--
	return nil
}

// others says whether there are workers besides one.
func (k *asking) others(ctx context.Context, worker string) (bool, error) {
	var all []Live
	err := k.conn.insist(ctx, func() (err error) {
		all, err = k.conn.Workers(ctx)
		return err
	})
	return slices.ContainsFunc(all, func(l Live) bool {
		return l.Worker != worker && l.Does(k.Kind, k.Class)
	}), err
}

// differ finds out who is wrong, and forgets what they measured.
func (k *asking) differ(ctx context.Context, i int, second Result) error {
	first := *k.all[i].result
	e := &DifferError{Of: k.all[i].job.Of, Workers: [2]string{first.Worker, second.Worker}}
	e.Values[0], e.Values[1] = first.Value, second.Value
	if k.Here != nil {
		var err error
		if e.Here, err = k.Here(ctx, i); err != nil {
			return fmt.Errorf("%w: of %s, workers %s and %s; to measure it here: %w", ErrDiffer,
				e.Of, first.Worker, second.Worker, err)
		}
	}
	for _, r := range []Result{first, second} {
		if (e.Here == nil || !k.Same(r.Value, e.Here)) && !slices.Contains(e.Wrong, r.Worker) {
			e.Wrong = append(e.Wrong, r.Worker)
		}
	}
	var err error
	if e.Dropped, err = k.forget(ctx, e.Wrong); err != nil {
		return errors.Join(e, err)
	}
	return e
}

// forget removes all results of workers that are asked for here.
func (k *asking) forget(ctx context.Context, workers []string) (n int, err error) {
	for i := range k.all {
		for _, j := range []Job{k.all[i].job, k.all[i].again} {
			r, err := k.conn.result(ctx, j)
			if err != nil {
				return n, err
			}
			if r == nil || !slices.Contains(workers, r.Worker) {
				continue
			}
			if err := k.conn.drop(ctx, j); err != nil {
				return n, err
			}
			n++
		}
	}
	return n, nil
}

// idle looks at why nothing comes: it says so, and gives jobs out again that the queue lost.
func (k *asking) idle(ctx context.Context) error {
	if k.open == 0 || time.Since(k.heard) < k.conn.lease {
		return nil
	}
	k.heard = time.Now()
	all, err := k.conn.Workers(ctx)
	if err != nil {
		return nil // the server is away, which the connection says
	}
	if line := k.missing(all); line != k.told {
		if k.told = line; line != "" {
			k.Say(line)
		}
	}
	waiting, begun, err := k.conn.Waiting(ctx, k.Kind, k.Class)
	if err != nil || waiting+begun > 0 {
		return nil
	}
	return k.again(ctx)
}

// again gives out what is open.
func (k *asking) again(ctx context.Context) error {
	if k.Files != nil {
		if err := k.Files(ctx); err != nil {
			return err
		}
	}
	k.nonce = fmt.Sprint(k.nonce, "+")
	for i := range k.all {
		one := &k.all[i]
		var err error
		switch {
		case one.result == nil:
			err = k.begin(ctx, i)
		case one.checking && one.second == nil:
			err = k.conn.give(ctx, one.again, k.nonce)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// missing says which workers would be needed, or why those that are there do nothing; nothing if
// one of them works.
func (k *asking) missing(all []Live) string {
	var others []string
	cannot := ""
	for _, l := range all {
		if l.Does(k.Kind, k.Class) {
			if l.Later == "" {
				return ""
			}
			cannot = fmt.Sprintf("waiting for worker %s, which tries again: %s", l.Worker, l.Later)
			continue
		}
		for _, class := range l.Classes {
			if l.Kind == k.Kind && !slices.Contains(others, class) {
				others = append(others, class)
			}
		}
	}
	if cannot != "" {
		return cannot
	}
	text := fmt.Sprintf("no worker of class %s is at queue %s", k.Class, k.conn.url)
	if len(others) > 0 {
		text += ", only of " + strings.Join(others, " and ")
	}
	return text + k.Advice
}
