package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"tailor": main}) }

// TestScripts runs the command lines of testdata/*.txt as a person would.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"status": status3,
		},
	})
}

// status3 is "status N command...": the command must exit with that status, and print one line on stderr that begins with
// "tailor: " and no longer than a person reads.
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
