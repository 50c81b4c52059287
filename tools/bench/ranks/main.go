// Command ranks trains a space on several ranks of this machine, under mpirun, compares the weights
// with those of one rank alone, and says what of a step is communication. Without MPI it says what
// the ranks send in a step, and what that takes between machines.
//
//	go run ./tools/bench/ranks                      # Open MPI or MPICH: 1, 2 and 4 ranks
//	go run ./tools/bench/ranks --mpirun mpirun.mpich
//	go run ./tools/bench/ranks --count mbv3-cifar   # counts alone, of ranks in one process
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// settings are the same for the program and the ranks that it starts.
type settings struct {
	Space   string
	Images  int
	Batch   int
	Epochs  int
	Workers int
	Seed    uint64
	Wait    bool   // for every message where it is sent, so that nothing overlaps
	Dir     string // of the run; set for a rank
	MPIRun  string // the program
}

// measured is what a rank says of its training.
type measured struct {
	Weights string
	Parts   []part
}

// part is the steps of the same kind, of which figures are medians.
type part struct {
	Name    string
	Steps   int
	Seconds float64 // of a step
	calls
}

// calls are those of a step. Late ones overlap with the backward pass.
type calls struct {
	Gathers, Late           float64
	GatherBytes, LateBytes  float64
	GatherSeconds, LateTime float64
}

func main() {
	s := settings{}
	flag.StringVar(&s.Space, "space", "mbv3-tiny", "space that is trained")
	flag.IntVar(&s.Images, "images", 600, "synthetic images")
	flag.IntVar(&s.Batch, "batch", 32, "images a step")
	flag.IntVar(&s.Epochs, "epochs", 2, "the first of the largest network alone")
	flag.IntVar(&s.Workers, "workers", 1, "of each rank")
	flag.Uint64Var(&s.Seed, "seed", 1, "of everything random")
	flag.StringVar(&s.MPIRun, "mpirun", "mpirun", "program that starts the ranks")
	sizes := flag.String("ranks", "1,2,4", "numbers of ranks")
	count := flag.String("count", "", "spaces whose messages are counted, without training")
	rank := flag.String("rank", "", "for the ranks themselves: settings")
	flag.Parse()
	if err := run(context.Background(), s, *sizes, *count, *rank); err != nil {
		fmt.Fprintln(os.Stderr, "ranks:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings, sizes, count, rank string) error {
	switch {
	case rank != "":
		return beRank(ctx, rank)
	case count != "":
		return countSpaces(strings.Split(count, ","), s.Batch)
	}
	var first string
	fmt.Printf("%s, batch %d, %d workers a rank, seed %d; %s\n\n", s.Space, s.Batch, s.Workers,
		s.Seed, time.Now().UTC().Format(time.RFC3339))
	fmt.Println("| ranks | overlap | steps | step ms | in calls | gathers | kB | late | kB | weights |")
	fmt.Println("|---|---|---|---|---|---|---|---|---|---|")
	for _, n := range strings.Split(sizes, ",") {
		for _, s.Wait = range []bool{false, true} {
			if n == "1" && s.Wait {
				continue
			}
			m, err := start(ctx, s, n)
			if err != nil {
				return err
			}
			if first == "" {
				first = m.Weights
			}
			for _, p := range m.Parts {
				p.print(n, !s.Wait, m.Weights)
			}
			if m.Weights != first {
				return fmt.Errorf("%s ranks give other weights than the first", n)
			}
		}
	}
	return nil
}

func (p part) print(ranks string, overlap bool, weights string) {
	fmt.Printf("| %s | %v | %s, %d | %.1f | %.0f %% | %.0f | %.1f | %.0f | %.1f | %.12s |\n", ranks,
		overlap, p.Name, p.Steps, 1e3*p.Seconds, 100*(p.GatherSeconds+p.LateTime)/p.Seconds,
		p.Gathers, p.GatherBytes/1e3, p.Late, p.LateBytes/1e3, weights)
}

// start trains on n ranks of this machine.
func start(ctx context.Context, s settings, n string) (m measured, err error) {
	if s.Dir, err = os.MkdirTemp("", "ranks"); err != nil {
		return m, err
	}
	defer os.RemoveAll(s.Dir)
	text, err := json.Marshal(s)
	if err != nil {
		return m, err
	}
	self, err := os.Executable()
	if err != nil {
		return m, err
	}
	args := []string{"-n", n}
	out, _ := exec.CommandContext(ctx, s.MPIRun, "--version").Output() // it fails again below
	if strings.Contains(string(out), "Open MPI") || strings.Contains(string(out), "OpenRTE") {
		args = append(args, "--allow-run-as-root", "--oversubscribe")
	}
	cmd := exec.CommandContext(ctx, s.MPIRun, append(args, self, "--rank", string(text))...)
	// Open MPI's ranks poll while they wait: on a busy machine those that are waited for need the
	// processor more.
	cmd.Env = append(os.Environ(), "OMPI_MCA_mpi_yield_when_idle=1")
	cmd.Stderr = os.Stderr
	if _, err := cmd.Output(); err != nil {
		return m, fmt.Errorf("%s: %w (Debian: apt-get install openmpi-bin, or mpich)", s.MPIRun, err)
	}
	text, err = os.ReadFile(filepath.Join(s.Dir, "measured.json"))
	if err != nil {
		return m, err
	}
	return m, json.Unmarshal(text, &m)
}
