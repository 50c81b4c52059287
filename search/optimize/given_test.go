package optimize_test

import (
	"reflect"

	"github.com/tailor-nas/tailor/search/optimize"
)

// given are the defaults with what is given.
func given(given optimize.Config) optimize.Config {
	s := optimize.Defaults()
	into, from := reflect.ValueOf(&s).Elem(), reflect.ValueOf(given)
	for i := range from.NumField() {
		if f := from.Field(i); !f.IsZero() && into.Field(i).CanSet() {
			into.Field(i).Set(f)
		}
	}
	return s
}
