// Package settings reads structs of settings: what each field is called, its value, and what it may
// be. Checks, comparisons and the command line take all of it from the struct itself.
//
// A field has the name of its JSON field. A tag range:"LOW..HIGH" says which numbers it may hold,
// both ends included.
package settings

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// MaxWorkers is how many goroutines or threads one may ask for: each takes memory.
const MaxWorkers = 1024

// Setting is a field of a struct of settings.
type Setting struct {
	Name  string // as its JSON field
	Text  string // its value, as one would write it
	Range string // "LOW..HIGH"; empty where it has none
}

// Of lists the settings of a struct, in their order, with those of structs in it.
func Of(v any) []Setting { return of(reflect.ValueOf(v)) }

func of(v reflect.Value) (all []Setting) {
	for field, value := range v.Fields() {
		if value.Kind() == reflect.Struct {
			all = append(all, of(value)...)
			continue
		}
		all = append(all, Setting{nameOf(field), textOf(value), field.Tag.Get("range")})
	}
	return all
}

func nameOf(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	return name
}

// textOf writes a value: 3e-5, where [fmt.Sprint] has 3e-05.
func textOf(v reflect.Value) string {
	text := fmt.Sprint(v)
	if v.CanFloat() {
		text = strings.NewReplacer("e-0", "e-", "e+0", "e").Replace(text)
	}
	return text
}

// Check says which number of a struct is outside of its range: "weight decay is 2, expected 0 to
// 1". It leaves structs within the struct to their own checks.
func Check(v any) error {
	for field, value := range reflect.ValueOf(v).Fields() {
		low, high, ok := strings.Cut(field.Tag.Get("range"), "..")
		if !ok || within(value, low, high) {
			continue
		}
		name := strings.ReplaceAll(nameOf(field), "_", " ")
		return fmt.Errorf("%s is %s, expected %s to %s", name, textOf(value), low, high)
	}
	return nil
}

// within says whether a number is in a range. No range holds NaN.
func within(v reflect.Value, low, high string) bool {
	n := 0.0
	if v.CanFloat() {
		n = v.Float()
	} else {
		n = float64(v.Int())
	}
	return n >= number(low) && n <= number(high)
}

// number reads an end of a range. A tag that is none is a mistake of the program.
func number(text string) float64 {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		panic("settings: a range whose end is no number")
	}
	return n
}

// Differences says in which settings two structs of one type differ, as the flags of the command
// line are called: "with --epochs 2, asked for 3; with --seed 1, asked for 2".
func Differences[T any](have, want T) string {
	h, w := Of(have), Of(want)
	var all []string
	for i := range h {
		if h[i] != w[i] {
			flag := strings.ReplaceAll(h[i].Name, "_", "-")
			all = append(all, fmt.Sprintf("with --%s %s, asked for %s", flag, h[i].Text, w[i].Text))
		}
	}
	slices.Sort(all)
	return strings.Join(all, "; ")
}
