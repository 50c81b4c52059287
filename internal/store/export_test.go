package store

import (
	"errors"
	"os"
	"path/filepath"
	"sort"
)

// dyingDisk ends the process before its nth step. To remove a folder takes several.
type dyingDisk struct {
	osDisk
	left       int
	die        func()
	noExchange bool
}

func (d *dyingDisk) step() {
	if d.left--; d.left < 0 {
		d.die()
	}
}

func (d *dyingDisk) create(path string) (file, error) { d.step(); return d.osDisk.create(path) }
func (d *dyingDisk) syncFile(path string) error       { d.step(); return d.osDisk.syncFile(path) }
func (d *dyingDisk) syncDir(path string) error        { d.step(); return d.osDisk.syncDir(path) }
func (d *dyingDisk) rename(from, to string) error     { d.step(); return d.osDisk.rename(from, to) }
func (d *dyingDisk) mkdir(path string) error          { d.step(); return d.osDisk.mkdir(path) }

func (d *dyingDisk) exchange(a, b string) error {
	d.step()
	if d.noExchange {
		return errors.ErrUnsupported
	}
	return d.osDisk.exchange(a, b)
}

func (d *dyingDisk) removeAll(path string) error {
	names, _ := filepath.Glob(filepath.Join(path, "*"))
	sort.Strings(names)
	for _, name := range names {
		d.step()
		os.RemoveAll(name)
	}
	d.step()
	return d.osDisk.removeAll(path)
}

// DieReplacing is ReplaceDir of files with this content in a process that ends at step n.
func DieReplacing(path, content string, isFile func(string) bool, n int, noExchange bool,
	die func()) error {
	d := &dyingDisk{left: n, die: die, noExchange: noExchange}
	return replaceDir(d, path, isFile, func(tmp string) error {
		for _, name := range []string{"a", "b"} {
			d.step()
			if err := os.WriteFile(filepath.Join(tmp, name), []byte(content), 0o644); err != nil {
				return err
			}
		}
		return nil
	})
}

// DieRemoving is RemoveDir in a process that ends at step n.
func DieRemoving(path string, n int, die func()) error {
	return removeDir(&dyingDisk{left: n, die: die}, path)
}

// DieCleaning is CleanDirs in a process that ends at step n.
func DieCleaning(dir string, isFile func(string) bool, n int, die func()) error {
	return clean(&dyingDisk{left: n, die: die}, dir,
		func(path string) bool { return holdsOnly(path, isFile) })
}
