package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/tailor-nas/tailor/internal/suggest"
)

// usage is how a command is called: arguments, then what must be given, alternatives in
// parentheses, or in brackets where none is needed. Alternatives are flags of one xor group or,
// where kong cannot say so, what has the same tag "oneof".
func usage(n *kong.Node) string {
	words := []string{n.FullPath()}
	told := map[string]bool{}
	add := func(v *kong.Value, required bool, summary string) {
		group := alternativesOf(v)
		switch {
		case group == "" && required:
			words = append(words, summary)
		case group != "" && !told[group]:
			told[group] = true
			words = append(words, alternatives(n, group))
		}
	}
	for _, p := range n.Positional {
		add(p, true, p.Summary())
	}
	flags := slices.Concat(n.AllFlags(true)...)
	for _, f := range flags {
		add(f.Value, f.Required, f.Summary())
	}
	if len(n.Children) > 0 {
		words = append(words, "<command>")
	}
	return strings.Join(append(words, "[flags]"), " ")
}

// alternativesOf names the group of alternatives that a value is one of; empty for none.
func alternativesOf(v *kong.Value) string {
	if group := v.Tag.Get("oneof"); group != "" {
		return group
	}
	if v.Flag != nil && len(v.Flag.Xor) > 0 {
		return v.Flag.Xor[0]
	}
	return ""
}

// neededGroups are xor groups that a command needs one of, which it checks itself.
var neededGroups = map[string]bool{"goal": true, "archs": true}

// alternatives writes a group.
func alternatives(n *kong.Node, group string) string {
	var all []string
	needed := false
	for _, p := range n.Positional {
		if alternativesOf(p) == group {
			all, needed = append(all, "<"+p.Name+">"), true
		}
	}
	for _, f := range slices.Concat(n.AllFlags(true)...) {
		if alternativesOf(f.Value) == group {
			all = append(all, f.Summary())
			needed = needed || f.Required || f.Tag.Get("oneof") != "" || neededGroups[group]
		}
	}
	text := strings.Join(all, " | ")
	if needed {
		return "(" + text + ")"
	}
	return "[" + text + "]"
}

// helpWidth is what usage lines fit into, as kong's help does where no terminal tells its width.
const helpWidth = 80

// printHelp is kong's help with our usage.
func printHelp(options kong.HelpOptions, ctx *kong.Context) error {
	node := ctx.Selected()
	if node == nil {
		node = ctx.Model.Node
	}
	to := ctx.Stdout
	var text bytes.Buffer
	ctx.Stdout = &text
	err := kong.DefaultHelpPrinter(options, ctx)
	ctx.Stdout = to
	if err != nil {
		return err
	}
	_, rest, _ := strings.Cut(text.String(), "\n")
	_, err = fmt.Fprintf(to, "%s\n%s", folded("Usage: "+usage(node), "    "), rest)
	return err
}

// folded breaks a line between words where it would be too wide. Alternatives stay together where
// they fit.
func folded(line, indent string) string {
	var out strings.Builder
	width := 0
	for i, word := range strings.Split(line, " ") {
		switch {
		case i == 0:
		case width+1+len(word) > helpWidth:
			out.WriteString("\n" + indent)
			width = len(indent)
		default:
			out.WriteString(" ")
			width++
		}
		out.WriteString(word)
		width += len(word)
	}
	return out.String()
}

// namePlaceholders has texts stand for themselves in help, --run=RUN instead of --run=STRING.
func namePlaceholders(n *kong.Node) {
	for _, f := range n.Flags {
		if f.PlaceHolder == "" && !f.HasDefault && (f.Target.Kind() == reflect.String ||
			f.Target.Kind() == reflect.Pointer) {
			f.PlaceHolder = strings.ToUpper(f.Name)
		}
	}
	for _, c := range n.Children {
		namePlaceholders(c)
	}
}

// notOneOf is how kong says that a value is none of those that there are.
var notOneOf = regexp.MustCompile(`^(.+) must be one of (.+) but got "(.*)"$`)

// notA is how kong says that a value is not of its flag's type.
var notA = regexp.MustCompile(
	`^(.+): expected (?:a |an )?(valid \d+ bit u?int|integer|float|duration) but got "(.*?)"(?: \(string\)|: .*)?$`)

// typeTexts are kong's types for people.
var typeTexts = map[string]string{
	"float":    "a number such as 0.5",
	"duration": "a time with its unit, such as 5ms or 1m30s",
}

// helpOf is the command whose help tells more about an error of parsing.
func helpOf(err error) string {
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil && parse.Context.Selected() != nil {
		return parse.Context.Selected().FullPath() + " --help"
	}
	return "tailor --help"
}

// parseError says what is wrong with a command line, with the value that was meant perhaps.
func parseError(err error) string {
	if found := notA.FindStringSubmatch(err.Error()); found != nil {
		return fmt.Sprintf("%s is %q, expected %s", found[1], found[3], cmp.Or(typeTexts[found[2]],
			"a whole number"))
	}
	found := notOneOf.FindStringSubmatch(err.Error())
	if found == nil {
		return err.Error()
	}
	var values []string
	for quoted := range strings.SplitSeq(found[2], ",") {
		if v := strings.Trim(quoted, `"`); v != "" {
			values = append(values, v)
		}
	}
	text := fmt.Sprintf("%s is %q, expected %s", found[1], found[3], either(values))
	if near := suggest.Nearest(found[3], values); near != "" {
		text += fmt.Sprintf(" (did you mean %s?)", near)
	}
	return text
}

// either lists alternatives: a, b or c.
func either(all []string) string {
	last := len(all) - 1
	if last < 1 {
		return strings.Join(all, "")
	}
	return strings.Join(all[:last], ", ") + " or " + all[last]
}
