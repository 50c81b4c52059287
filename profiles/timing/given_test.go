package timing_test

import (
	"reflect"

	"github.com/tailor-nas/tailor/profiles/timing"
)

// given are the default settings with what is given.
func given(s timing.Settings) timing.Settings { return over(timing.Defaults(), s) }

// over are the defaults with what is given.
func over[T any](defaults, given T) T {
	into, from := reflect.ValueOf(&defaults).Elem(), reflect.ValueOf(given)
	for i := range from.NumField() {
		if f := from.Field(i); !f.IsZero() {
			into.Field(i).Set(f)
		}
	}
	return defaults
}
