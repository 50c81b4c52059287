package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/tailor-nas/tailor/trainer"
)

// After a signal a command has this long to end by itself. Not everything can: to open a pipe, say,
// takes until somebody writes to it. To finish and save a step of training may take longer, and is
// worth it.
const (
	patience       = 1500 * time.Millisecond
	patienceToSave = 30 * time.Second
)

// echo is how long after the first signal another one is taken for the same: timeout and job
// schedulers send theirs to the process and then to its group, which the process is in, and that
// must not keep it from saving.
const echo = 100 * time.Millisecond

// saving says whether a command is at work that has state to save when it is interrupted.
type saving struct{ atomic.Bool }

type savingKey struct{}

// savingOf is where a command says so; of a context without signals nobody asks.
func savingOf(ctx context.Context) *saving {
	if s, ok := ctx.Value(savingKey{}).(*saving); ok {
		return s
	}
	return new(saving)
}

// signals are those that end a command. One that was ignored when the program began, as nohup does
// with SIGHUP, still is; SIGINT is not, since shells ignore it for what they start in the
// background.
func signals() []os.Signal {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		all = append(all, syscall.SIGHUP)
	}
	return all
}

// untilSignal gives a context that the first signal ends. Where the program does not end after it,
// or at a second signal, exit is called with its status.
func untilSignal(stderr io.Writer, exit func(status int)) context.Context {
	state := new(saving)
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), savingKey{}, state))
	received := make(chan os.Signal, 2)
	signal.Notify(received, signals()...)
	go func() {
		<-received
		cancel()
		state.wait(time.Now(), received)
		sayInterrupted(stderr)
		exit(exitFailed)
	}()
	return ctx
}

// wait ends with the next signal, after the first one at some time, or with the patience.
func (s *saving) wait(first time.Time, received <-chan os.Signal) {
	look := time.NewTicker(patience / 15)
	defer look.Stop()
	for {
		select {
		case <-received:
			if time.Since(first) >= echo {
				return
			}
		case <-look.C:
		}
		if waited := time.Since(first); waited > patience && !s.Load() || waited > patienceToSave {
			return
		}
	}
}

// sayInterrupted does not wait for a stderr that nobody reads: that may be what the program waits
// for.
func sayInterrupted(stderr io.Writer) {
	told := make(chan struct{})
	go func() {
		defer close(told)
		fmt.Fprintln(stderr, "tailor: interrupted")
	}()
	select {
	case <-told:
	case <-time.After(patience / 15):
	}
}

// interrupted says of an error that comes from an interruption that it does.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() == nil || !errors.Is(err, context.Canceled) ||
		errors.Is(err, trainer.ErrInterrupted) || strings.HasPrefix(err.Error(), "interrupted") {
		return err
	}
	return fmt.Errorf("interrupted: %w", err)
}
