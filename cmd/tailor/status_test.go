package main

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

func exitCode(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return fmt.Sprint(exit.ExitCode())
	}
	return err.Error()
}

// checkOneLine wants the last line, the error, to be the only one of the program's own.
func checkOneLine(ts *testscript.TestScript, stderr string) {
	lines := strings.Split(strings.TrimSuffix(stderr, "\n"), "\n")
	last := lines[len(lines)-1]
	if !strings.HasPrefix(last, "tailor: ") {
		ts.Fatalf("the last line on stderr is %q, want one that begins with \"tailor: \"", last)
	}
	for _, l := range lines[:len(lines)-1] {
		if strings.HasPrefix(l, "tailor: ") {
			ts.Fatalf("the error has more than one line: %q", stderr)
		}
	}
}
