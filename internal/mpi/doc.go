// Package mpi is a group of ranks on one machine or several, which mpirun starts: Open MPI's or
// MPICH's library, found when the program runs. A program that imports it is linked dynamically.
package mpi
