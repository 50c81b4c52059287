package main

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/alecthomas/kong"
)

// Every flag of a number has a tag range:"LOW..HIGH", both included, or one that names that of a
// setting of the library (defaults.go). It is checked before the command begins; only a seed may be
// any. A flag that was not given has its default, or is nil where the default follows from other
// things: 0 is always 0.

// checkArgs refuses words that no flag and no argument takes, before they are parsed: of nothing,
// as --out "$UNSET" gives, and those that are not UTF-8, which results in JSON could not repeat.
func checkArgs(args []string) error {
	for _, a := range args {
		flag, value, has := strings.Cut(a, "=")
		switch {
		case !utf8.ValidString(a):
			return usagef("%q is not UTF-8, which results could not name: rename the file", a)
		case strings.ContainsRune(a, 0):
			return usagef("%q has a zero byte", a)
		case a == "":
			return usagef("an argument is empty: give a value, or leave out the flag before it")
		case strings.HasPrefix(flag, "-") && has && value == "":
			return usagef("%s is empty: give a value, or leave it out", flag)
		}
	}
	return nil
}

// negative begins a negative number, as no short flag does.
var negative = regexp.MustCompile(`^-([0-9.]|[iI]nf)`)

// joinNegatives gives a flag the negative number behind it, which kong takes for short flags:
// whether it may be negative is the range's to say.
func joinNegatives(args []string) (joined []string) {
	for i, a := range args {
		if a == "--" {
			return append(joined, args[i:]...)
		}
		if last := len(joined) - 1; last >= 0 && negative.MatchString(a) &&
			strings.HasPrefix(joined[last], "--") && !strings.Contains(joined[last], "=") {
			joined[last] += "=" + a
			continue
		}
		joined = append(joined, a)
	}
	return joined
}

// wholeNumber is one in decimal: kong would take 010 for 8.
var wholeNumber = regexp.MustCompile(`^[-+]?(0|[1-9][0-9]*)$`)

// numberMapper reads whole numbers.
func numberMapper(ctx *kong.DecodeContext, target reflect.Value) error {
	var text string
	if err := ctx.Scan.PopValueInto("whole number", &text); err != nil {
		return err
	}
	if !wholeNumber.MatchString(text) {
		return fmt.Errorf("%.40q is no whole number; write one such as 20", text)
	}
	text = strings.TrimPrefix(text, "+")
	var err error
	if target.CanUint() {
		var v uint64
		if v, err = strconv.ParseUint(text, 10, 64); err == nil {
			target.SetUint(v)
		}
	} else {
		var v int64
		if v, err = strconv.ParseInt(text, 10, 64); err == nil {
			target.SetInt(v)
		}
	}
	if err != nil {
		return fmt.Errorf("%.40s is out of range: write a smaller number, or one above 0", text)
	}
	return nil
}

// checkCompany refuses flags that would have no effect. A flag with a tag with:"A|B" needs flag or
// argument A or B, one with without:"A|B" has none beside A, and none beside B.
func checkCompany(parsed *kong.Context) error {
	given := map[string]bool{}
	for _, p := range parsed.Path {
		switch {
		case p.Flag != nil:
			given[p.Flag.Name] = true
		case p.Positional != nil:
			given[p.Positional.Name] = true
		}
	}
	isGiven := func(name string) bool { return given[name] }
	for _, f := range parsed.Flags() {
		if !given[f.Name] {
			continue
		}
		if needed := companions(f, "with"); needed != nil && !slices.ContainsFunc(needed, isGiven) {
			return usagef("--%s says nothing without %s: leave it out, or add that", f.Name,
				either(spelled(parsed, needed)))
		}
		for _, other := range companions(f, "without") {
			if given[other] {
				return usagef("--%s says nothing beside --%s: leave one out", f.Name, other)
			}
		}
	}
	return nil
}

// spelled are names as they stand in a command line: --run of a flag, <name> of an argument.
func spelled(parsed *kong.Context, names []string) (all []string) {
	for _, n := range names {
		of := func(a *kong.Positional) bool { return a.Name == n }
		if slices.ContainsFunc(parsed.Selected().Positional, of) {
			all = append(all, "<"+n+">")
		} else {
			all = append(all, "--"+n)
		}
	}
	return all
}

// companions are the flags and arguments that a tag of a flag names.
func companions(f *kong.Flag, tag string) []string {
	if names := f.Tag.Get(tag); names != "" {
		return strings.Split(names, "|")
	}
	return nil
}

// checkRanges refuses numbers outside of what their flags take.
func checkRanges(parsed *kong.Context) error {
	named := ranges()
	for _, f := range parsed.Flags() {
		low, high, ok := strings.Cut(rangeOf(f, named), "..")
		if !ok {
			continue
		}
		for _, v := range numbersOf(f.Target) {
			if !within(v, low, high) {
				return usagef("--%s is %s, expected %s to %s", f.Name, textOf(v), low, high)
			}
		}
	}
	return nil
}

// numbersOf are those of a flag's value: none of one that was not given, several of a list.
func numbersOf(v reflect.Value) (all []reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return numbersOf(v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			all = append(all, numbersOf(v.Index(i))...)
		}
		return all
	}
	return []reflect.Value{v}
}

var durationType = reflect.TypeFor[time.Duration]()

// within compares a number with the ends of a range. A tag that is not of the flag's type is a
// mistake of the program, which a test finds.
func within(v reflect.Value, low, high string) bool {
	switch {
	case v.Type() == durationType:
		return time.Duration(v.Int()) >= must(time.ParseDuration(low)) &&
			time.Duration(v.Int()) <= must(time.ParseDuration(high))
	case v.CanInt():
		return v.Int() >= must(strconv.ParseInt(low, 10, 64)) &&
			v.Int() <= must(strconv.ParseInt(high, 10, 64))
	}
	f := v.Float()
	// not of NaN
	return f >= must(strconv.ParseFloat(low, 64)) && f <= must(strconv.ParseFloat(high, 64))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic("a flag's range: " + err.Error())
	}
	return v
}

func textOf(v reflect.Value) string { return fmt.Sprint(v.Interface()) }

// pathMapper reads a flag or an argument of type:"path". It is used as it is, made absolute; what
// begins with ~/ is in the home folder.
func pathMapper(ctx *kong.DecodeContext, target reflect.Value) error {
	if target.Kind() == reflect.Slice {
		return eachOf(ctx, target, pathMapper)
	}
	var path string
	if err := ctx.Scan.PopValueInto("path", &path); err != nil {
		return err
	}
	if err := checkPath(path); err != nil {
		return err
	}
	if path = kong.ExpandPath(path); !utf8.ValidString(path) {
		return fmt.Errorf("%q is not UTF-8, which results could not name: rename the folder", path)
	}
	target.SetString(path)
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// eachOf reads a list: the words of an argument or of a flag with a tag "many", or the one word of
// another flag, at its commas. A file whose name has commas is one path.
func eachOf(ctx *kong.DecodeContext, target reflect.Value, element kong.MapperFunc) error {
	words, err := wordsOf(ctx)
	if err != nil {
		return err
	}
	for _, w := range words {
		one := reflect.New(target.Type().Elem()).Elem()
		if err := element(ctx.WithScanner(kong.ScanAsType(kong.FlagValueToken, w)),
			one); err != nil {
			return err
		}
		target.Set(reflect.Append(target, one))
	}
	return nil
}

// wordsOf gives the words of a list.
func wordsOf(ctx *kong.DecodeContext) (words []string, err error) {
	if ctx.Value.Flag == nil {
		for _, t := range ctx.Scan.PopWhile(kong.Token.IsValue) {
			words = append(words, t.String())
		}
		return words, nil
	}
	t, err := ctx.Scan.PopValue("path")
	if err != nil {
		return nil, err
	}
	given := []kong.Token{t}
	if ctx.Value.Tag.Has("many") {
		given = append(given, ctx.Scan.PopWhile(kong.Token.IsValue)...)
	}
	for _, t := range given {
		if exists(t.String()) {
			words = append(words, t.String())
		} else {
			words = append(words, kong.SplitEscaped(t.String(), ctx.Value.Tag.Sep)...)
		}
	}
	return words, nil
}

// sourceMapper reads a flag of type:"source": a path, or the name of something built in, both used
// as they are.
func sourceMapper(ctx *kong.DecodeContext, target reflect.Value) error {
	var path string
	if err := ctx.Scan.PopValueInto("path or name", &path); err != nil {
		return err
	}
	if err := checkPath(path); err != nil {
		return err
	}
	target.SetString(path)
	return nil
}

func checkPath(path string) error {
	switch path {
	case "":
		return fmt.Errorf("a path is empty: give one, or leave it out")
	case "-":
		return fmt.Errorf("- is not read or written as standard input or output: give the name of a file (./- for one of that name)")
	}
	return nil
}
