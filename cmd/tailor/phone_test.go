package main

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// fakeADB is a phone that is a folder, $PHONE, without anything that the real one would have.
const fakeADB = `#!/bin/sh
case $1 in
push) cp "$2" "$PHONE/$(basename "$3")" ;;
shell)
    getprop() { echo "${1##*.}"; }
    cd "$PHONE" && eval "$(printf '%s' "$2" | sed "s#/data/local/tmp/tailor#$PHONE#g")"
    ;;
esac
`

// fakeTool prints what benchmark_model does. A network takes a microsecond for 1500 MACs and 20
// more, and the phone grows slower from run to run: by half after fifty.
const fakeTool = `#!/bin/sh
for word in "$@"; do
    case $word in --graph=*) graph=${word#--graph=} ;; esac
done
network=$(basename "$graph" .tflite)
[ -f "$graph" ] || { echo "ERROR: Failed to load model"; echo "Benchmarking failed."; exit 1; }
echo x >>"$PHONE/runs"
us=$(grep "$network" "$NETWORKS" | sed 's/.*"macs":\([0-9]*\).*/\1/' |
    awk -v runs="$(wc -l <"$PHONE/runs")" '{ printf "%.2f", (20 + $1 / 1500) * (1 + runs / 100) }')
cat <<END
INFO: STARTING!
INFO: Log parameter values verbosely: [0]
INFO: Num threads: [1]
INFO: Graph: [$graph]
INFO: #threads used for CPU inference: [1]
INFO: Created TensorFlow Lite XNNPACK delegate for CPU.
INFO: count=70 first=85 curr=68 min=60 max=85 avg=71.07 std=6

INFO: count=50 first=$us curr=$us min=$us max=$us avg=$us std=0 p5=$us median=$us p95=$us

INFO: Inference timings in us: Init: 16, First inference: 85, Warmup (avg): 71.07, Inference (avg): $us
END
`

// phone is the folder that is measured, and how.
type phone struct {
	t      *testing.T
	dir    string // of networks
	env    []string
	script string
}

func newPhone(t *testing.T) *phone {
	t.Helper()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no sh")
	}
	root := t.TempDir()
	p := &phone{t: t, dir: filepath.Join(root, "networks")}
	p.script = filepath.Join(p.dir, "measure.sh")
	bin, device := filepath.Join(root, "bin"), filepath.Join(root, "device")
	for _, dir := range []string{bin, device} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	p.tailor("spaces", "mbv3-tiny", "--sample", "12", "--export", "tflite", "--out", p.dir)
	for path, text := range map[string]string{filepath.Join(bin, "adb"): fakeADB,
		filepath.Join(p.dir, "benchmark_model"): fakeTool} {
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	p.env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "PHONE="+device,
		"NETWORKS="+filepath.Join(p.dir, "networks.jsonl"), "COOL=0", "REPEATS=2")
	return p
}

// tailor runs a command line that must do.
func (p *phone) tailor(args ...string) (stdout string) {
	p.t.Helper()
	var out, errs bytes.Buffer
	if status := run(p.t.Context(), args, &out, &errs); status != exitDone {
		p.t.Fatalf("tailor %v: status %d: %s", args, status, errs.String())
	}
	return out.String()
}

// measure runs the script.
func (p *phone) measure(env []string, args ...string) (said string, status int) {
	cmd := exec.Command("sh", append([]string{p.script}, args...)...)
	cmd.Env = append(append([]string{}, p.env...), env...)
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		p.t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// TestPhone goes from a space to a predictor by way of a phone that has no tailor.
func TestPhone(t *testing.T) {
	t.Parallel()
	p := newPhone(t)
	if said, status := p.measure(nil, "adb", "tflite"); status != 0 {
		t.Fatalf("status %d: %s", status, said)
	}
	log := filepath.Join(p.dir, "measured-tflite.log")
	before := read(t, log)
	if said, status := p.measure(nil, "adb"); status != 0 || strings.Contains(said, "repeat") {
		t.Errorf("what is measured is measured again: status %d: %s", status, said)
	}
	if again := strings.TrimPrefix(read(t, log), before); strings.Contains(again, "run network") {
		t.Error(again)
	}
	out := filepath.Join(t.TempDir(), "phone.json")
	var fitted struct {
		Measured measuredInfo `json:"measured"`
	}
	decode(t, p.tailor("fit", "latency", "--measured", log, "--out", out, "--json"), &fitted)
	m := fitted.Measured
	if m.Networks != 12 || !m.Relative || m.Worst > 0.01 || len(m.Missing)+len(m.Unsteady) > 0 ||
		m.Device != "manufacturer model" || m.Runtime != "benchmark_model XNNPACK threads=1" {
		t.Errorf("%+v", m)
	}
	p.checkPredictions(out)
}

// checkPredictions compares networks that were not measured with the formula of the phone. How slow
// the phone is on average is one factor for all.
func (p *phone) checkPredictions(latency string) {
	var predicted struct {
		Archs []struct {
			MACs      float64            `json:"macs"`
			LatencyMS map[string]float64 `json:"latency_ms"`
		} `json:"archs"`
	}
	decode(p.t, p.tailor("predict", "--space", "mbv3-tiny", "--latency", latency, "--arch",
		"random:20", "--seed", "5", "--json"), &predicted)
	var ratios []float64
	sum := 0.0
	for _, a := range predicted.Archs {
		r := a.LatencyMS["phone"] / (0.020 + a.MACs/1500e3)
		ratios, sum = append(ratios, r), sum+r
	}
	for _, r := range ratios {
		if mean := sum / float64(len(ratios)); math.Abs(r/mean-1) > 0.04 || mean < 1 || mean > 2 {
			p.t.Errorf("%g times the formula, on average %g times", r, mean)
		}
	}
	if len(ratios) != 20 {
		p.t.Errorf("%d networks predicted", len(ratios))
	}
}

// TestPhoneRefuses: what is missing is said, and nothing is measured.
func TestPhoneRefuses(t *testing.T) {
	t.Parallel()
	p := newPhone(t)
	nothing := t.TempDir()
	for _, tool := range []string{"sh", "dirname", "grep", "tail"} {
		path, err := exec.LookPath(tool)
		if err == nil {
			err = os.Symlink(path, filepath.Join(nothing, tool))
		}
		if err != nil {
			t.Skip(err)
		}
	}
	for want, c := range map[string]struct{ env, args []string }{
		"usage: sh measure.sh":                          {nil, nil},
		"adb is not installed":                          {[]string{"PATH=" + nothing}, []string{"adb"}},
		"expected adb, ssh:HOST or local":               {nil, []string{"usb"}},
		"the format is 'onx', expected":                 {nil, []string{"adb", "onx"}},
		"onnx is not in this folder, which has: tflite": {nil, []string{"adb", "onnx"}},
		"REPEATS is '3x', expected a whole":             {[]string{"REPEATS=3x"}, []string{"adb"}},
		"REPEATS is 10, expected 9":                     {[]string{"REPEATS=10"}, []string{"adb"}},
		"THREADS is 0, expected 1":                      {[]string{"THREADS=0"}, []string{"adb"}},
		"CPUS is 'big', expected":                       {[]string{"CPUS=big"}, []string{"adb"}},
		"DIR is '/data/a b', expected":                  {[]string{"DIR=/data/a b"}, []string{"adb"}},
		"there is no none that runs on":                 {[]string{"TOOL=device:none"}, []string{"adb"}},
		"there is no file /none":                        {[]string{"TOOL=/none"}, []string{"adb"}},
		"expected letters, digits and . _ /":            {nil, []string{"ssh:pi;reboot"}},
	} {
		said, status := p.measure(c.env, c.args...)
		if status != 2 || !strings.Contains(said, want) {
			t.Errorf("%v %v: status %d: %s, want %q", c.env, c.args, status, said, want)
		}
	}
	if _, err := os.Stat(filepath.Join(p.dir, "measured-tflite.log")); err == nil {
		t.Error("a log was begun")
	}
}

// TestPhoneFails: a network that fails is said and tried again; another way to measure needs
// another log.
func TestPhoneFails(t *testing.T) {
	t.Parallel()
	p := newPhone(t)
	broken := filepath.Join(p.dir, "benchmark_model")
	if err := os.WriteFile(broken, []byte("#!/bin/sh\necho Benchmarking failed.\nexit 1\n"),
		0o755); err != nil {
		t.Fatal(err)
	}
	p.env = append(p.env, "REPEATS=1")
	if said, status := p.measure(nil, "adb"); status != 1 ||
		!strings.Contains(said, "11 runs failed; the same command tries them again") {
		t.Errorf("status %d: %s", status, said)
	}
	if said, status := p.measure([]string{"THREADS=4"}, "adb"); status != 2 ||
		!strings.Contains(said, "was measured with other settings") {
		t.Errorf("status %d: %s", status, said)
	}
	var out, errs bytes.Buffer
	if status := run(t.Context(), []string{"fit", "latency", "--measured",
		filepath.Join(p.dir, "measured-tflite.log"), "--out", filepath.Join(t.TempDir(), "l.json")},
		&out, &errs); status != exitFailed || !strings.Contains(errs.String(), "at least 10 networks") ||
		!strings.Contains(errs.String(), "12 networks were not measured") {
		t.Errorf("status %d: %s", status, errs.String())
	}
	if err := os.WriteFile(broken, []byte(fakeTool), 0o755); err != nil {
		t.Fatal(err)
	}
	if said, status := p.measure(nil, "adb"); status != 0 {
		t.Errorf("status %d: %s", status, said)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}

// TestMeasuredKept: what is read without being named is not replaced, with --force either.
func TestMeasuredKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a b's")
	var out, errs bytes.Buffer
	if status := run(t.Context(), []string{"spaces", "mbv3-tiny", "--sample", "1", "--export",
		"tflite", "--out", dir}, &out, &errs); status != 0 {
		t.Fatalf("status %d: %s", status, errs.String())
	}
	hint := "sh '" + strings.ReplaceAll(dir, "'", `'\''`) + "/measure.sh' adb"
	if !strings.Contains(out.String(), hint) {
		t.Errorf("%s, expected %s", out.String(), hint)
	}
	log := filepath.Join(dir, "measured-tflite.log")
	if err := os.WriteFile(log, []byte("# nothing\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	exported, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(exported) < 4 {
		t.Fatalf("%q: %v", exported, err)
	}
	for _, path := range exported {
		before := read(t, path)
		errs.Reset()
		status := run(t.Context(), []string{"fit", "latency", "--measured", log, "--out", path,
			"--force"}, &out, &errs)
		if status != exitFailed || !strings.Contains(errs.String(), "it is an input") {
			t.Errorf("%s: status %d: %s", path, status, errs.String())
		}
		if read(t, path) != before {
			t.Errorf("%s was replaced", path)
		}
	}
}

// TestShellWord: a shell reads back the path.
func TestShellWord(t *testing.T) {
	for _, path := range []string{"", "a/b-1.sh", "a b", "it's", "~/x", "$HOME", "a;b", "*", "a\nb",
		`\`, "`x`", "ä"} {
		got, err := exec.Command("sh", "-c", "printf %s "+shellWord(path)).Output()
		if err != nil || string(got) != path {
			t.Errorf("%q: a shell reads %q from %s: %v", path, got, shellWord(path), err)
		}
	}
	if got := shellWord("a/b-1.sh"); got != "a/b-1.sh" {
		t.Errorf("%s, expected no quotes", got)
	}
	if got := shellWord("-x"); got != "./-x" {
		t.Errorf("%s, expected no flag", got)
	}
	for n, want := range map[int]string{1: "1 network", 2: "2 networks"} {
		if got := networksText(n); got != want {
			t.Errorf("%s, expected %s", got, want)
		}
	}
}
