package textfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// JSONError puts an error of encoding/json into words, without the names of types, which say
// nothing to those who wrote the text. Other errors stay as they are.
func JSONError(err error) error {
	var mismatch *json.UnmarshalTypeError
	switch {
	case errors.As(err, &mismatch):
		field := ""
		if mismatch.Field != "" {
			field = fmt.Sprintf("%q: ", mismatch.Field)
		}
		found := strings.TrimPrefix(mismatch.Value, "number ")
		return fmt.Errorf("%sfound %.40s, expected %s", field, found, wanted(mismatch.Type))
	case errors.Is(err, io.ErrUnexpectedEOF), err != nil &&
		err.Error() == "unexpected end of JSON input":
		return errors.New("the JSON ends too early: a value is to be on one line")
	}
	return err
}
