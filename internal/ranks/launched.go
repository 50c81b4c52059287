package ranks

import (
	"os"
	"strconv"
)

// launchers are the variables in which those who start the processes of a group say how many there
// are: Open MPI's mpirun, and MPICH's.
var launchers = [...]string{"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"}

// Launched is how many processes this one was started with, itself among them, by mpirun or the
// like; 1 if it was not.
func Launched() int {
	for _, name := range launchers {
		if n, err := strconv.Atoi(os.Getenv(name)); err == nil && n > 1 {
			return n
		}
	}
	return 1
}
