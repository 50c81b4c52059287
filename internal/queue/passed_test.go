package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// lose takes the one job so often and is lost each time, which the server takes a bare Nak for.
func lose(ctx context.Context, t *testing.T, c *Conn, times int) {
	t.Helper()
	for range times {
		m := taken(ctx, t, c)
		if err := m.Nak(); err != nil {
			t.Fatal(err)
		}
	}
}

// taken is the one job, which is given out now or soon.
func taken(ctx context.Context, t *testing.T, c *Conn) jetstream.Msg {
	t.Helper()
	cons, err := c.consumerOf(ctx, "square", "any")
	if err != nil {
		t.Fatal(err)
	}
	m, err := next(ctx, cons, pull)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestPassed: a job that is handed back goes on to the next worker however often that is, and what
// is lost besides counts: a job is given up after maxTaken workers, no sooner and no later.
func TestPassed(t *testing.T) {
	for name, test := range map[string]struct {
		crashes                  bool
		lost, later, ended, more int
		want                     string
	}{
		"later":                {later: maxTaken + 5},
		"workers that end":     {ended: maxTaken + 5},
		"crashes":              {crashes: true, later: maxTaken, want: "20 workers began it"},
		"lost":                 {lost: maxTaken, want: "20 workers began it and none ended it"},
		"one less":             {lost: maxTaken - 1},
		"one less, and later":  {lost: 10, later: 5, ended: 3, more: maxTaken - 11},
		"as many, among later": {lost: 10, later: 5, more: 10, want: "20 workers began it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lease := 10 * quick // a delivery that runs out would count
			if test.lost+test.more == 0 {
				lease = quick
			}
			c := dialFor(t, serve(t), lease)
			whole, end := context.WithTimeout(t.Context(), time.Minute) // it must not hang
			defer end()
			var results []Result
			asked := make(chan error, 1)
			go func() {
				var err error
				results, err = c.Measure(whole, numbers(1))
				asked <- err
			}()
			lose(whole, t, c, test.lost)
			for range test.ended {
				handBack(whole, t, c)
			}
			w, left := worker("one"), test.later
			w.AtOnce = 1
			ctx, cancel := context.WithCancel(whole)
			w.Do = func(ctx context.Context, slot int, j Job) (json.RawMessage, error) {
				if left == 0 {
					return square(ctx, slot, j)
				}
				if left--; left == 0 && test.more > 0 {
					defer cancel()
				}
				if test.crashes {
					return nil, fmt.Errorf("%w: the device crashed", ErrLost)
				}
				return nil, fmt.Errorf("%w: not now", ErrLater)
			}
			if test.more > 0 {
				if err := c.Work(ctx, w); err != nil {
					t.Fatal(err)
				}
				lose(whole, t, c, test.more)
			}
			cancel()
			startOn(t, c, w)
			err := <-asked
			switch {
			case test.want != "":
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("%v, want %q", err, test.want)
				}
			case err != nil:
				t.Error(err)
			default:
				wantSquares(t, results, 1)
			}
		})
	}
}

// handBack begins a job with a worker that is told to end.
func handBack(ctx context.Context, t *testing.T, c *Conn) {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := worker("ends")
	w.AtOnce = 1
	w.Do = func(ctx context.Context, _ int, _ Job) (json.RawMessage, error) {
		cancel()
		return nil, ctx.Err()
	}
	if err := c.Work(ctx, w); err != nil || !errors.Is(ctx.Err(), context.Canceled) {
		t.Fatalf("%v (%v)", err, ctx.Err())
	}
}
