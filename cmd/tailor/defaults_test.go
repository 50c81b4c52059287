package main

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
	"github.com/tailor-nas/tailor/trainer/prune"
)

// findFlag finds a flag of a command.
func findFlag(t *testing.T, command, flag string) *kong.Flag {
	t.Helper()
	for _, c := range leaves(t) {
		for _, f := range slices.Concat(c.AllFlags(true)...) {
			if name(c) == command && f.Name == flag {
				return f
			}
		}
	}
	t.Fatalf("tailor %s has no --%s", command, flag)
	return nil
}

// TestDefaultsAreTheLibrarys: a train without flags asks for what the library would do by itself.
func TestDefaultsAreTheLibrarys(t *testing.T) {
	var c cli
	parser, err := newParser(&c, os.Stdout, os.Stderr, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	line := "train --space mbv3-tiny --data synthetic --out o --seed 0"
	if _, err := parser.Parse(strings.Fields(line)); err != nil {
		t.Fatal(err)
	}
	job, err := c.Train.job(t.Context(), &c.Globals)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(job.Config, trainer.Defaults()) {
		t.Errorf("the command line asks for %+v, the library's defaults are %+v", job.Config,
			trainer.Defaults())
	}
}

// TestAtOnceDecayIsTheLibrarys: the help of prune says the decay that ssgd and powerprop have with
// --at-once.
func TestAtOnceDecayIsTheLibrarys(t *testing.T) {
	help := findFlag(t, "prune", "weight-decay").Help
	for _, method := range []prune.Method{prune.SSGD, prune.Powerprop} {
		decay := prune.Defaults(method, supernet.Weights).AtOnce().Optimizer.WeightDecay
		if !strings.Contains(help, fmt.Sprintf("with --at-once %g", decay)) {
			t.Errorf("%s decays by %g, the help says %q", method, decay, help)
		}
	}
}

// TestRangesAreTheLibrarys: a flag takes what the check of its setting takes, and no more.
func TestRangesAreTheLibrarys(t *testing.T) {
	for flag, want := range map[string]string{
		"train epochs": "1..1000000", "train lr": "1e-9..1000", "prune sparsity": "0..0.9999",
		"finetune lr": "1e-9..1000", "prune epsilon-end": "1e-12..1e30", "prune p": "1e-9..2",
		"prune lr": "1e-9..1000",
	} {
		command, flag, _ := strings.Cut(flag, " ")
		if got := rangeOf(findFlag(t, command, flag), ranges()); got != want {
			t.Errorf("tailor %s --%s takes %q, want %q", command, flag, got, want)
		}
	}
	for _, c := range leaves(t) {
		for _, f := range slices.Concat(c.AllFlags(true)...) {
			rangeOf(f, ranges()) // panics where no setting has the name
		}
	}
}
