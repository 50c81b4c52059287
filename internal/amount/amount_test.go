package amount_test

import (
	"testing"

	"github.com/tailor-nas/tailor/internal/amount"
)

func TestOf(t *testing.T) {
	for n, want := range map[int]string{
		0: "0 files", 1: "1 file", 2: "2 files", 999: "999 files", 1000: "1,000 files",
		999999: "999,999 files", 12345678: "12,345,678 files",
	} {
		if got := amount.Of(n, "file"); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}
