package profiles

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
)

// TestLoaderLeavesMemory: the fourth network leaves too little, and is an error that says so.
func TestLoaderLeavesMemory(t *testing.T) {
	s, err := supernet.LoadSpace("mbv3-tiny")
	if err != nil {
		t.Fatal(err)
	}
	l := newLoader(t.Context(), Native{})
	defer l.close()
	l.memory = func(context.Context) (free, total uint64, ok bool) {
		return uint64(1000 - 250*len(l.subjects)), 1000, true
	}
	for range 3 {
		l.network(s.Blocks(s.Max()))
	}
	if l.err != nil {
		t.Fatal(l.err)
	}
	l.network(s.Blocks(s.Max()))
	if !errors.Is(l.err, ErrMemory) || !strings.Contains(l.err.Error(), "4 networks") {
		t.Errorf("the memory is full, and the error is %v", l.err)
	}
}
