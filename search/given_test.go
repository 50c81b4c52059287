package search_test

import (
	"reflect"

	"github.com/tailor-nas/tailor/search"
)

// given are the defaults with what is given.
func given(given search.Config) search.Config {
	s := search.Defaults()
	into, from := reflect.ValueOf(&s).Elem(), reflect.ValueOf(given)
	for i := range from.NumField() {
		if f := from.Field(i); !f.IsZero() && into.Field(i).CanSet() {
			into.Field(i).Set(f)
		}
	}
	return s
}
