package store_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/internal/store"
)

// A log that was damaged goes on, and says which lines are broken.
func TestLineLog(t *testing.T) {
	const good = "{\"step\":1}\n"
	for name, c := range map[string]struct {
		content string
		size    int64
		want    string
		warned  []string
	}{
		"new":    {"", 0, "", nil},
		"whole":  {good + good, 22, good + good, nil},
		"beyond": {good + "{\"ste", 11, good, nil}, // written after the state was saved
		"broken": {good + "\x00\x00\n" + good, 25, good + "\x00\x00\n" + good,
			[]string{"log:2: the line is broken; it is left as it is"}},
		"no object": {"17\n" + good, 14, "17\n" + good,
			[]string{"log:1: the line is broken; it is left as it is"}},
		"lines joined": {"{\"step\":1{\"step\":2}\n", 20, "{\"step\":1{\"step\":2}\n",
			[]string{"log:1: the line is broken; it is left as it is"}},
		"missing": {good, 33, good,
			[]string{"log: lines are missing after line 1: it has 11 bytes, and had 33 when the state was saved"}},
		"gone": {"", 11, "",
			[]string{"log: lines are missing after line 0: it has 0 bytes, and had 11 when the state was saved"}},
		"cut short": {good + "{\"st", 22, good + "{\"st\n",
			[]string{"log:2: the line is broken; it is left as it is",
				"log: lines are missing after line 2: it has 15 bytes, and had 22 when the state was saved"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "log")
			if name != "new" {
				put(t, path, c.content)
			}
			var warned []string
			log, err := store.OpenLineLog(path, c.size, func(format string, args ...any) {
				text, err := filepath.Rel(dir, fmt.Sprintf(format, args...))
				if err != nil {
					t.Error(err)
				}
				warned = append(warned, text)
			})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(warned, c.warned) {
				t.Errorf("warned of %q, want %q", warned, c.warned)
			}
			if err := log.Add(map[string]int{"step": 2}); err != nil {
				t.Fatal(err)
			}
			want := c.want + "{\"step\":2}\n"
			if size, err := log.Flush(); err != nil || size != int64(len(want)) {
				t.Errorf("size %d, %v, want %d", size, err, len(want))
			}
			if err := log.Close(); err != nil {
				t.Error(err)
			}
			wantContent(t, path, want)
		})
	}
}

// FuzzReadLines: any file is read without a panic, and what LineLog wrote comes back.
func FuzzReadLines(f *testing.F) {
	for _, seed := range []string{"", "{\"n\":1}\n", "{\"n\":1}\n{\"n\":", "[]\n\n{\"n\":2}\n",
		"null\n", "\xff\n{\"n\":1e400}\n"} {
		f.Add([]byte(seed))
	}
	type line struct {
		N int `json:"n"`
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "log.jsonl")
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
		all, broken, err := store.ReadLines[line](path)
		if err != nil || len(all)+broken != bytes.Count(text, []byte("\n")) {
			t.Errorf("%d lines and %d broken ones of %q (%v)", len(all), broken, text, err)
		}
	})
}
