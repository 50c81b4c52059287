package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/trainer"
)

// opened says what was found where a command opened images, and what was left out. It is the one place that does: every command
// that opens images calls it, before the work.
func (g *Globals) opened(d *data.Dataset) { g.found("", d.Report) }

// found is opened of what is known by its report, and where it is if that must be told apart from other images.
func (g *Globals) found(at string, r data.Report) {
	if g.data != nil && reflect.DeepEqual(*g.data, r) {
		return
	}
	g.data = &r
	g.clearProgress()
	if at != "" {
		at += ": "
	}
	fmt.Fprintf(g.stderr, "%s%s\n", at, r)
	for _, w := range r.Warnings {
		fmt.Fprintln(g.stderr, "warning:", w)
	}
}

// trained warns of a run whose training has not come to its end, which only train would say otherwise.
func (g *Globals) trained(run *trainer.Run) {
	if !run.State.Done {
		g.warn("%s is trained to step %d alone, not to the end of its %s: train --resume goes on; what is fitted and found now is of the weights as they are",
			shown(run.Dir), run.State.Step, counted(run.Info.Config.Epochs, "epoch"))
	}
}

// listProblems shows all that keeps images from being opened, before the line of the error.
func listProblems(w io.Writer, err error) {
	var problems *data.ProblemsError
	if !errors.As(err, &problems) || len(problems.Problems) < 2 {
		return
	}
	for _, line := range problems.List() {
		fmt.Fprintln(w, " ", line)
	}
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
