package page

import (
	"reflect"
	"unicode/utf8"

	"github.com/tailor-nas/tailor/internal/visible"
)

// maxText is how many characters of a text are shown: what is longer was not written for people.
const maxText = 400

// clean makes all texts of a view such as people can read: of one line, without marks that turn
// what follows, and not endless but in fields with the tag text:"whole".
func (v *View) clean() { clean(reflect.ValueOf(v).Elem(), maxText) }

func clean(v reflect.Value, most int) {
	switch v.Kind() {
	case reflect.String:
		if text := v.String(); most > 0 && len(text) > most || !visible.Plain(text) {
			v.SetString(readable(text, most))
		}
	case reflect.Slice:
		for i := range v.Len() {
			clean(v.Index(i), most)
		}
	case reflect.Struct:
		for field, value := range v.Fields() {
			if field.Tag.Get("text") == "whole" {
				clean(value, 0)
			} else {
				clean(value, most)
			}
		}
	}
}

// readable writes out what is not to be seen, and cuts what has more than so many characters; 0 is
// no limit.
func readable(text string, most int) string {
	text = visible.Text(text, "")
	if most > 0 && utf8.RuneCountInString(text) > most {
		text = string([]rune(text)[:most]) + "…"
	}
	return text
}
