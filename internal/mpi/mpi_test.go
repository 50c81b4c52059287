package mpi

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tailor-nas/tailor/internal/ranks"
	"github.com/tailor-nas/tailor/internal/runtime/clib"
)

// role says what the test's program does as a rank.
const role = "TAILOR_TEST_RANK"

func TestMain(m *testing.M) {
	if os.Getenv(role) != "" {
		os.Exit(asRank(os.Getenv(role)))
	}
	os.Exit(m.Run())
}

// asRank is a process of a group.
func asRank(role string) int {
	g, err := Join()
	if err == nil {
		err = ranks.Check(g)
	}
	if err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		return 2
	}
	if role == "dies" {
		if g.Rank() == 1 {
			return 3 // without Close, as one that is killed
		}
		g.Gather(make([]byte, g.Size()), []int{0, 1, 2, 3})
		return 0 // whoever comes here has not noticed
	}
	if role == "aborts" {
		if g.Rank() == 1 {
			g.Abort(4)
		}
		g.Gather(make([]byte, g.Size()), []int{0, 1, 2, 3})
		return 0
	}
	if err := g.Close(); err != nil {
		return 5
	}
	os.Stdout.WriteString("well ")
	return 0
}

// launcher is an mpirun, with its library.
type launcher struct {
	mpirun, library string
	flags           []string
}

// launchers are those of this machine, by the names that Debian gives them.
func launchers(t *testing.T) (all []launcher) {
	t.Helper()
	for _, l := range []launcher{
		{"mpirun.openmpi", openMPI[0], []string{"--allow-run-as-root", "--oversubscribe"}},
		{"mpirun.mpich", mpich[0], nil},
	} {
		_, missing := exec.LookPath(l.mpirun)
		if _, err := clib.OpenForAll(l.library); err == nil && missing == nil {
			all = append(all, l)
		}
	}
	if len(all) == 0 {
		t.Skip("there is no MPI (Debian: apt-get install openmpi-bin, or mpich)")
	}
	return all
}

// run runs ranks of this program.
func (l launcher) run(size, as string, env ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	args := slices.Concat(l.flags, []string{"-n", size, os.Args[0]})
	cmd := exec.CommandContext(ctx, l.mpirun, args...)
	cmd.Env = slices.Concat(os.Environ(), env, []string{role + "=" + as})
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestGroup(t *testing.T) {
	for _, l := range launchers(t) {
		for size, want := range map[string]int{"1": 1, "3": 3} {
			out, err := l.run(size, "checks")
			if err != nil || strings.Count(out, "well") != want {
				t.Errorf("%s, %s ranks: %v: %s", l.mpirun, size, err, out)
			}
		}
	}
}

// TestLostRank: a process that ends without a word, and one that aborts, end the others.
func TestLostRank(t *testing.T) {
	for _, l := range launchers(t) {
		for _, as := range []string{"dies", "aborts"} {
			out, err := l.run("3", as)
			var ended *exec.ExitError
			if !errors.As(err, &ended) || ended.ExitCode() <= 0 {
				t.Errorf("%s, %s: %v, expected that mpirun fails: %s", l.mpirun, as, err, out)
			}
		}
	}
}

// TestOtherLibrary: with the library of another MPI, each process is alone, which is refused.
func TestOtherLibrary(t *testing.T) {
	all := launchers(t)
	if len(all) < 2 {
		t.Skip("there is one MPI: ", all[0].mpirun)
	}
	for i, l := range all {
		other := all[1-i].library
		out, err := l.run("2", "checks", Variable+"="+other)
		if err == nil || !strings.Contains(out, ErrOther.Error()) || !strings.Contains(out, other) {
			t.Errorf("%s with %s: %v: %s", l.mpirun, other, err, out)
		}
	}
}

func TestNoLibrary(t *testing.T) {
	t.Setenv(Variable, filepath.Join(t.TempDir(), "none.so"))
	if _, err := Join(); !errors.Is(err, ErrNoLibrary) || !strings.Contains(err.Error(), "none.so") {
		t.Errorf("%v, expected what is missing", err)
	}
}
