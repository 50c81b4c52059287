package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

type manCmd struct{}

// Run prints the manual page.
func (c *manCmd) Run(g *Globals, ctx *kong.Context) error {
	var page strings.Builder
	manual(&page, ctx.Model.Node)
	return g.result(map[string]string{"man": page.String()},
		func(w io.Writer) { fmt.Fprint(w, page.String()) })
}

// exitStatuses are what the page says of them.
var exitStatuses = []string{exitDone: "done", exitFailed: "failed", exitUsage: "wrong usage",
	exitInfeasible: "no network is within the limits"}

// manual writes the manual page, in the macros man(7), of what the parser knows.
func manual(w io.Writer, app *kong.Node) {
	fmt.Fprintf(w, ".TH TAILOR 1\n.SH NAME\ntailor \\- %s\n",
		roff(strings.TrimSuffix(app.Help, ".")))
	fmt.Fprintf(w, ".SH SYNOPSIS\n%s\n", roff(usage(app)))
	fmt.Fprint(w, ".SH OPTIONS OF ALL COMMANDS\n")
	manualValues(w, nil, app.Flags)
	fmt.Fprint(w, ".SH COMMANDS\n")
	for _, leaf := range app.Leaves(true) {
		fmt.Fprintf(w, ".SS %s\n%s\n.PP\n%s\n", roff(leaf.FullPath()), roff(usage(leaf)),
			roff(leaf.Help))
		flags := leaf.Flags
		for at := leaf.Parent; at != nil && at != app; at = at.Parent {
			flags = append(flags, at.Flags...)
		}
		manualValues(w, leaf.Positional, flags)
	}
	fmt.Fprint(w, ".SH EXIT STATUS\n")
	for status, what := range exitStatuses {
		fmt.Fprintf(w, ".TP\n.B %d\n%s\n", status, what)
	}
}

// manualValues writes arguments and flags.
func manualValues(w io.Writer, arguments []*kong.Positional, flags []*kong.Flag) {
	for _, a := range arguments {
		fmt.Fprintf(w, ".TP\n.B %s\n%s\n", roff(a.Summary()), roff(a.Help))
	}
	for _, f := range flags {
		if f.Hidden {
			continue
		}
		help := f.Help
		if values := slices.DeleteFunc(f.EnumSlice(), func(v string) bool { return v == "" }); len(
			values) > 0 {
			help += " One of " + either(values) + "."
		}
		if f.HasDefault && f.Default != "" {
			help += " Default " + f.Default + "."
		}
		fmt.Fprintf(w, ".TP\n.B %s\n%s\n", roff(f.String()), roff(help))
	}
}

// roff writes text so that none of it is taken for a command.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "\n", " ").Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	return text
}
