package store

import (
	"errors"
	"io"
	"os"
	"runtime"
	"syscall"
)

// disk holds the steps of a write that a failing disk can refuse; tests refuse them one by one.
type disk interface {
	create(path string) (file, error)
	syncFile(path string) error
	syncDir(path string) error
	rename(from, to string) error
	// exchange gives each of two folders the name of the other in one step. It is
	// [errors.ErrUnsupported] where that cannot be done.
	exchange(a, b string) error
	mkdir(path string) error
	removeAll(path string) error
}

// file is the part of *os.File that a writer needs.
type file interface {
	io.WriteCloser
	Sync() error
}

// osDisk is the real one.
type osDisk struct{}

// create never opens a file that is there already: a temporary name that is taken belongs to
// somebody else.
func (osDisk) create(path string) (file, error) {
	// less the umask, which may be 0
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o664)
}

// syncFile flushes what another handle has written; POSIX fsync covers the file, not the handle.
func (osDisk) syncFile(path string) error {
	flag := os.O_RDONLY
	if runtime.GOOS == "windows" {
		flag = os.O_RDWR // FlushFileBuffers asks for write access; fsync does not
	}
	return syncPath(path, flag)
}

// syncDir makes a rename inside the folder durable. Windows and some network file systems cannot
// flush a folder and order renames by themselves.
func (osDisk) syncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	err := syncPath(path, os.O_RDONLY)
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) {
		return nil
	}
	return err
}

func (osDisk) rename(from, to string) error { return os.Rename(from, to) }
func (osDisk) exchange(a, b string) error   { return exchange(a, b) }

// less the umask, which may be 0
func (osDisk) mkdir(path string) error     { return os.Mkdir(path, 0o775) }
func (osDisk) removeAll(path string) error { return os.RemoveAll(path) }

func syncPath(path string, flag int) error {
	f, err := os.OpenFile(path, flag, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
