package bug_test

import (
	"context"
	"errors"
	"testing"

	"github.com/tailor-nas/tailor/internal/bug"
)

func TestCatchUntil(t *testing.T) {
	plain := errors.New("plain")
	ctx, cancel := context.WithCancel(t.Context())
	if err := bug.CatchUntil(ctx, func() error { return plain }); err != plain {
		t.Errorf("%v, want the error itself", err)
	}
	var caught *bug.Error
	if err := bug.CatchUntil(ctx, func() error { panic("x") }); !errors.As(err, &caught) {
		t.Errorf("%v, want the panic", err)
	}
	end := make(chan struct{})
	defer close(end)
	err := bug.CatchUntil(ctx, func() error { cancel(); <-end; return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v after the end", err)
	}
}
