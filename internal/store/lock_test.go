package store_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/tailor-nas/tailor/internal/store"
)

func asLocked(err error, into **store.LockedError) bool { return errors.As(err, into) }

func TestLockDir(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "runs", "a")
	first, err := store.LockDir(dir, "tailor train")
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.LockDir(dir, "tailor fit")
	var locked *store.LockedError
	if !asLocked(err, &locked) || locked.Dir != dir {
		t.Errorf("error %v, want a LockedError of %s", err, dir)
	}
	wantError(t, err, nil, "tailor train", fmt.Sprint("process ", os.Getpid()))
	if err := first.Unlock(); err != nil {
		t.Fatal(err)
	}
	if err := first.Unlock(); err != nil {
		t.Error("a second Unlock:", err)
	}
	wantNames(t, filepath.Join(parent, "runs")) // what was made for the lock alone is gone

	put(t, filepath.Join(parent, "file"), "")
	_, err = store.LockDir(filepath.Join(parent, "file"), "x")
	wantError(t, err, nil, "file")
}

// Many want a folder, whose lock comes and goes: one at a time has it.
func TestLockDirIsExclusive(t *testing.T) {
	dir := t.TempDir()
	owners, most, had := 0, 0, 0
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for got := 0; got < 20; {
				lock, err := store.LockDir(dir, "x")
				var locked *store.LockedError
				if asLocked(err, &locked) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				got++
				count := func(d int) {
					mu.Lock()
					defer mu.Unlock()
					owners += d
					most, had = max(most, owners), had+max(d, 0)
				}
				count(1)
				count(-1)
				if err := lock.Unlock(); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	if most != 1 || had != 160 {
		t.Errorf("%d owners at a time, %d in all", most, had)
	}
}
