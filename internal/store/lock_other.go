//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package store

import (
	"errors"
	"os"
)

// tryLock does not lock: two processes in a folder are not kept apart on this platform.
func tryLock(*os.File) error { return nil }

func releaseLock(f *os.File, path string) error {
	return errors.Join(f.Close(), os.Remove(path))
}
