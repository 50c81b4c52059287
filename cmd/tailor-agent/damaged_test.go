package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"os/exec"
	"testing"

	"github.com/tailor-nas/tailor/internal/runtime/protocol"
)

// child is an agent with one runtime that has said hello; nil if the runtime is not installed.
func child(t *testing.T, runtime string) *protocol.Conn {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asAgent+"=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait() // it may have crashed
	})
	c := protocol.NewConn(out, in)
	var a protocol.Answer
	for _, r := range []protocol.Request{
		{ID: 1, Op: protocol.Hello, Version: protocol.Version},
		{ID: 2, Op: protocol.Look, Runtimes: []string{runtime}},
	} {
		if err := c.WriteRequest(r, nil); err != nil {
			t.Fatal(err)
		}
		if a, _, err = c.ReadAnswer(); err != nil {
			t.Fatal(err)
		}
	}
	if !a.Runtimes[0].Found() {
		return nil
	}
	return c
}

// TestDamagedModels: what is no model is refused. The agent may not survive it; it does not hang.
func TestDamagedModels(t *testing.T) {
	for _, e := range engines() {
		for _, file := range []string{"", "x", "no model at all", "\x1c\x00\x00\x00TFL3\x00\x00\x00",
			"\x08\x07:\x00B\x04\n\x00\x10\x0d"} {
			c := child(t, e.Name())
			if c == nil {
				break
			}
			sum := sha256.Sum256([]byte(file))
			err := c.WriteRequest(protocol.Request{ID: 3, Op: protocol.Load, DeadlineMS: 60000,
				Model: &protocol.Model{Runtime: e.Name(), SHA256: hex.EncodeToString(sum[:]),
					Threads: 1, Input: []int{1}, Output: []int{1}}}, []byte(file))
			if err != nil {
				t.Fatal(err)
			}
			a, _, err := c.ReadAnswer()
			if err != nil && !errors.Is(err, io.EOF) || err == nil && a.Error == nil {
				t.Errorf("%s, %q: %+v (%v), expected a refusal", e.Name(), file, a, err)
			}
		}
	}
}
