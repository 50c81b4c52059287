package ofa

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestHostileTables: a table ends in an error of a line, and takes memory that its size bounds.
func TestHostileTables(t *testing.T) {
	fill := func(s string) string { return strings.Repeat(s, maxTable/len(s)) }
	laugh := "a0: &a0 {mean: 1}\n"
	for i := range 9 {
		laugh += fmt.Sprintf("a%d: &a%d {x: [%s], mean: 1}\n", i+1, i+1,
			strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i), 10), ","))
	}
	var steps strings.Builder
	for i := 0; steps.Len() < maxTable-1000; i++ {
		fmt.Fprintf(&steps, "%sa:\n", strings.Repeat(" ", i))
	}
	for name, text := range map[string]string{
		"lists": fill("["), "mappings": fill("{a: "), "dashes": fill("- "), "keys": fill("? "),
		"steps": steps.String(), "aliases": laugh,
		"lines of lists": fill("[\n"), "short lists": "[" + fill("[],") + "]",
		"short mappings": fill("a: {}\n"), "values": fill("1\n"), "commas": "[" +
			fill("a,")[1:] + "]",
		"anchors": fill("&a "), "tags": fill("!!a "), "colons": fill("a:"), "quotes": fill(`"a" `),
		"documents": fill("---\n"), "comments": fill("#\n"), "folds": fill(">\n"),
		"merge": "a: &a {mean: 1}\nb:\n  <<: *a\n", "one key": fill("a") + ": {mean: 1}",
		"tabs": fill("\t"), "text": fill("\x00"), "bytes": fill("\xff"),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := parseTable([]byte(text))
		runtime.ReadMemStats(&after)
		if name == "one key" {
			err = cmpNil(err)
		}
		if !errors.Is(err, ErrTable) || len(err.Error()) > 600 || strings.Contains(err.Error(),
			"\n") {
			t.Errorf("%s: %.700v", name, err)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 512<<20 {
			t.Errorf("%s takes %d MB", name, n>>20)
		}
	}
	path := filepath.Join(t.TempDir(), "t.yaml")
	if err := os.WriteFile(path, []byte(fill("[")+"[["), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadTable(path); !errors.Is(err, ErrTable) || !strings.Contains(err.Error(),
		"at most 262144 bytes") {
		t.Errorf("too large: %v", err)
	}
}

// cmpNil makes an error of none: a table of one long key is one.
func cmpNil(err error) error {
	if err == nil {
		return ErrTable
	}
	return err
}
