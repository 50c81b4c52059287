package link

import (
	"os/exec"
	"runtime"
	"syscall"

	"github.com/tailor-nas/tailor/internal/bug"
)

// alone puts a command, and what it starts, into a group of processes of its own: Ctrl-C is not for
// it, and all of it can be killed at once.
func alone(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// startChild starts a program that is killed when this one ends, however that comes. Linux takes
// the end of the thread that started it for that, so this one is kept until ended is closed.
func startChild(cmd *exec.Cmd, ended <-chan struct{}) error {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := bug.Catch(cmd.Start)
		started <- err
		if err == nil {
			<-ended
		}
	}()
	return <-started
}

// killChild kills a program, and its group if it has one of its own.
func killChild(cmd *exec.Cmd) error {
	if cmd.SysProcAttr.Setpgid {
		return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
	return cmd.Process.Kill()
}
