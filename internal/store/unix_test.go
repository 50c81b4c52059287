//go:build unix

package store_test

import (
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tailor-nas/tailor/internal/store"
)

// childEnv names a file that the test binary, started again by a test, writes in the way of
// childMode.
const (
	childEnv  = "TAILOR_STORE_TEST_FILE"
	childMode = "TAILOR_STORE_TEST_MODE"
)

func TestMain(m *testing.M) {
	path := os.Getenv(childEnv)
	switch os.Getenv(childMode) {
	case "killed":
		store.WriteFile(path, func(w io.Writer) error {
			io.WriteString(w, strings.Repeat("x", 1<<20))
			return syscall.Kill(os.Getpid(), syscall.SIGKILL)
		})
	case "killed dir":
		store.WriteDir(path, func(tmp string) error {
			os.WriteFile(filepath.Join(tmp, "w"), nil, 0o644)
			return syscall.Kill(os.Getpid(), syscall.SIGKILL)
		})
	case "limited":
		signal.Ignore(syscall.SIGXFSZ)
		syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 100_000, Max: 100_000})
		if err := store.WriteFile(path, text(strings.Repeat("x", 1<<20))); err != nil {
			io.WriteString(os.Stdout, err.Error())
		}
	case "replace", "replace without exchange", "remove", "clean":
		killedAtStep(os.Getenv(childMode), path)
	case "lock":
		if _, err := store.LockDir(path, "a test"); err == nil {
			io.WriteString(os.Stdout, "locked\n")
			io.Copy(io.Discard, os.Stdin) // until the parent ends it
		}
	default:
		os.Exit(m.Run())
	}
}

func runChild(t *testing.T, mode, path string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childEnv+"="+path, childMode+"="+mode)
	out, _ := cmd.CombinedOutput() // killed, or it says what failed
	return string(out)
}

func TestKilledWriter(t *testing.T) {
	dir := t.TempDir()
	file, run := filepath.Join(dir, "a"), filepath.Join(dir, "run")
	put(t, file, "old")
	runChild(t, "killed", file)
	runChild(t, "killed dir", run)
	wantContent(t, file, "old")
	left := names(t, dir)
	if len(left) != 3 || !strings.HasSuffix(left[1], ".partial") || !strings.HasSuffix(left[2],
		".partial") {
		t.Fatalf("two killed writers left %q", left)
	}
	if err := store.CleanPartial(dir); err != nil {
		t.Fatal(err)
	}
	wantNames(t, dir, "a")
}

// The kernel itself refuses to write on, as it does on a full disk.
func TestFileSizeLimit(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a")
	put(t, file, "old")
	if out := runChild(t, "limited", file); !strings.Contains(out, "file too large") {
		t.Errorf("writer past its limit says %q", out)
	}
	wantContent(t, file, "old")
	wantNames(t, dir, "a")
}

func TestWriteFileKeepsPermissions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	put(t, path, "old")
	if err := os.Chmod(path, 0o606); err != nil {
		t.Fatal(err)
	}
	if err := store.WriteFile(path, text("new")); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o606 {
		t.Errorf("mode is now %v (%v)", info.Mode(), err)
	}
}

func TestWriteFileFollowsLink(t *testing.T) {
	dir := t.TempDir()
	elsewhere := filepath.Join(t.TempDir(), "real")
	put(t, elsewhere, "old")
	link, dangling := filepath.Join(dir, "link"), filepath.Join(dir, "dangling")
	for name, target := range map[string]string{link: elsewhere, dangling: filepath.Join(dir,
		"none")} {
		if err := os.Symlink(target, name); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.WriteFile(link, text("new")); err != nil {
		t.Fatal(err)
	}
	wantContent(t, elsewhere, "new")
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link was replaced: %v", err)
	}
	wantError(t, store.WriteFile(dangling, text("new")), fs.ErrNotExist, "dangling")
	wantNames(t, dir, "dangling", "link")
}

// Opening a pipe that nobody writes to would wait for ever; renaming over a device would remove it.
func TestPipeAndDevice(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o644); err != nil {
		t.Skip(err)
	}
	for _, path := range []string{pipe, os.DevNull} {
		_, err := store.HashFile(path)
		wantError(t, err, store.ErrNotRegular, path)
		wantError(t, store.ReadDocument(path, "profile", 1, new(profile)), store.ErrNotRegular,
			path)
		_, _, err = store.Kind(path)
		wantError(t, err, store.ErrNotRegular, path)
		wantError(t, store.WriteFile(path, text("x")), store.ErrNotRegular, path)
	}
	err := store.WriteDir(filepath.Join(t.TempDir(), "run"), func(tmp string) error {
		return syscall.Mkfifo(filepath.Join(tmp, "pipe"), 0o644)
	})
	if err != nil {
		t.Errorf("a folder with a pipe in it: %v", err)
	}
}

// TestNobodyElseWrites: what is written without a umask is not for everybody to change.
func TestNobodyElseWrites(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	dir := t.TempDir()
	if err := store.WriteFile(filepath.Join(dir, "file"), text("x")); err != nil {
		t.Fatal(err)
	}
	err := store.WriteDir(filepath.Join(dir, "folder"),
		func(tmp string) error { return store.WriteFile(filepath.Join(tmp, "file"), text("x")) })
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"file", "folder", "folder/file"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil ||
			info.Mode().Perm()&0o002 != 0 {
			t.Errorf("%s has mode %v (%v)", name, info.Mode(), err)
		}
	}
}
