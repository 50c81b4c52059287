package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/tailor-nas/tailor/predictor/regress"
)

// lines are command lines that are right but for files that are not there, by command. A command
// without numbers needs none.
var lines = map[string]string{
	"spaces":              "none.yaml",
	"quickstart":          "--out file", // which is no folder
	"train":               "--space none.yaml --init none --data none --out o",
	"eval":                "--run none",
	"profile":             "--space none.yaml --out o.json",
	"fit accuracy":        "--space none.yaml --measured none.jsonl --out o.json",
	"fit latency":         "--space none.yaml --measured none.jsonl --out o.json",
	"predict":             "--space none.yaml --latency none.json --arch max",
	"import ofa-accuracy": "none.pth --out o.json",
	"import ofa-latency":  "none.yaml --out o.json",
	"adopt":               "none.pth --out o",
	"import ofa-supernet": "none.pth --out o",
	"search":              "--space none.yaml --accuracy none.json --latency none.json --out o",
	"prune":               "none --out o --method ssgd",
	"finetune":            "none --out o",
	"run":                 "none image.png",
}

// leaves are the commands.
func leaves(t *testing.T) []*kong.Node {
	t.Helper()
	parser, err := newParser(&cli{}, os.Stdout, os.Stderr, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	return parser.Model.Leaves(false)
}

func name(n *kong.Node) string { return strings.TrimPrefix(n.FullPath(), "tailor ") }

// numeric says whether a flag takes numbers.
func numeric(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		return numeric(t.Elem())
	}
	return t.Kind() >= reflect.Int && t.Kind() <= reflect.Float64
}

// inFolder runs a command line in a new folder.
func inFolder(t *testing.T, args ...string) (status int, stderr string) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile("file", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	status = run(t.Context(), append(args, "--quiet"), &out, &errs)
	return status, errs.String()
}

// TestNumbers gives every flag of a number of every command numbers that are wrong, or far off.
// None panics or works on; what is refused is refused by name, with status 2.
func TestNumbers(t *testing.T) {
	globals := map[string]bool{}
	for _, command := range leaves(t) {
		for _, f := range slices.Concat(command.AllFlags(true)...) {
			if !numeric(f.Target.Type()) || f.Name == "seed" && globals["seed"] ||
				f.Name == "workers" && globals["workers"] {
				continue
			}
			globals[f.Name] = true
			if !f.Tag.Has("range") && f.Name != "seed" &&
				f.Target.Type() != reflect.TypeFor[count]() {
				t.Errorf("tailor %s --%s has no range", name(command), f.Name)
				continue
			}
			line, ok := lines[name(command)]
			if !ok {
				t.Errorf("say in lines how tailor %s is called", name(command))
				continue
			}
			args := append(strings.Fields(name(command)), strings.Fields(line)...)
			for _, v := range []string{"NaN", "1e400", "1e18", "99999999999999999999999", "1,,2",
				"", "-1", "-5ms", "0"} {
				checkNumber(t, f.Name, v, append(slices.Clone(args), "--"+f.Name+"="+v))
				if v == "-1" {
					checkNumber(t, f.Name, "-1 apart", append(slices.Clone(args), "--"+f.Name, v))
				}
			}
		}
	}
}

// always are values that no flag takes.
var always = []string{"NaN", "1e400", "99999999999999999999999", "1,,2", ""}

func checkNumber(t *testing.T, flag, value string, args []string) {
	t.Helper()
	t.Run(strings.Join(args, " "), func(t *testing.T) {
		status, stderr := inFolder(t, args...)
		last := stderr[strings.LastIndex(strings.TrimSuffix(stderr, "\n"), "\n")+1:]
		switch {
		case strings.Contains(stderr, "fault of tailor"), status != exitUsage &&
			status != exitFailed:
			t.Errorf("status %d: %s", status, stderr)
		// the next question, once a number is right
		case status == exitUsage && !strings.Contains(last, "--"+flag) &&
			!strings.Contains(last, "say how much to remove"):
			t.Errorf("does not name --%s: %s", flag, last)
		// which is 0
		case status != exitUsage && (slices.Contains(always, value) || value == "-1 apart" &&
			flag != "bound"):
			t.Errorf("status %d: %s", status, last)
		}
	})
}

// TestOutputsAreDeclared: every flag by which a command is told what to write says what that is, so
// that it is checked before.
func TestOutputsAreDeclared(t *testing.T) {
	for _, command := range leaves(t) {
		for _, f := range slices.Concat(command.AllFlags(true)...) {
			writes := slices.Contains([]string{"out", "plot", "save", "store", "onnx", "tflite",
				"report", "figures"}, f.Name)
			if writes != f.Tag.Has("out") || writes && f.Tag.Type != "path" {
				t.Errorf("tailor %s --%s: it has the tags out %q and type %q", name(command),
					f.Name, f.Tag.Get("out"), f.Tag.Type)
			}
		}
	}
}

// TestEveryPathIsChecked: a path or a source that is empty, or -, is a usage error.
func TestEveryPathIsChecked(t *testing.T) {
	for _, command := range leaves(t) {
		line, ok := lines[name(command)]
		if !ok {
			continue
		}
		for _, f := range slices.Concat(command.AllFlags(true)...) {
			if f.Tag.Type != "path" && f.Tag.Type != "source" {
				continue
			}
			for _, v := range []string{"", "-"} {
				args := append(strings.Fields(name(command)), strings.Fields(line)...)
				if status, stderr := inFolder(t,
					append(args, "--"+f.Name+"="+v)...); status != exitUsage ||
					!strings.Contains(stderr, "--"+f.Name) {
					t.Errorf("tailor %s --%s=%s: status %d: %s", name(command), f.Name, v, status,
						stderr)
				}
			}
		}
	}
}

// TestCompanions: tags name flags that the command has, and no flag is without effect in silence.
func TestCompanions(t *testing.T) {
	for _, command := range leaves(t) {
		flags := slices.Concat(command.AllFlags(true)...)
		for _, f := range flags {
			for _, other := range slices.Concat(companions(f, "with"), companions(f, "without")) {
				flag := slices.ContainsFunc(flags,
					func(g *kong.Flag) bool { return g.Name == other })
				if !flag && !slices.ContainsFunc(command.Positional,
					func(a *kong.Positional) bool { return a.Name == other }) {
					t.Errorf("tailor %s --%s names %s, which the command does not have",
						name(command), f.Name, other)
				}
			}
		}
	}
	for want, line := range map[string]string{
		"--arch says nothing without --run":          "eval none --arch min",
		"--split says nothing without --run":         "eval none --split val",
		"--skip-damaged says nothing without --data": "eval none --skip-damaged",
		"--points says nothing without --pareto":     "search --space none.yaml --accuracy none.json --points 3 --out o",
		"--yaml says nothing without <name>":         "spaces --yaml",
		"--archs says nothing without <name>":        "spaces --archs none.jsonl",
		"--yaml says nothing beside --sample":        "spaces mbv3-tiny --yaml --sample 3",
		"--archs says nothing beside --sample":       "spaces mbv3-tiny --archs none.jsonl --sample 3",
		"--out says nothing without --sample":        "spaces mbv3-tiny --out o.jsonl",
		"--cost says nothing without --pareto":       "search --space none.yaml --accuracy none.json --cost macs --out o",
		"--top says nothing beside --pareto":         "search --space none.yaml --accuracy none.json --pareto --top 2 --out o",
		"--evaluations says nothing beside --exh":    "search --space none.yaml --accuracy none.json --evaluations 9 --exhaustive --out o",
		"--max-latency says nothing without --lat":   "search --space none.yaml --accuracy none.json --max-latency 5ms --out o",
		"--cost latency needs --latency":             "search --space none.yaml --accuracy none.json --pareto --cost latency --out o",
		"--latency says nothing without --max-lat":   "prune none --sparsity 0.5 --latency none.json --out o",
		"--data says nothing without --run":          "search --space none.yaml --accuracy none.json --data none --out o",
		"--samples says nothing beside --measured":   "fit accuracy --space none.yaml --measured none.jsonl --samples 20 --out o.json",
		"--device-name says nothing without":         "fit latency --profile none.json --device pi --out o.json",
		"--train-images and --test-images are of":    "train --space mbv3-tiny --data none --train-images 5 --out o",
		"--max-latency has 5.00 ms twice":            "search --space none.yaml --accuracy none.json --latency none.json --max-latency 5ms,5000us --out o",
	} {
		if status, stderr := inFolder(t, strings.Fields(line)...); status != exitUsage ||
			!strings.Contains(stderr, want) {
			t.Errorf("tailor %s: status %d: %s, want %q", line, status, stderr, want)
		}
	}
}

// TestWholeNumbers are decimal, and may be negative where the range says so, joined to their flag
// or not.
func TestWholeNumbers(t *testing.T) {
	plan := []string{"train", "--space", "mbv3-tiny", "--data", "none", "--out", "o"}
	for want, words := range map[string][]string{
		`"010" is no whole number`:         {"--epochs", "010"},
		`"0x10" is no whole number`:        {"--batch=0x10"},
		`"1_000" is no whole number`:       {"--networks", "1_000"},
		"--epochs is -5, expected 1 to":    {"--epochs", "-5"},
		"--lr is -0.5, expected":           {"--lr", "-.5"},
		`--seed: -1 is out of range`:       {"--seed", "-1"},
		"99999999999999999999 is out of":   {"--seed=99999999999999999999"},
		"--holdout is -1, expected 0":      {"--holdout", "-1"},
		`data: open "none"`:                {"--epochs", "+3"},
		"--weight-decay is -Inf, expected": {"--weight-decay", "-Inf"},
	} {
		if _, stderr := inFolder(t, append(slices.Clone(plan), words...)...); !strings.Contains(
			stderr, want) {
			t.Errorf("%q: %s, want %q", words, stderr, want)
		}
	}
}

func TestArguments(t *testing.T) {
	for want, args := range map[string][]string{
		"argument is empty": {"eval", "--run", ""},
		"--run is empty":    {"eval", "--run="},
		"an argument is empty": {"fit", "accuracy", "--run", "none", "--out", "o.json",
			"--queue", ""},
		"--queue is empty": {"fit", "accuracy", "--run", "none", "--out", "o.json", "--queue="},
		"is not UTF-8":     {"eval", "--run", "caf\xe9"},
		"zero byte":        {"eval", "a\x00b"},
		"- is not read":    {"eval", "--run", "-"},
		"path is empty": {"predict", "--space", "mbv3-tiny", "--arch", "max", "--latency",
			"a.json,,b.json"},
	} {
		if status, stderr := inFolder(t, args...); status != exitUsage || !strings.Contains(stderr,
			want) {
			t.Errorf("%q: status %d: %s, want %q", args, status, stderr, want)
		}
	}
}

// TestPathsAreKept: characters that mean something to a shell or a pattern mean nothing here.
func TestPathsAreKept(t *testing.T) {
	for _, path := range []string{"run[1]", "a*b?", "{x}", "ä ö", "-x", "a=b", "~x"} {
		_, stderr := inFolder(t, "eval", "--run=./"+path)
		if !strings.Contains(stderr, path) {
			t.Errorf("%s: %s", path, stderr)
		}
	}
}

// TestErrorsAreOneLine: whatever characters a name has, an error is one line, and does nothing to a
// terminal.
func TestErrorsAreOneLine(t *testing.T) {
	_, stderr := inFolder(t, "eval", "--run", "a\nb\x1b[31m\r\tc")
	if strings.Count(stderr, "\n") != 1 || strings.ContainsAny(stderr, "\x1b\r\t") ||
		!strings.Contains(stderr, `a\nb\x1b[31m\r\tc`) {
		t.Errorf("%q", stderr)
	}
}

func TestCount(t *testing.T) {
	for text, want := range map[string]count{
		"1": 1, "500000": 500000, "50M": 50e6, "1.5G": 15e8, "1.5k": 1500, "4.35M": 4_350_000,
		"1e6": 1e6, "0.001K": 1, "1e18": 1e18, "2e3m": 2e9,
		"0": 0, "0.5": 0, "0M": 0, "": 0, "5MK": 0, "5KM": 0, "5KK": 0, "5X": 0, "M": 0, "-1": 0,
		"+1": 0, "1.5": 0, "1.0001K": 0, "NaN": 0, "Inf": 0, "0x10": 0, "1_000": 0,
		"1e19": 0, "1e99G": 0, "1e999999999": 0, "1e400": 0, " 1": 0, "1/2": 0,
		"99999999999999999999": 0, "1e-3": 0,
	} {
		for range 4 { // the order of a map must not matter
			var c count
			if err := c.UnmarshalText([]byte(text)); (err == nil) != (want > 0) || c != want {
				t.Errorf("%q is %d (%v), want %d", text, c, err, want)
			}
		}
	}
}

// TestOutputIsInput: what is read is not replaced, whatever is asked for.
func TestOutputIsInput(t *testing.T) {
	dir := t.TempDir()
	table := filepath.Join(dir, "table.yaml")
	if err := os.WriteFile(table, []byte("a: {mean: 1}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, in := range []string{table, dir} {
		for _, force := range []string{"--quiet", "--force"} {
			if status, stderr := inFolder(t, "import", "ofa-latency", in, "--out", table,
				force); status != exitFailed || !strings.Contains(stderr, "it is an input") {
				t.Errorf("%s: status %d: %s", in, status, stderr)
			}
		}
	}
}

// TestMissingFiles: every command says alike that what it is to read is not there.
func TestMissingFiles(t *testing.T) {
	train := []string{"train", "--data", "synthetic", "--space", "mbv3-tiny", "--out", "run"}
	for _, args := range [][]string{
		append(slices.Clone(train), "--augment", "none.yaml"),
		append(slices.Clone(train), "--classes", "none"),
		{"train", "--data", "synthetic", "--space", "none.yaml", "--out", "run"},
		{"import", "ofa-accuracy", "none", "--out", "a.json"},
		{"import", "ofa-latency", "none", "--out", "a.json"},
		{"import", "ofa-supernet", "none", "--out", "run"},
		{"adopt", "none", "--out", "run"},
		{"fit", "latency", "--profile", "none", "--out", "a.json"},
		{"fit", "latency", "--measured", "none", "--out", "a.json"},
		{"spaces", "none.yaml"},
		{"spaces", "none.yaml", "--yaml"},
		{"export", "none", "--onnx", "a.onnx"},
	} {
		status, stderr := inFolder(t, args...)
		if status != exitFailed || strings.Contains(stderr, "stat ") ||
			!strings.Contains(stderr, "cannot read ") ||
			!strings.Contains(stderr, "none") || // the file
			!strings.Contains(stderr, "file does not exist: check the path") {
			t.Errorf("%q: status %d: %s", args, status, stderr)
		}
	}
}

// TestHopelessFit: a fit that is far off is said to be so, with what helps.
func TestHopelessFit(t *testing.T) {
	for _, c := range []struct {
		again string
		held  regress.HeldOut
		want  string
	}{
		{"try this", regress.HeldOut{Samples: 5, MAPE: 0.51}, "too much to search by: try this"},
		{"try that", regress.HeldOut{Samples: 5, MAPE: 9}, "try that"},
		{"try this", regress.HeldOut{Samples: 5, MAPE: 0.5}, ""},
		{"try this", regress.HeldOut{}, ""},
	} {
		var errs bytes.Buffer
		g := &Globals{}
		g.start(io.Discard, &errs)
		warnHopeless(g, c.held, c.again)
		if got := errs.String(); (got == "") != (c.want == "") || !strings.Contains(got, c.want) ||
			strings.Count(got, "\n") > 1 {
			t.Errorf("%+v: %q, want %q", c.held, got, c.want)
		}
	}
}
