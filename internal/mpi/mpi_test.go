package mpi

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tailor-nas/tailor/internal/ranks"
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
	if err == nil && g.Size() != ranks.Launched() {
		err = errors.New("the group has another size than was started")
	}
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

// underMPI runs ranks of this program; the test is skipped where there is no MPI.
func underMPI(t *testing.T, size, as string) (string, error) {
	t.Helper()
	mpirun, err := exec.LookPath("mpirun")
	if err != nil {
		t.Skip("there is no mpirun (Debian: apt-get install openmpi-bin): ", err)
	}
	if _, err := openLibrary(); err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	args := []string{"-n", size}
	if out, _ := exec.Command(mpirun, "--version").Output(); strings.Contains(string(out), "Open MPI") {
		args = append(args, "--allow-run-as-root", "--oversubscribe")
	}
	cmd := exec.CommandContext(ctx, mpirun, append(args, os.Args[0])...)
	cmd.Env = append(os.Environ(), role+"="+as)
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestGroup(t *testing.T) {
	for size, want := range map[string]int{"1": 1, "3": 3} {
		out, err := underMPI(t, size, "checks")
		if err != nil || strings.Count(out, "well") != want {
			t.Errorf("%s ranks: %v: %s", size, err, out)
		}
	}
}

// TestLostRank: a process that ends without a word, and one that aborts, end the others.
func TestLostRank(t *testing.T) {
	for _, as := range []string{"dies", "aborts"} {
		out, err := underMPI(t, "3", as)
		var ended *exec.ExitError
		if !errors.As(err, &ended) || ended.ExitCode() <= 0 {
			t.Errorf("%s: %v, expected that mpirun fails: %s", as, err, out)
		}
	}
}

func TestNoLibrary(t *testing.T) {
	t.Setenv(Variable, filepath.Join(t.TempDir(), "none.so"))
	if _, err := Join(); !errors.Is(err, ErrNoLibrary) || !strings.Contains(err.Error(), "none.so") {
		t.Errorf("%v, expected what is missing", err)
	}
}
