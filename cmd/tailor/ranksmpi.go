//go:build mpi

package main

import "github.com/tailor-nas/tailor/internal/mpi"

func joinProcesses() (processes, error) {
	group, err := mpi.Join()
	if err != nil {
		return nil, err
	}
	return group, nil
}
