package genesearch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tailor-nas/tailor/predictor/genes"
)

const benchSpace = `tailor: genes/1
name: flags
genes:
  - {name: level, choices: [0, 1, 2, 3]}
  - {name: unroll, choices: [1, 2, 4, 8, 16, 32]}
  - {name: fast, choices: ["", -ffast-math]}
`

// runner runs the benchmark that this program is.
func runner(t *testing.T, results string) *Runner {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return runnerOf(t, "'"+program+"' {level} {unroll} {fast}", results)
}

// runnerOf runs a command. Where that is this program, it is a benchmark, not the tests again.
func runnerOf(t *testing.T, text, results string) *Runner {
	t.Helper()
	t.Setenv(childArgs, "1")
	s, err := genes.Parse("flags.yaml", []byte(benchSpace))
	if err != nil {
		t.Fatal(err)
	}
	c, err := ParseCommand(text, s)
	if err != nil {
		t.Fatal(err)
	}
	return &Runner{Space: s, Command: c, Results: results, Repeats: 1}
}

// TestRunner finds the fastest flags of 48 in 24 runs, though some do not compile.
func TestRunner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.jsonl")
	r := runner(t, path)
	runs, err := r.Search(t.Context(), config(24))
	if err != nil {
		t.Fatal(err)
	}
	best := runs.Best[0]
	want := map[string]string{"level": "3", "unroll": "4", "fast": "-ffast-math"}
	if !reflect.DeepEqual(best.Genes, want) || best.Value != 2.5 {
		t.Errorf("it finds %+v", best)
	}
	if runs.Evaluations != 24 || runs.Ran != 24 || runs.Resumed != 0 || runs.Exact {
		t.Errorf("%+v", runs)
	}
	// What it measured can be learned from.
	measured, failed, err := genes.ReadMeasured([]string{path}, r.Space, genes.DefaultValue,
		genes.Latency)
	if err != nil || len(measured)+failed != 24 || failed != runs.Failed {
		t.Errorf("%d measured, %d failed (%v), the search counts %d failed", len(measured), failed,
			err, runs.Failed)
	}
}

// TestRunnerExact: where there are no more configurations than runs, all are run, and the largest
// value is found as well.
func TestRunnerExact(t *testing.T) {
	r := runner(t, filepath.Join(t.TempDir(), "results.jsonl"))
	r.Maximize = true
	runs, err := r.Search(t.Context(), config(1000))
	if err != nil {
		t.Fatal(err)
	}
	if !runs.Exact || runs.Evaluations != 48 || runs.Failed != 2 || runs.Best[0].Value != 13 ||
		runs.Best[0].Genes["unroll"] != "32" {
		t.Errorf("%+v", runs)
	}
}

// TestRunnerResumes: a search that was cut off, in the middle of a line too, goes on to what it
// would have found at once, and runs nothing again.
func TestRunnerResumes(t *testing.T) {
	dir := t.TempDir()
	whole := runner(t, filepath.Join(dir, "whole.jsonl"))
	want, err := whole.Search(t.Context(), config(20))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(whole.Results)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(text), "\n")
	r := runner(t, filepath.Join(dir, "cut.jsonl"))
	cut := strings.Join(lines[:9], "") + lines[9][:len(lines[9])-5]
	if err := os.WriteFile(r.Results, []byte(cut), 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := r.Search(t.Context(), config(20))
	if err != nil {
		t.Fatal(err)
	}
	if got.Resumed != 9 || got.Ran != 11 {
		t.Errorf("%d runs were there, %d were made", got.Resumed, got.Ran)
	}
	if !reflect.DeepEqual(got.Best, want.Best) || got.Failed != want.Failed {
		t.Errorf("it finds %+v, at once %+v", got, want)
	}
	if again, err := os.ReadFile(r.Results); err != nil || string(again) != string(text) {
		t.Errorf("the files differ (%v)", err)
	}
}

// TestRunnerRepeats: each configuration is run several times, and its median counts.
func TestRunnerRepeats(t *testing.T) {
	r := runner(t, filepath.Join(t.TempDir(), "results.jsonl"))
	r.Repeats = 3
	runs, err := r.Search(t.Context(), config(10))
	if err != nil {
		t.Fatal(err)
	}
	if want := 3*(runs.Evaluations-runs.Failed) + runs.Failed; runs.Ran != want {
		t.Errorf("%d runs of %d configurations, %d failed", runs.Ran, runs.Evaluations, runs.Failed)
	}
}

// TestRunnerStops: an interrupted search ends with its command, and keeps what it has.
func TestRunnerStops(t *testing.T) {
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip("there is no /bin/sh")
	}
	dir := t.TempDir()
	started := filepath.Join(dir, "started")
	r := runnerOf(t, fmt.Sprintf(`/bin/sh -c 'echo >>%s; test $1 = {level}9 || sleep 1000 | cat; echo 1' x {level}{unroll}{fast}`, started),
		filepath.Join(dir, "results.jsonl"))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() {
		_, err := r.Search(ctx, config(10))
		done <- err
	}()
	for look := time.NewTicker(10 * time.Millisecond); ; <-look.C {
		if _, err := os.Stat(started); err == nil {
			look.Stop()
			break
		}
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("it ends with %v", err)
	}
}

func TestRunnerErrors(t *testing.T) {
	dir := t.TempDir()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r := runnerOf(t, "'"+program+"' x{level} {unroll} {fast}", filepath.Join(dir, "a.jsonl"))
	if _, err := r.Search(t.Context(), config(5)); !errors.Is(err, ErrAllFailed) ||
		!strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("a command that always fails: %v", err)
	}
	r = runnerOf(t, filepath.Join(dir, "none")+" {level} {unroll} {fast}",
		filepath.Join(dir, "b.jsonl"))
	if _, err := r.Search(t.Context(), config(5)); !errors.Is(err, ErrCommand) ||
		!errors.Is(err, os.ErrNotExist) {
		t.Errorf("a command that is not there: %v", err)
	}
	good := `{"genes": {"level": "0", "unroll": "1", "fast": ""}, "value": 1, "command": "b {level} {unroll} {fast}"}` + "\n"
	for _, c := range []struct{ text, want string }{
		{strings.Replace(good, `"b {level}`, `"c {level}`, 1), "of the command"},
		{strings.Replace(good, `"fast": ""`, `"fast": "x"`, 1), `"x" is no choice of fast`},
		{strings.Replace(good, `"fast": ""`, `"slow": ""`, 1), "gene fast is missing"},
		{strings.Replace(good, `, "fast": ""`, ``, 1), "2 genes, expected 3"},
		{strings.Replace(good, `"value": 1, `, ``, 1), `not one of "value" and "failed"`},
		{good + "{\n", "r.jsonl:2: cannot go on from these results"},
		{"something else", "it holds something else"},
	} {
		path := filepath.Join(dir, "r.jsonl")
		if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		r := runnerOf(t, "b {level} {unroll} {fast}", path)
		if _, err := r.Search(t.Context(), config(5)); !errors.Is(err, ErrJournal) ||
			!strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.text, err, c.want)
		}
		if left, err := os.ReadFile(path); err != nil || string(left) != c.text {
			t.Errorf("%s: the file was changed (%v)", c.text, err)
		}
	}
}

// TestJournal: results are of one search at a time, a last line without its end counts, and a file
// of another kind stays as it is.
func TestJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.jsonl")
	c := runnerOf(t, "b {level} {unroll} {fast}", path).Command
	line := `{"genes":{"fast":"","level":"0","unroll":"1"},"value":1,"command":"b {level} {unroll} {fast}"}`
	for _, text := range []string{line, line + "\n" + line} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		j, err := openJournal(path, c)
		if err != nil {
			t.Fatal(err)
		}
		if want := strings.Count(text, "value"); j.runs != want {
			t.Errorf("%q: %d runs, want %d", text, j.runs, want)
		}
		if _, err := openJournal(path, c); !errors.Is(err, ErrJournal) ||
			!strings.Contains(err.Error(), "another search") {
			t.Errorf("a second search: %v", err)
		}
		value := 2.0
		err = errors.Join(j.add(genes.Configuration{1, 1, 0}, &value, ""), j.close())
		if err != nil {
			t.Fatal(err)
		}
		again, err := openJournal(path, c)
		if err != nil {
			t.Fatal(err)
		}
		if err := again.close(); err != nil || again.runs != j.runs+1 {
			t.Errorf("%q: %d runs, then %d (%v)", text, j.runs, again.runs, err)
		}
	}
	for _, text := range []string{`{"a": 1}`, `{"a": 1`, `{}`, "[" + line + "]\n", "[]\n", "7",
		line[:40] + "\n" + line} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := openJournal(path, c); !errors.Is(err, ErrJournal) {
			t.Errorf("%q: %v, want ErrJournal", text, err)
		}
		if left, err := os.ReadFile(path); err != nil || string(left) != text {
			t.Errorf("%q became %q (%v)", text, left, err)
		}
	}
	if err := os.WriteFile(path, []byte(line[:20]), 0o644); err != nil {
		t.Fatal(err)
	}
	j, err := openJournal(path, c)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.close(); err != nil || j.runs != 0 {
		t.Errorf("%d runs of an unfinished line (%v)", j.runs, err)
	}
}

// TestRunnerOutput: what a command prints decides.
func TestRunnerOutput(t *testing.T) {
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip("there is no /bin/sh")
	}
	for script, want := range map[string]string{
		"echo 1; echo 2.5e1; echo":               "25",
		"echo ms 3":                              `the last line that it printed is "ms 3", expected a number`,
		"true":                                   `the last line that it printed is "", expected a number`,
		"echo nan":                               `the last line that it printed is "nan", expected a number`,
		"echo 1; echo why >&2; exit 4":           "exit status 4: why",
		"while :; do :; done":                    "it took more than 200ms",
		"head -c 100000 /dev/zero; echo; echo 7": "7",
	} {
		r := runnerOf(t, "/bin/sh -c '"+script+"' {level} {unroll} {fast}", "")
		r.Timeout = time.Minute
		if strings.HasPrefix(script, "while") {
			r.Timeout = 200 * time.Millisecond
		}
		value, failed, err := r.run(t.Context(), genes.Configuration{0, 0, 0})
		if err != nil || failed != want && (failed != "" || fmt.Sprint(value) != want) {
			t.Errorf("%s: %g, %q (%v), want %s", script, value, failed, err, want)
		}
	}
}
