package bug_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/bug"
)

func TestCatch(t *testing.T) {
	plain := errors.New("plain")
	if err := bug.Catch(func() error { return plain }); err != plain {
		t.Errorf("%v, want the error itself", err)
	}
	for name, f := range map[string]func() error{
		"index":   func() error { return []error{}[len(name())] },
		"a\nline": func() error { panic("a\nline") },
		"long":    func() error { panic(strings.Repeat("long ", 1000)) },
	} {
		err := bug.Catch(f)
		var caught *bug.Error
		if !errors.As(err, &caught) || strings.Contains(err.Error(), "\n") ||
			len(err.Error()) > 1000 {
			t.Errorf("%s: %v, want a short line", name, err)
		}
	}
	var fault runtime.Error
	if err := bug.Catch(func() error { return []error{}[len(name())] }); !errors.As(err, &fault) {
		t.Errorf("%v, want a runtime error inside", err)
	}
}

func name() string { return "four" }

// TestFirstCatchStays: a panic that is handed on by panicking again is the one that it was.
func TestFirstCatchStays(t *testing.T) {
	inner := bug.Catch(func() error { panic("first") })
	outer := bug.Catch(func() error { panic(inner) })
	if fmt.Sprint(inner) != fmt.Sprint(outer) {
		t.Errorf("%v became %v", inner, outer)
	}
}
