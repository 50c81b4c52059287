package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"

	"github.com/alecthomas/kong"

	"github.com/tailor-nas/tailor/internal/amount"
	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/reopen"
	"github.com/tailor-nas/tailor/trainer"
)

// opened says what was found where a command opened images, and what was left out. It is the one
// place that does: every command that opens images calls it, before the work.
func (g *Globals) opened(d *trainer.Data) { g.openedAs(reopen.Report(d)) }

// openedAs does so by a report alone. With --quiet it speaks only of what was left out.
func (g *Globals) openedAs(r data.Report) {
	if g.data != nil && reflect.DeepEqual(*g.data, r) {
		return
	}
	g.data = &r
	if g.Quiet && r.Whole() {
		return
	}
	g.clearProgress()
	line := r.String()
	if r.Seed != nil && *r.Seed != g.Seed {
		line += fmt.Sprintf("; drawn with seed %d, which this --seed, %d, does not change",
			*r.Seed, g.Seed)
	}
	fmt.Fprintln(g.stderr, inOneLine(line))
	for _, w := range r.Warnings {
		g.warn("%s", w)
	}
}

// follows says that images are opened at a path that no flag names, but a manifest that somebody
// else may have written.
func (g *Globals) follows(path string) {
	g.say("opening the images that the manifest names, %s; --data names others", shown(path))
}

// trained warns of a run whose training has not come to its end, which only train would say
// otherwise.
func (g *Globals) trained(run *trainer.Run) {
	if !run.State.Done {
		g.warn("%s is trained to step %d alone, not to the end of its %s: train --resume goes on; what is fitted and found now is of the weights as they are",
			shown(run.Dir), run.State.Step, amount.Of(run.Info.Config.Epochs, "epoch"))
	}
}

// listProblems shows all that keeps images from being opened, before the line of the error.
func listProblems(w io.Writer, err error) {
	var problems *data.ProblemsError
	if !errors.As(err, &problems) || len(problems.Problems) < 2 {
		return
	}
	for _, line := range problems.List() {
		fmt.Fprintln(w, " ", inOneLine(line))
	}
}

// skipAdvice adds to an error about images that cannot be read how to go on without them, where the
// command can.
func skipAdvice(command *kong.Node, err error) error {
	var problems *data.ProblemsError
	if !errors.As(err, &problems) || !problems.Skippable() || command == nil {
		return err
	}
	if !slices.ContainsFunc(command.Flags,
		func(f *kong.Flag) bool { return f.Name == "skip-damaged" }) {
		return err
	}
	return fmt.Errorf("%w, or go on without: --skip-damaged", err)
}

// withData is a result as JSON. Where images were opened it has, as "data", what opened says.
func (g *Globals) withData(object any) ([]byte, error) {
	b, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	if end := len(b) - 1; g.data != nil && bytes.HasSuffix(b, []byte("}")) {
		report, err := json.Marshal(g.data)
		if err != nil {
			return nil, err
		}
		comma := ","
		if len(b) == len("{}") {
			comma = ""
		}
		b = fmt.Appendf(b[:end:end], "%s\"data\":%s}", comma, report)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}
