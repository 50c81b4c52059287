package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/tailor-nas/tailor/internal/bug"
)

// ErrHere is wrapped by errors of a worker's machine, such as a full disk: the job is for another
// one, and the worker ends.
var ErrHere = errors.New("this machine cannot do the job")

// ErrLater is wrapped by errors that pass, such as a connection that is lost: the job is given out
// again.
var ErrLater = errors.New("the job is given out again")

// ErrLost is wrapped by errors that the job may be the cause of, such as a device that crashed: it
// is given out again, for as often as workers that are lost with it.
var ErrLost = errors.New("the job was begun and is lost")

// Worker is a machine that is lent.
type Worker struct {
	Name string // letters, digits, - and _; no other worker has it
	Kind string // of jobs
	// Classes are of machines that it is of. It does jobs of all of them in turn.
	Classes []string
	Device  string // what it is, by its ID
	About   string // the same, in words
	AtOnce  int    // jobs; 1 or more
	// Do gives what a job asks for. slot is 0 to AtOnce-1, and has one job at a time. Its error is
	// told to who asked, but for one that wraps ErrHere, ErrLater or ErrLost, and
	// that of the context.
	Do func(ctx context.Context, slot int, j Job) (json.RawMessage, error)
	// Say, if set, is told in a line what goes wrong.
	Say func(text string)
}

const (
	// maxTaken is how many workers may take a job and be lost before it is given up: it may be what
	// ends them.
	maxTaken = 20
	// maxLeft is how often a job is handed back to be left to others before who should not do it
	// does it after all: they may be busy, or not able to.
	maxLeft = 60
	// pull is how long a worker waits for a job before it asks again, and pullEach how long it
	// waits for one of a class if it is of several.
	pull     = 30 * time.Second
	pullEach = 2 * time.Second
	// pause is how long a worker waits after an error of the queue.
	pause = time.Second
)

// work is a worker at work.
type work struct {
	Worker
	conn *Conn

	mu   sync.Mutex
	live Live
}

// Work does jobs until the context ends, which is no error, or the connection, or this machine can
// do no more. What was begun and not done is handed back.
func (c *Conn) Work(ctx context.Context, w Worker) error {
	k := &work{Worker: w, conn: c, live: Live{Worker: w.Name, Kind: w.Kind, Classes: w.Classes,
		Device: w.Device, About: w.About, Since: time.Now()}}
	if text, err := json.Marshal(k.live); err != nil {
		return fmt.Errorf("work: %w", err)
	} else if _, err := parseLive(text); err != nil {
		return fmt.Errorf("work: name %q, kind %q or classes %q are none, or have other characters than letters, digits, - and _: %w",
			w.Name, w.Kind, w.Classes, err)
	}
	if k.Say == nil {
		k.Say = func(string) {}
	}
	defer k.gone()
	group, inside := errgroup.WithContext(ctx)
	group.Go(func() error { return bug.Catch(func() error { return k.beat(inside) }) })
	for slot := range max(w.AtOnce, 1) {
		group.Go(func() error {
			return bug.Catch(func() error { return k.serve(inside, slot) })
		})
	}
	err := group.Wait()
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// beat tells that the worker is alive, until the context ends.
func (k *work) beat(ctx context.Context) error {
	tick := time.NewTicker(k.conn.lease / 4)
	defer tick.Stop()
	for {
		k.tell(ctx)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-k.conn.closed:
			return k.conn.whyClosed()
		case <-tick.C:
		}
	}
}

// tell says what the worker does. Where that does not arrive, the next time is soon.
func (k *work) tell(ctx context.Context) {
	k.mu.Lock()
	text, err := json.Marshal(k.live)
	k.mu.Unlock()
	if err != nil {
		panic("queue: a worker is no JSON")
	}
	ctx, cancel := context.WithTimeout(ctx, k.conn.lease/4)
	defer cancel()
	_, _ = k.conn.workers.Put(ctx, k.Name, text)
}

// gone says that the worker ended.
func (k *work) gone() {
	ctx, cancel := context.WithTimeout(context.Background(), pause)
	defer cancel()
	_ = k.conn.workers.Purge(ctx, k.Name) // else it is forgotten after a lease
}

// serve does one job after another.
func (k *work) serve(ctx context.Context, slot int) error {
	all, patience := make([]jetstream.Consumer, len(k.Classes)), pull
	if len(all) > 1 {
		patience = min(pullEach, k.conn.lease)
	}
	for turn := 0; ctx.Err() == nil; turn = (turn + 1) % len(all) {
		cons, err := all[turn], error(nil)
		if cons == nil {
			cons, err = k.conn.consumerOf(ctx, k.Kind, k.Classes[turn])
		}
		var m jetstream.Msg
		if err == nil {
			all[turn] = cons
			m, err = next(ctx, cons, patience)
		}
		switch {
		case err == nil:
			if err := k.take(ctx, slot, m); err != nil {
				return err
			}
		case ctx.Err() != nil, timedOut(err):
		default:
			all[turn] = nil
			if err := k.conn.mend(ctx, err); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// next waits for a job, for a while.
func next(ctx context.Context, cons jetstream.Consumer, patience time.Duration) (jetstream.Msg,
	error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return cons.Next(jetstream.FetchContext(ctx))
}

// mend waits after an error of the server, which may be away or have lost its files, and makes
// anew what a queue has. A connection that is closed for good is an error.
func (c *Conn) mend(ctx context.Context, err error) error {
	select {
	case <-c.closed:
		return c.whyClosed()
	default:
	}
	c.tell(fmt.Sprintf("queue %s does not answer as it should (%v); it is tried again", c.url, err))
	if err := wait(ctx, pause); err != nil {
		return err
	}
	inside, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	// What is made has the names of before, by which others use it meanwhile.
	made := Conn{url: c.url, lease: c.lease, js: c.js}
	if err := made.prepare(inside); err != nil && ctx.Err() == nil {
		c.tell(err.Error())
	}
	return ctx.Err()
}

// insist does what needs the server until that answers, the context ends, or the connection is
// closed for good.
func (c *Conn) insist(ctx context.Context, do func() error) error {
	for {
		err := do()
		if err == nil || ctx.Err() != nil {
			return err
		}
		if err := c.mend(ctx, err); err != nil {
			return err
		}
	}
}

// timedOut says that there was no job.
func timedOut(err error) bool {
	return errors.Is(err, jetstream.ErrNoMessages) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, jetstream.ErrNoHeartbeat)
}

// wait is for a while, or until the context ends.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// take does a job and says so to the queue. Its error ends the worker.
func (k *work) take(ctx context.Context, slot int, m jetstream.Msg) error {
	j, err := parseJob(m.Data())
	if err == nil && !k.live.Does(j.Kind, j.Class) {
		err = fmt.Errorf("%w: it is for others", ErrMessage)
	}
	if err != nil {
		k.Say(fmt.Sprintf("a job is thrown away: %v", err))
		return k.answer(m.TermWithReason("not a job"))
	}
	taken := uint64(1)
	if meta, err := m.Metadata(); err == nil {
		taken = meta.NumDelivered
	}
	has, err := k.conn.hasResult(ctx, j)
	switch {
	case err != nil:
		return k.later(ctx, m, j)
	case has:
		return k.answer(m.Ack())
	case j.Except == k.Name && taken <= maxLeft && k.others(ctx, j):
		return k.later(ctx, m, j)
	}
	lost, err := k.conn.lost(ctx, m, j)
	if err != nil {
		return k.later(ctx, m, j)
	}
	if lost >= maxTaken {
		return k.give(ctx, m, k.result(j, time.Now(), nil,
			fmt.Errorf("%d workers began it and none ended it", lost)))
	}
	return k.do(ctx, slot, m, j)
}

// later has a job given out again, after a while.
func (k *work) later(ctx context.Context, m jetstream.Msg, j Job) error {
	k.conn.pass(ctx, m, j)
	return k.answer(m.NakWithDelay(k.conn.lease / 8))
}

// answer looks at whether the queue was told. Where it was not, the job is given out again after
// its lease, and has a result by then.
func (k *work) answer(err error) error {
	if err != nil {
		k.Say(fmt.Sprintf("queue %s was not told of a job: %v", k.conn.url, err))
	}
	return nil
}

// others says whether another worker could do a job of this one's.
func (k *work) others(ctx context.Context, j Job) bool {
	all, err := k.conn.Workers(ctx)
	return err == nil && slices.ContainsFunc(all, func(l Live) bool {
		return l.Worker != k.Name && l.Does(j.Kind, j.Class)
	})
}

// do does a job, and tells the queue meanwhile that it is being done.
func (k *work) do(ctx context.Context, slot int, m jetstream.Msg, j Job) error {
	k.count(1, 0)
	began := time.Now()
	inside, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- bug.Catch(func() error { return k.hold(inside, m) }) }()
	var value json.RawMessage
	err := bug.Catch(func() (err error) {
		value, err = k.Do(ctx, slot, j)
		return err
	})
	cancel()
	<-ended
	k.count(-1, 0)
	news := k.cannot(err)
	switch {
	case ctx.Err() != nil:
		k.conn.pass(ctx, m, j)
		_ = m.Nak() // else another gets it after its lease
		return ctx.Err()
	case errors.Is(err, ErrHere):
		_ = m.Nak() // the same; it counts, as the job may be what is too much
		return err
	case errors.Is(err, ErrLater):
		if news {
			k.Say(fmt.Sprintf("job %.12s: %v", j.ID(), err))
			k.tell(ctx)
		}
		return k.later(ctx, m, j)
	case errors.Is(err, ErrLost):
		k.Say(fmt.Sprintf("job %.12s: %v", j.ID(), err))
		return k.answer(m.NakWithDelay(k.conn.lease / 8))
	}
	if err == nil && len(value) > maxMessage-4096 {
		err = fmt.Errorf("its result has %d bytes, expected %d at most", len(value),
			maxMessage-4096)
	}
	if err != nil {
		k.Say(fmt.Sprintf("job %.12s: %v", j.ID(), err))
	}
	return k.give(ctx, m, k.result(j, began, value, err))
}

// hold keeps a job from being given to others, until the context ends.
func (k *work) hold(ctx context.Context, m jetstream.Msg) error {
	tick := time.NewTicker(k.conn.lease / 4)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			_ = m.InProgress() // where it does not arrive, the next does
		}
	}
}

// cannot notes why a job is handed back, if it is, for those who wait, and says whether that is
// news.
func (k *work) cannot(err error) bool {
	why := ""
	if errors.Is(err, ErrLater) {
		why = shorten(err.Error())
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	before := k.live.Later
	k.live.Later = why
	return why != before
}

func (k *work) count(busy, done int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.live.Busy += busy
	k.live.Done += done
}

func (k *work) result(j Job, began time.Time, value json.RawMessage, err error) Result {
	r := Result{Job: j.ID(), Worker: k.Name, Device: k.Device, At: began.UTC(),
		Seconds: time.Since(began).Seconds(), Value: value}
	if err != nil {
		r.Value, r.Error = nil, shorten(err.Error())
	}
	return r
}

// give hands a result in. If the job has one by now, that one stays.
func (k *work) give(ctx context.Context, m jetstream.Msg, r Result) error {
	j, err := parseJob(m.Data())
	if err != nil {
		return err
	}
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("job %.12s: its result is no JSON: %w", r.Job, err)
	}
	// What was done is handed in, even if the worker is to end.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), k.conn.lease)
	defer cancel()
	_, err = k.conn.js.Publish(ctx, resultOf(j.Protocol, r.Job), text,
		jetstream.WithExpectLastSequencePerSubject(0))
	if err != nil && !isThere(err) {
		k.Say(fmt.Sprintf("queue %s did not take a result, its job is given out again: %v",
			k.conn.url, err))
		k.conn.pass(ctx, m, j)
		return k.answer(m.NakWithDelay(pause))
	}
	k.count(0, 1)
	return k.answer(m.Ack())
}

// isThere says that a subject has a message already.
func isThere(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence ||
		api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}
