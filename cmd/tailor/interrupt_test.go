//go:build unix

package main

import (
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// waiting starts a command that waits for a pipe to be written to, and gives it once it does.
func waiting(t *testing.T) (cmd *exec.Cmd, stderr *strings.Builder) {
	t.Helper()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o644); err != nil {
		t.Skip(err)
	}
	stderr = new(strings.Builder)
	cmd = exec.Command("tailor", "spaces", "mbv3-tiny", "--archs", pipe)
	cmd.Stderr = stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w, err := os.OpenFile(pipe, os.O_WRONLY, 0) // which waits for the reader
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return cmd, stderr
}

// What cannot end by itself is ended, whatever the signal.
func TestSignalsEndWhatWaits(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			if signal.Ignored(s) { // as under nohup, which commands started here inherit
				t.Skip("the signal is ignored here")
			}
			cmd, stderr := waiting(t)
			if err := cmd.Process.Signal(s); err != nil {
				t.Fatal(err)
			}
			err := cmd.Wait()
			if exitCode(err) != "1" || stderr.String() != "tailor: interrupted\n" {
				t.Errorf("%v: %q", err, stderr)
			}
		})
	}
}

// A second signal waits for nothing, not even where state is to be saved.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	var state saving
	state.Store(true)
	received := make(chan os.Signal, 1)
	received <- syscall.SIGTERM
	state.wait(time.Now().Add(-echo), received)
	cmd, stderr := waiting(t)
	died := make(chan error, 1)
	go func() { died <- cmd.Wait() }()
	for {
		select {
		case err := <-died:
			if exitCode(err) != "1" || stderr.String() != "tailor: interrupted\n" {
				t.Errorf("%v: %q", err, stderr)
			}
			return
		default:
			// as often as it takes: the process may see several as one
			_ = cmd.Process.Signal(syscall.SIGTERM)
		}
	}
}

// What timeout sends, a signal to the process and at once another to its group, is one
// interruption: what is at work saves its state.
func TestSignalTwiceAtOnceIsOne(t *testing.T) {
	var state saving
	state.Store(true)
	received := make(chan os.Signal) // so that who sends knows that it was taken
	ended := make(chan bool)
	go func() {
		// the first signal's time: all that follow now are within its echo
		state.wait(time.Now().Add(time.Hour), received)
		close(ended)
	}()
	for range 3 {
		select {
		case received <- syscall.SIGTERM:
		case <-ended:
			t.Fatal("a signal within the echo of the first ends it")
		}
	}
}

// nohup stays in force.
func TestIgnoredHangupStaysIgnored(t *testing.T) {
	if signal.Ignored(syscall.SIGHUP) {
		t.Skip("the tests themselves run under nohup")
	}
	if len(signals()) != 3 {
		t.Errorf("%v", signals())
	}
	signal.Ignore(syscall.SIGHUP)
	// Reset would leave it ignored in what the next run of the tests starts
	defer signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	for _, s := range signals() {
		if s == syscall.SIGHUP {
			t.Error("SIGHUP is taken")
		}
	}
}
