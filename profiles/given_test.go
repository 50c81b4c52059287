package profiles_test

import (
	"reflect"

	"github.com/tailor-nas/tailor/profiles"
)

func givenProfile(s profiles.ProfileSettings) profiles.ProfileSettings {
	return over(profiles.ProfileDefaults(), s)
}

func givenVariants(s profiles.VariantSettings) profiles.VariantSettings {
	return over(profiles.VariantDefaults(), s)
}

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
