package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// fullDisk is a disk that runs out of space at its nth operation, and stays so.
type fullDisk struct {
	osDisk
	left int
	log  []string
}

func (d *fullDisk) spend(operation string) error {
	d.log = append(d.log, operation)
	if d.left--; d.left < 0 {
		return syscall.ENOSPC
	}
	return nil
}

func (d *fullDisk) create(path string) (file, error) {
	if err := d.spend("create"); err != nil {
		return nil, err
	}
	f, err := d.osDisk.create(path)
	return &fullFile{file: f, disk: d}, err
}

func (d *fullDisk) rename(from, to string) error {
	if err := d.spend("rename"); err != nil {
		return err
	}
	return d.osDisk.rename(from, to)
}

func (d *fullDisk) syncFile(path string) error {
	return errors.Join(d.spend("syncFile"), d.osDisk.syncFile(path))
}
func (d *fullDisk) syncDir(path string) error {
	return errors.Join(d.spend("syncDir"), d.osDisk.syncDir(path))
}

type fullFile struct {
	file
	disk *fullDisk
}

func (f *fullFile) Write(p []byte) (int, error) {
	if err := f.disk.spend("write"); err != nil {
		n, _ := f.file.Write(p[:len(p)/2])
		return n, err
	}
	return f.file.Write(p)
}

func (f *fullFile) Sync() error  { return errors.Join(f.disk.spend("sync"), f.file.Sync()) }
func (f *fullFile) Close() error { return errors.Join(f.disk.spend("close"), f.file.Close()) }

// untilItWorks calls attempt with a disk that lasts ever longer, until an attempt succeeds, and
// returns the operations of that one.
func untilItWorks(t *testing.T, attempt func(d *fullDisk) error) string {
	t.Helper()
	for n := range 100 {
		d := &fullDisk{left: n}
		err := attempt(d)
		if err == nil {
			return strings.Join(d.log, " ")
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("with %d operations: %v", n, err)
		}
	}
	t.Fatal("never succeeds")
	return ""
}

func listing(t *testing.T, dir string) string {
	t.Helper()
	var list strings.Builder
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			data, _ := os.ReadFile(path)
			fmt.Fprintf(&list, "%s=%s ", filepath.Base(path), data)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list.String()
}

func TestWriteFileOnFullDisk(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	write := func(w io.Writer) error {
		_, err := io.WriteString(w, "new")
		return err
	}
	log := untilItWorks(t, func(d *fullDisk) error {
		if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
			t.Fatal(err)
		}
		err := writeFile(d, path, write)
		want := "a=old "
		// the one failure that comes after the rename
		if err == nil || d.log[len(d.log)-1] == "syncDir" {
			want = "a=new "
		}
		if got := listing(t, dir); got != want {
			t.Errorf("after %v: %s, want %s", d.log, got, want)
		}
		return err
	})
	// The last close is the deferred one, after the close that counts.
	if want := "create write sync close close rename syncDir"; log != want {
		t.Errorf("operations %q, want %q", log, want)
	}
}

func TestWriteDirOnFullDisk(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "run")
	log := untilItWorks(t, func(d *fullDisk) error {
		err := writeDir(d, path, func(tmp string) error {
			return os.WriteFile(filepath.Join(tmp, "a"), []byte("new"), 0o644)
		})
		want := ""
		if err == nil || len(d.log) == 4 { // flushing the parent, after the rename
			want = "a=new "
		}
		if got := listing(t, dir); got != want {
			t.Errorf("after %v: %s, want %s", d.log, got, want)
		}
		if want != "" {
			if err := os.RemoveAll(path); err != nil {
				t.Fatal(err)
			}
		}
		if entries, _ := os.ReadDir(dir); len(entries) != 0 {
			t.Errorf("after %v: left %v", d.log, entries)
		}
		return err
	})
	if want := "syncDir syncFile rename syncDir"; log != want {
		t.Errorf("operations %q, want %q", log, want)
	}
}
