package elsewhere

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// known are the networks that the texts of testdata are about. Their hashes are made up.
var known = []Network{
	{Name: "net-000-00000000"}, {Name: "net-001-11111111"},
	{Name: "net-002-22222222", Reference: true},
}

// short writes a text's runs as number:milliseconds.
func short(t *Text) (all []string) {
	for _, r := range t.Runs {
		all = append(all, fmt.Sprintf("%s:%.6g", r.Network[4:7], r.Value))
	}
	return all
}

// TestRead reads what the tools print. The files have the lines that benchmark_model's and
// onnxruntime_perf_test's sources print, with figures made up.
func TestRead(t *testing.T) {
	for name, want := range map[string]struct{ runs, tool string }{
		// The first has a median, which one slow inference does not move.
		"benchmark_model.txt":          {"000:12.25 001:6.4795", "benchmark_model XNNPACK threads=4"},
		"old_benchmark_model.txt":      {"000:79.7609", "benchmark_model threads=1"},
		"logcat.txt":                   {"000:141.253", "benchmark_model GPU threads=4"},
		"net-001-11111111.profile.csv": {"001:4.369", "benchmark_model"},
		"perf_test.txt":                {"000:99.5086 000:90.5 001:10.25", "onnxruntime_perf_test threads=1"},
		"table.csv":                    {"000:12.25 001:6.4795", ""},
	} {
		text, err := ReadFile(filepath.Join("testdata", name), Times, known)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := strings.Join(short(text), " "); got != want.runs ||
			text.Runs[0].Tool.String() != want.tool {
			t.Errorf("%s: %s with %q, want %+v", name, got, text.Runs[0].Tool, want)
		}
	}
}

// timing is a line of benchmark_model with its mean in microseconds.
func timing(us string) string {
	return "Inference timings in us: Init: 1, First inference: 2, Warmup (avg): 3, Inference (avg): " +
		us + "\n"
}

func TestReadNames(t *testing.T) {
	for _, c := range []struct{ name, file, text, want string }{
		{"a file's name", "net-001-11111111.2.log", timing("5"), "001:0.005"},
		{"a file's name and a model of any name", "net-001-11111111.log",
			"Graph: [/tmp/model.tflite]\n" + timing("5"), "001:0.005"},
		{"a command", "log", "+ adb shell bm --graph=/d/net-000-00000000.tflite\n" + timing("5"),
			"000:0.005"},
		{"lines of results alone", "log", "net-000-00000000\n" + timing("5") + timing("7") +
			"net-001-11111111\n" + timing("9"), "000:0.005 000:0.007 001:0.009"},
		{"line ends of Windows", "log", "net-000-00000000\r\n" + strings.ReplaceAll(timing("5"), "\n",
			"\r\n"), "000:0.005"},
		{"a count of other runs", "log", "net-000-00000000\ncount=2 avg=900 std=1 median=800\n" +
			timing("5"), "000:0.005"},
	} {
		text, err := Read(c.file, strings.NewReader(c.text), Times, known)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if got := strings.Join(short(text), " "); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestReadScript: what stands between two lines of measure.sh is of one run, and counts once it
// went well.
func TestReadScript(t *testing.T) {
	run := func(name, text, status string) string {
		return "# tailor run network=" + name + " repeat=1\n" + text + "# tailor end network=" + name +
			" repeat=1 status=" + status + "\n"
	}
	a, b := known[0].Name, known[1].Name
	text, err := Read("log", strings.NewReader("# tailor begin target=adb reference=net-009-99999999\n# tailor device Pixel 8 \n"+
		run(a, timing("5"), "0")+run(b, "Benchmarking failed.\n", "1")+
		"# tailor run network="+b+" repeat=1\n"+timing("8")+ // killed
		"# tailor begin target=adb\n"+run(b, timing("9"), "0")), Times, known)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(short(text), " "); got != "000:0.005 001:0.009" ||
		text.Device != "Pixel 8" || text.Runs[0].Session == text.Runs[1].Session {
		t.Errorf("%s, %+v", got, text)
	}
	if want := []string{"log:7 (net-001-11111111)"}; !reflect.DeepEqual(text.Failed, want) {
		t.Errorf("failed %q, want %q", text.Failed, want)
	}
}

// TestReadRefuses: what cannot be read is named with its line.
func TestReadRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"net-009-99999999\n" + timing("5"):                                                 "log:1: net-009-99999999 is none of the networks",
		"\n" + timing("5"):                                                                 "log:2: nothing says whose time this is",
		"Graph: [/tmp/mobilenet.tflite]\n" + timing("5"):                                   `log:2: "/tmp/mobilenet.tflite" is none`,
		"net-000-00000000\n" + timing("nan"):                                               `log:2: the time is "nan", expected a number`,
		"net-000-00000000\n" + timing("-3"):                                                `log:2: the time is "-3"`,
		"net-000-00000000\n" + timing("1e300"):                                             `log:2: the time is "1e300"`,
		"net-000-00000000\nInference timings in us: \n":                                    "log:2: there is no time behind",
		"network,median_us\nnet-000-00000000,x\n":                                          `log:2: the time is "x"`,
		"network,median_us\nnet-000-00000000\n":                                            "log:2: the row has 1 fields, expected 2",
		"network,median_us\nmobilenet,5\n":                                                 `log:2: "mobilenet" is none of the networks`,
		"network,speed\n":                                                                  "log:1: no column of the table has times",
		"# tailor end network=net-000-00000000 repeat=1 status=0\n":                        "log:1: a run of",
		"# tailor run network=net-000-00000000 repeat=1\nGraph: [net-001-11111111.tflite]": "log:2: the run is of",
		strings.Repeat("x", maxLine+1):                                                     "log:1: the line is longer than",
	} {
		_, err := Read("log", strings.NewReader(text), Times, known)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80q: %v, want %s", text, err, want)
		}
	}
	_, err := Read("log", strings.NewReader("hello\n"), Times, known)
	if !errors.Is(err, ErrNoRuns) {
		t.Errorf("%v, want that there are no measurements", err)
	}
}

func TestIsJSON(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	for text, want := range map[string]bool{
		"\n {\"arch\": 1}": true, "[ {\"arch\": 1}]": true, "[]": true, "\ufeff{": true,
		"[ 12%] /data/local/tmp/net": false, "INFO: STARTING!": false, "": false,
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if got, err := IsJSON(path); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

// FuzzRead: whatever the text, it is refused with a line or gives runs of the networks.
func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*.*")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add("# tailor run network=net-000-00000000 repeat=1\n# tailor end network=net-000-00000000 repeat=1 status=0")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := Read("log", strings.NewReader(text), Times, known)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "log:") && !errors.Is(err, ErrNoRuns) {
				t.Fatal(err)
			}
			return
		}
		for _, r := range got.Runs {
			names := map[string]bool{known[0].Name: true, known[1].Name: true, known[2].Name: true}
			if !(r.Value >= minMS && r.Value <= maxMS) || r.Line < 1 || !names[r.Network] {
				t.Fatalf("%+v", r)
			}
		}
		if _, err := Summarize(known, got.Runs); err != nil && !strings.Contains(err.Error(), "log:") {
			t.Fatal(err)
		}
	})
}
