package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// lockFile is in a folder while a process owns it.
const lockFile = "lock"

// errHeld is what a platform's tryLock gives if another process has the lock.
var errHeld = errors.New("held by another process")

// Lock is the ownership of a folder, which ends with the process at the latest.
type Lock struct {
	f          *os.File
	dir        string
	createdDir bool // the folder was made for the lock
}

// LockedError is returned for a folder that another process owns.
type LockedError struct {
	Dir   string
	Owner string // as it has called itself: "tailor train, process 4711 on host"
}

func (e *LockedError) Error() string {
	return fmt.Sprintf("%s is in use by %s: wait until it ends or stop it, or choose another folder", e.Dir, e.Owner)
}

// LockDir makes this process the only owner of a folder, for the command or other work that is
// named, until [Lock.Unlock]. It makes the folder if there is none. If it has an owner the error is
// a [*LockedError]: at once, nobody waits. The operating system keeps the lock, so that none
// outlives its process, killed or not; what a killed one leaves is a file without meaning. All
// processes of a computer respect it; those of several that share a folder do if the file system
// passes locks on, as NFS does. Where a file system has no locks, that is an error.
func LockDir(dir, name string) (*Lock, error) {
	_, err := os.Stat(dir)
	l := &Lock{dir: dir, createdDir: errors.Is(err, fs.ErrNotExist)}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	path := filepath.Join(dir, lockFile)
	for l.f == nil {
		if l.f, err = openLock(path); errors.Is(err, errHeld) {
			return nil, &LockedError{dir, ownerOf(path)}
		} else if err != nil {
			return nil, fmt.Errorf("lock %s: %w", dir, err)
		}
	}
	host, _ := os.Hostname()
	if err := l.f.Truncate(0); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", dir, err), l.Unlock())
	}
	if _, err := fmt.Fprintf(l.f, "%s, process %d on %s\n", name, os.Getpid(), host); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", dir, err), l.Unlock())
	}
	return l, nil
}

// openLock locks the file, and gives none if its owner has just removed it.
func openLock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	if err := tryLock(f); err != nil {
		f.Close()
		if errors.Is(err, errors.ErrUnsupported) {
			return nil, fmt.Errorf(
				"its file system has no locks, so that nothing keeps two processes apart; choose a folder on another: %w", err)
		}
		return nil, err
	}
	mine, err := f.Stat()
	if err == nil {
		var there fs.FileInfo
		if there, err = os.Stat(path); err == nil && os.SameFile(mine, there) {
			return f, nil
		}
	}
	f.Close()
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return nil, err
}

// ownerOf reads who has a lock. An owner writes that right after locking, so that nothing or a part
// is there for a moment.
func ownerOf(path string) string {
	for range 20 {
		text, _ := os.ReadFile(path)
		if owner, ok := strings.CutSuffix(string(text), "\n"); ok && len(owner) < 500 {
			return owner
		}
		time.Sleep(5 * time.Millisecond)
	}
	return "another process"
}

// Unlock ends the ownership. If the folder was made for it and nothing is in it, it goes too.
func (l *Lock) Unlock() error {
	if l == nil || l.f == nil {
		return nil
	}
	err := releaseLock(l.f, filepath.Join(l.dir, lockFile))
	l.f = nil
	if l.createdDir {
		os.Remove(l.dir) // which fails, rightly, if it holds anything
	}
	if err != nil {
		return fmt.Errorf("unlock %s: %w", l.dir, err)
	}
	return nil
}

// LockFile makes this process the only owner of an open file, until it is closed, and says whether
// it is: another one may be. Where the file system has no locks, everybody is.
func LockFile(f *os.File) (mine bool, err error) {
	switch err := tryLock(f); {
	case errors.Is(err, errHeld):
		return false, nil
	case err == nil, errors.Is(err, errors.ErrUnsupported):
		return true, nil
	default:
		return false, fmt.Errorf("lock %s: %w", f.Name(), err)
	}
}
