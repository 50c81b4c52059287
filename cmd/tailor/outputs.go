package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/tailor-nas/tailor/internal/report"
	"github.com/tailor-nas/tailor/internal/store"
)

// A flag that names what is written has a tag out:"KIND": the kind of the document, or
// store.FolderOutput, store.StoreOutput, or one of the plain files below. All are checked before
// the command begins, against each other and everything that it reads.

// Plain files that are written.
const (
	plotOutput  = "plot"
	archsOutput = "archs"
	pageOutput  = "page"
)

// outFlags are those of commands that write files.
type outFlags struct {
	Force bool `help:"Replace a file that tailor did not write."`
}

// alsoReads is a command that reads files that no flag names: it finds them beside others.
type alsoReads interface{ alsoReads() []string }

// checkOutputs refuses what could not be written, or would destroy something.
func checkOutputs(parsed *kong.Context) error {
	var outputs []store.Output
	var inputs []string
	force := false
	add := func(v *kong.Value) {
		if v.Name == "force" {
			force = v.Target.Bool()
		}
		if v.Tag.Type != "path" && v.Tag.Type != "source" {
			return
		}
		kind := outputKind(parsed, v)
		for _, path := range pathsOf(v.Target) {
			if kind == "" {
				inputs = append(inputs, path)
				continue
			}
			outputs = append(outputs, store.Output{Path: path, Kind: kind, Ours: ours[kind],
				Unread: kind == pageOutput})
		}
	}
	for _, f := range parsed.Flags() {
		add(f.Value)
	}
	for _, a := range parsed.Selected().Positional {
		add(a)
	}
	if c, ok := parsed.Selected().Target.Addr().Interface().(alsoReads); ok {
		inputs = append(inputs, c.alsoReads()...)
	}
	for i, o := range outputs {
		for _, other := range outputs[:i] {
			if o.Same(other) {
				return usagef("%s is to be written twice: choose two names", o.Path)
			}
		}
		o.Inputs, o.Force = inputs, force
		if err := o.Check(); err != nil {
			return err
		}
	}
	return nil
}

// outputKind is what a flag writes: what its tag "out" says or, beside the flag of a tag
// outwith:"FLAG=KIND", that kind. It is empty for what is read.
func outputKind(parsed *kong.Context, v *kong.Value) string {
	beside, kind, _ := strings.Cut(v.Tag.Get("outwith"), "=")
	for _, p := range parsed.Path {
		if beside != "" && p.Flag != nil && p.Flag.Name == beside {
			return kind
		}
	}
	return v.Tag.Get("out")
}

func pathsOf(v reflect.Value) (all []string) {
	for _, p := range numbersOf(v) {
		if p.Kind() == reflect.String && p.String() != "" {
			all = append(all, p.String())
		}
	}
	return all
}

// ours says of plain files whether tailor wrote them.
var ours = map[string]func(path string) bool{plotOutput: isPlot, archsOutput: isArchs,
	pageOutput: isPage}

// isPlot knows an SVG by its mark; of other formats nothing tells.
func isPlot(path string) bool {
	if !strings.EqualFold(filepath.Ext(path), ".svg") {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	opening, err := io.ReadAll(io.LimitReader(f, 512))
	return err == nil && bytes.Contains(opening, []byte(report.SVGMark))
}

// isArchs knows a file of archs without anything beside them, such as a value that somebody
// measured.
func isArchs(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var keys map[string]json.RawMessage
		if json.Unmarshal(lines.Bytes(), &keys) != nil || len(keys) != 1 || keys["arch"] == nil {
			return false
		}
	}
	return lines.Err() == nil
}
