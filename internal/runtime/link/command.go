package link

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"time"
)

// Command starts an agent as a child of this process.
type Command struct {
	Name string // for errors
	// Make gives the command, anew each time.
	Make func() *exec.Cmd
}

// Program is the command of a program without arguments.
func Program(path string) Command {
	return Command{path, func() *exec.Cmd { return exec.Command(path) }}
}

// Shell is a command line as a shell reads it, whose standard input and output reach an agent.
func Shell(line string) Command {
	return Command{"exec:" + line, func() *exec.Cmd {
		cmd := exec.Command("sh", "-c", line)
		if runtime.GOOS == "windows" {
			cmd = exec.Command("cmd", "/C", line)
		}
		alone(cmd)
		return cmd
	}}
}

// String names it.
func (c Command) String() string { return c.Name }

// Dial starts the command.
func (c Command) Dial(context.Context) (Link, error) {
	p := &child{cmd: c.Make(), ended: make(chan struct{})}
	p.cmd.Stderr, p.cmd.WaitDelay = &p.stderr, time.Second
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if p.out, err = p.cmd.StdoutPipe(); err != nil {
		return nil, err
	}
	if err := startChild(p.cmd, p.ended); err != nil {
		return nil, fmt.Errorf("start tailor-agent: %w", err)
	}
	return p, nil
}

// child is a command that was started.
type child struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    io.ReadCloser
	stderr Tail
	ended  chan struct{} // closed when the program has
}

func (p *child) Read(b []byte) (int, error) { return p.out.Read(b) }

func (p *child) Write(b []byte) (int, error) { return p.in.Write(b) }

func (p *child) Finish() error { return p.in.Close() }

// Kill kills it. What that fails with is that it has ended already.
func (p *child) Kill() {
	_ = killChild(p.cmd)
	_ = p.in.Close()
	_ = p.out.Close()
}

func (p *child) Wait() error {
	defer close(p.ended)
	return p.cmd.Wait()
}

func (p *child) Stderr() string { return p.stderr.String() }
