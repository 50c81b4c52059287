package mpi

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"unsafe"

	"github.com/tailor-nas/tailor/internal/runtime/clib"
)

// Variable is the environment's that names the library's file.
const Variable = "TAILOR_MPI"

// ErrNoLibrary is wrapped by the error of [Join] where there is no MPI.
var ErrNoLibrary = errors.New("there is no MPI library")

// names are the libraries' own for programs that are linked with them: Open MPI's since 2.0, and
// those of MPICH's ABI, which Intel MPI and MVAPICH have too.
var (
	openMPI = []string{"libmpi.so.40", "libmpi.40.dylib"}
	mpich   = []string{"libmpich.so.12", "libmpi.so.12", "libmpi.12.dylib", "libmpich.12.dylib"}
)

// ErrOther is wrapped by the error of [Join] where the library is of another MPI than mpirun.
var ErrOther = errors.New("the MPI library is not the one of mpirun")

// functions are the addresses of those that are called.
type functions struct {
	initThread, commRank, commSize, setErrhandler uintptr
	allgatherv, iallgatherv, ialltoallv, wait     uintptr
	errorString, abort, finalize                  uintptr
}

// handles are what the library calls its objects: addresses in Open MPI, numbers in MPICH.
type handles struct {
	world, bytes, errorsReturn uintptr
	inPlace, ignoreStatus      uintptr
}

// library is one that is open.
type library struct {
	functions
	handles
	name string
}

// candidates are the names to try. Each mpirun tells its processes that it is theirs: the library
// of another would take every process for the only one.
func candidates() []string {
	if path := os.Getenv(Variable); path != "" {
		return []string{path}
	}
	if os.Getenv("PMI_SIZE") != "" && os.Getenv("OMPI_COMM_WORLD_SIZE") == "" {
		return append(mpich[:len(mpich):len(mpich)], openMPI...)
	}
	return append(openMPI[:len(openMPI):len(openMPI)], mpich...)
}

func openLibrary() (*library, error) {
	var first error
	for _, name := range candidates() {
		l, err := clib.OpenForAll(name)
		if err == nil {
			return bind(l, name)
		}
		first = cmp.Or(first, err)
	}
	return nil, fmt.Errorf("%w: install Open MPI (Debian: apt-get install openmpi-bin) or MPICH, or name its file in %s: %w",
		ErrNoLibrary, Variable, first)
}

// bind finds what is used of a library.
func bind(l clib.Library, name string) (*library, error) {
	b := &library{name: name}
	for _, f := range []struct {
		into *uintptr
		name string
	}{
		{&b.initThread, "MPI_Init_thread"}, {&b.commRank, "MPI_Comm_rank"},
		{&b.commSize, "MPI_Comm_size"}, {&b.setErrhandler, "MPI_Comm_set_errhandler"},
		{&b.allgatherv, "MPI_Allgatherv"}, {&b.iallgatherv, "MPI_Iallgatherv"},
		{&b.ialltoallv, "MPI_Ialltoallv"}, {&b.wait, "MPI_Wait"},
		{&b.errorString, "MPI_Error_string"}, {&b.abort, "MPI_Abort"},
		{&b.finalize, "MPI_Finalize"},
	} {
		var err error
		if *f.into, err = l.Func(f.name); err != nil {
			return nil, err
		}
	}
	if !l.Has("ompi_mpi_comm_world") {
		// MPICH's ABI (mpi.h): numbers, MPI_IN_PLACE is -1, MPI_STATUS_IGNORE 1.
		b.handles = handles{world: 0x44000000, bytes: 0x4c00010d, errorsReturn: 0x54000001,
			inPlace: ^uintptr(0), ignoreStatus: 1}
		return b, nil
	}
	// Open MPI's: addresses of objects, MPI_IN_PLACE is 1, MPI_STATUS_IGNORE 0.
	b.handles = handles{inPlace: 1}
	for _, o := range []struct {
		into *uintptr
		name string
	}{
		{&b.world, "ompi_mpi_comm_world"}, {&b.bytes, "ompi_mpi_byte"},
		{&b.errorsReturn, "ompi_mpi_errors_return"},
	} {
		var err error
		if *o.into, err = l.Func(o.name); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// serialized is MPI_THREAD_SERIALIZED: any thread may call, one at a time.
const serialized = 2

// start is MPI_Init_thread.
func (l *library) start() error {
	var provided int32
	if err := l.check("MPI_Init_thread", clib.Call(l.initThread, 0, 0, serialized,
		uintptr(unsafe.Pointer(&provided)))); err != nil {
		return err
	}
	if provided < serialized {
		return fmt.Errorf("MPI library %s allows calls from one thread alone (level %d), expected %d or more: install one that was built for threads",
			l.name, provided, serialized)
	}
	return l.check("MPI_Comm_set_errhandler", clib.Call(l.setErrhandler, l.world,
		l.errorsReturn))
}

// number is what a function that gives an int says of all processes.
func (l *library) number(name string, function uintptr) (int, error) {
	var n int32
	err := l.check(name, clib.Call(function, l.world, uintptr(unsafe.Pointer(&n))))
	return int(n), err
}

// check makes an error of what a function returned.
func (l *library) check(name string, code uintptr) error {
	if int32(code) == 0 {
		return nil
	}
	var text [1024]byte // MPI_MAX_ERROR_STRING is 256 in Open MPI, 512 or 1024 in MPICH
	var n int32
	clib.Call(l.errorString, code, uintptr(unsafe.Pointer(&text[0])), uintptr(unsafe.Pointer(&n)))
	return fmt.Errorf("%s fails: %s", name, text[:min(max(int(n), 0), len(text))])
}
