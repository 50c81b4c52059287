//go:build unix

package store_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/tailor-nas/tailor/internal/store"
)

// killedStep is the step at which a child of these tests is killed.
const killedStep = "TAILOR_STORE_TEST_STEP"

// killedAtStep is the child: it says "done" if it was not killed.
func killedAtStep(mode, path string) {
	n, _ := strconv.Atoi(os.Getenv(killedStep))
	die := func() {
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // until the signal arrives
	}
	var err error
	switch mode {
	case "remove":
		err = store.DieRemoving(path, n, die)
	case "clean":
		err = store.DieCleaning(path, isWinnerFile, n, die)
	default:
		err = store.DieReplacing(path, "new", isWinnerFile, n, mode != "replace", die)
	}
	fmt.Print("done ", err)
}

// runKilled runs a child that is killed at step n, and says whether it ended before.
func runKilled(t *testing.T, mode, path string, n int) (done bool) {
	t.Helper()
	t.Setenv(killedStep, strconv.Itoa(n))
	out := runChild(t, mode, path)
	if out != "" && out != "done <nil>" {
		t.Fatalf("step %d: %s", n, out)
	}
	return out != ""
}

// everyStep calls test for a process killed at each of its steps, the first, the second and so on,
// in a folder of its own.
func everyStep(t *testing.T, mode string, begin func(dir string), path func(dir string) string,
	test func(t *testing.T, dir string)) {
	t.Helper()
	for n := range 100 {
		dir := t.TempDir()
		begin(dir)
		done := false
		ok := t.Run(fmt.Sprintf("step %d", n), func(t *testing.T) {
			done = runKilled(t, mode, path(dir), n)
			test(t, dir)
		})
		if done || !ok {
			if n < 3 {
				t.Errorf("only %d steps", n)
			}
			return
		}
	}
	t.Fatal("never ends")
}

func bestIn(dir string) string { return filepath.Join(dir, "best") }

// A process that replaces a folder is killed at every step: the old or the new one is there, and
// the next call just works.
func TestKilledReplacing(t *testing.T) {
	begin := func(dir string) {
		replace(t, bestIn(dir), "old")
		if err := os.Mkdir(bestIn(dir)+".partial", 0o755); err != nil { // a stranger's
			t.Fatal(err)
		}
	}
	everyStep(t, "replace", begin, bestIn, func(t *testing.T, dir string) {
		wantWhole(t, bestIn(dir), "old", "new")
		nextWorks(t, dir)
	})
	// Where names cannot be exchanged, the old one may have to get its name back.
	everyStep(t, "replace without exchange", begin, bestIn, func(t *testing.T, dir string) {
		if err := store.CleanDirs(dir, isWinnerFile); err != nil {
			t.Fatal(err)
		}
		wantWhole(t, bestIn(dir), "old", "new")
		nextWorks(t, dir)
	})
}

// nextWorks replaces a folder once more, and wants nothing left of what was before.
func nextWorks(t *testing.T, dir string) {
	t.Helper()
	replace(t, bestIn(dir), "next")
	wantWhole(t, bestIn(dir), "next")
	if err := store.CleanDirs(dir, isWinnerFile); err != nil {
		t.Fatal(err)
	}
	wantNames(t, dir, "best", "best.partial")
}

func TestKilledWritingTheFirst(t *testing.T) {
	everyStep(t, "replace", func(string) {}, bestIn, func(t *testing.T, dir string) {
		if slices.Contains(names(t, dir), "best") {
			wantWhole(t, bestIn(dir), "new")
		}
		replace(t, bestIn(dir), "next")
		wantWhole(t, bestIn(dir), "next")
	})
}

func TestKilledRemoving(t *testing.T) {
	everyStep(t, "remove", func(dir string) { replace(t, bestIn(dir), "old") }, bestIn,
		func(t *testing.T, dir string) {
			if slices.Contains(names(t, dir), "best") {
				wantWhole(t, bestIn(dir), "old")
				return
			}
			if err := store.CleanPartial(dir); err != nil {
				t.Fatal(err)
			}
			wantNames(t, dir)
		})
}

// What cleans may be killed too.
func TestKilledCleaning(t *testing.T) {
	begin := func(dir string) {
		for _, name := range []string{"best.0123456789abcdef.old",
			"next.0123456789abcdef.partial"} {
			if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := filled("old")(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	everyStep(t, "clean", begin, func(dir string) string { return dir },
		func(t *testing.T, dir string) {
			if err := store.CleanDirs(dir, isWinnerFile); err != nil {
				t.Fatal(err)
			}
			wantNames(t, dir, "best")
			wantWhole(t, bestIn(dir), "old")
		})
}

// A lock keeps others out as long as its process lives, and says who that is.
func TestLockOfAnotherProcess(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(self)
	child.Env = append(os.Environ(), childEnv+"="+dir, childMode+"=lock")
	stdin, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := stdout.Read(make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
	_, err = store.LockDir(dir, "another test")
	var locked *store.LockedError
	wantError(t, err, nil, dir, "in use by a test", fmt.Sprint("process ", child.Process.Pid))
	if !asLocked(err, &locked) || !strings.HasPrefix(locked.Owner, "a test, ") {
		t.Errorf("owner %+v", locked)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	wantNames(t, dir, "lock") // a file without meaning
	lock, err := store.LockDir(dir, "another test")
	if err != nil {
		t.Fatal("the lock of a killed process is left:", err)
	}
	if err := lock.Unlock(); err != nil {
		t.Error(err)
	}
	wantNames(t, dir)
}
