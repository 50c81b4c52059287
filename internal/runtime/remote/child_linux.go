package remote

import (
	"os/exec"
	"runtime"
	"syscall"

	"github.com/tailor-nas/tailor/internal/bug"
)

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
