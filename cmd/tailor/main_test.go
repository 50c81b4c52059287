package main

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tailor-nas/tailor/supernet"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"tailor": main}) }

// TestScripts runs the command lines of testdata/*.txt as a person would.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:   "testdata",
		Setup: writeFiles,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"status": status3,
		},
	})
}

// writeFiles gives scripts what does not fit in their text: a picture, star.png, and texts with a
// byte order mark.
func writeFiles(env *testscript.Env) error {
	space, err := supernet.Builtin("mbv3-tiny")
	if err != nil {
		return err
	}
	for name, text := range map[string]string{
		"marked.yaml":  strings.ReplaceAll(string(space), "\n", "\r\n"),
		"marked.jsonl": "{\"ks\": 3, \"e\": 2, \"d\": 1, \"r\": 24}\r\n\r\n",
	} {
		if err := os.WriteFile(filepath.Join(env.WorkDir, name), []byte("\xef\xbb\xbf"+text),
			0o644); err != nil {
			return err
		}
	}
	return writePicture(env)
}

func writePicture(env *testscript.Env) error {
	img := image.NewNRGBA(image.Rect(0, 0, 16, 16))
	for i := range img.Pix {
		img.Pix[i] = uint8(255 - i%4*40*(i/64%2))
	}
	var text bytes.Buffer
	if err := png.Encode(&text, img); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(env.WorkDir, "star.png"), text.Bytes(), 0o644)
}

// status3 is "status N command...": the command must exit with that status, and print one line on
// stderr that begins with "tailor: " and no longer than a person reads.
func status3(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N command...")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = exitCode(err)
	}
	if got != args[0] {
		ts.Fatalf("%v exits with %s, want %s: %s", args[1:], got, args[0], ts.ReadFile("stderr"))
	}
	checkOneLine(ts, ts.ReadFile("stderr"))
}
