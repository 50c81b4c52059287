// Package bug turns panics into errors, so that a fault of the program ends it in an orderly way,
// whichever goroutine it is in.
//
// A panic in a goroutine that nobody watches ends the process at once, with status 2. So every
// goroutine that tailor starts runs its work by [Catch], or defers a function that recovers and
// calls [New], and whoever waits for it hands the error on. The command line has the last [Catch].
// What no program can catch stays as it is: memory that runs out, a stack that overflows, maps that
// are written at the same time, and goroutines that libraries start.
package bug

import (
	"fmt"
	"path"
	"runtime"
	"strings"
)

// module begins the names of our own functions.
const module = "github.com/tailor-nas/tailor/"

// maxFrames is how many of our own functions an error names, innermost first.
const maxFrames = 4

// Error is a panic that was caught.
type Error struct {
	Value any
	Where []string // "predictor/sample.go:38", innermost first
}

func (e *Error) Error() string {
	text := strings.Join(strings.Fields(fmt.Sprint(e.Value)), " ")
	if len(text) > maxText {
		text = text[:maxText] + "..."
	}
	if len(e.Where) > 0 {
		text += " (" + strings.Join(e.Where, ", from ") + ")"
	}
	return text
}

// maxText bounds what is shown of a value.
const maxText = 300

// Unwrap gives a panic's value that is an error, such as a [runtime.Error].
func (e *Error) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// New is for a deferred function that recovered value. A panic that was caught before stays what it
// was.
func New(value any) *Error {
	if e, ok := value.(*Error); ok {
		return e
	}
	return &Error{value, where()}
}

// Catch runs f. If f panics, the panic is the error.
func Catch(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = New(v)
		}
	}()
	return f()
}

// where are the functions of ours that led to a panic.
func where() (all []string) {
	var counters [64]uintptr
	frames := runtime.CallersFrames(counters[:runtime.Callers(1, counters[:])])
	panicked := false
	for {
		f, more := frames.Next()
		if name, ours := strings.CutPrefix(f.Function, module); panicked && ours &&
			len(all) < maxFrames && !strings.HasPrefix(name, "internal/bug.") {
			all = append(all, fmt.Sprintf("%s/%s:%d", packageOf(name), path.Base(f.File), f.Line))
		}
		panicked = panicked || f.Function == "runtime.gopanic"
		if !more {
			return all
		}
	}
}

// packageOf cuts a function's name, such as internal/meter.(*Meter).Close.
func packageOf(function string) string {
	dir, base := path.Split(function)
	name, _, _ := strings.Cut(base, ".")
	return dir + name
}
