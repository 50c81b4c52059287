//go:build unix

package genesearch

import (
	"os/exec"
	"syscall"
)

// alone puts a command, and what it starts, into a group of processes of its own, so that all of it
// can be ended at once.
func alone(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
