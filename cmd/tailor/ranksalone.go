//go:build !mpi

package main

import "github.com/tailor-nas/tailor/internal/ranks"

// joinProcesses needs a library, and with it a program that is linked dynamically.
func joinProcesses() (processes, error) {
	return nil, usagef("this is one of %d processes that mpirun started, but this tailor trains alone: start one that is built for it (go build -tags mpi -o tailor-mpi ./cmd/tailor), or train without mpirun",
		ranks.Launched())
}
