package pipeline

import (
	"reflect"

	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/search/optimize"
)

// fitWith are the defaults with what is given.
func fitWith(given regress.Settings) regress.Settings {
	s := regress.Defaults()
	into, from := reflect.ValueOf(&s).Elem(), reflect.ValueOf(given)
	for i := range from.NumField() {
		if f := from.Field(i); !f.IsZero() && into.Field(i).CanSet() {
			into.Field(i).Set(f)
		}
	}
	return s
}

func searching(evaluations int) optimize.Config {
	c := optimize.Defaults()
	c.Evaluations = evaluations
	return c
}
