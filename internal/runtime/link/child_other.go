//go:build !linux

package link

import "os/exec"

// alone does nothing here.
func alone(*exec.Cmd) {}

// startChild starts a program. When this one ends, the program reads the end of its input.
func startChild(cmd *exec.Cmd, _ <-chan struct{}) error { return cmd.Start() }

// killChild kills a program.
func killChild(cmd *exec.Cmd) error { return cmd.Process.Kill() }
