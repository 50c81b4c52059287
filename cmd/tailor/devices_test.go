package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tailor-nas/tailor/internal/jobs"
	"github.com/tailor-nas/tailor/internal/queue"
)

// TestProfileByQueue: a device behind a command, lent to a queue, is profiled by who asks the
// queue, with a file like any other, that says who made it; devices lists and compares profiles and
// lists the worker.
func TestProfileByQueue(t *testing.T) {
	agent := filepath.Join(t.TempDir(), "tailor-agent")
	build := exec.Command("go", "build", "-tags", "nativeonly", "-o", agent, "../tailor-agent")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	t.Setenv("TAILOR_AGENT_LOCK", agent)
	s, err := queue.Serve(queue.ServerConfig{Listen: "127.0.0.1:0", Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	ctx, cancel := context.WithCancel(t.Context())
	var ended sync.WaitGroup
	defer ended.Wait()
	defer cancel()
	work := func(more ...string) {
		args := append([]string{"work", "--queue", s.URL(), "--cache", t.TempDir()}, more...)
		ended.Go(func() {
			var out, problem strings.Builder
			if code := run(ctx, args, &out, &problem); code != exitDone {
				t.Errorf("tailor work: status %d, %s", code, problem.String())
			}
		})
	}
	work("--device", "exec:"+agent, "--name", "desk", "--runtime", "native")
	w := newWalkthrough(t)
	w.do("train", "train --space @micro.yaml --data synthetic --train-images 400 --test-images 60 --holdout 60 --epochs 1 --batch 32 --out @run")
	line := "profile --run @run --resolutions 12 --budget 1s --networks 4 --out @there.json --queue " +
		s.URL() + " --device-class "
	class := w.classOf(s)
	// Two measurements of one machine that is busy may differ by more than they should: it is
	// measured again then.
	for try := 0; ; try++ {
		code, stderr := w.try("there", line+class)
		if code == exitDone {
			break
		}
		if try == 5 || !strings.Contains(stderr, queue.ErrDiffer.Error()) {
			t.Fatalf("tailor %s: status %d, %s", line, code, stderr)
		}
	}
	w.do("here", "profile --run @run --resolutions 12 --budget 1s --networks 4 --out @here.json")
	if r := w.results["there"]; r["worker"] != "desk" ||
		r["blocks"] != w.results["here"]["blocks"] || fmt.Sprint(r["networks"]) != "4" {
		t.Errorf("profiled as %v", r)
	}
	w.do("fit", "fit latency --run @run --profile @there.json --out @latency.json")
	w.search(s)
	if r := w.measured(); r["top1_worker"] != nil || r["latency_worker"] != "desk" {
		t.Errorf("without a worker that measures accuracies, the winner was measured as %v", r)
	}
	work("--name", "counts", "--workers", "1")
	w.verify(s)
	w.do("list", "devices @ --queue "+s.URL())
	known := w.results["list"]["profiles"].([]any)
	live := w.results["list"]["workers"].([]any)[1].(map[string]any)
	if len(known) != 2 || known[1].(map[string]any)["worker"] != "desk" ||
		live["worker"] != "desk" || live["classes"].([]any)[0] != class ||
		w.results["list"]["comparison"] != nil {
		t.Errorf("devices says %v", w.results["list"])
	}
	w.do("compare", "devices @here.json @there.json")
	c := w.results["compare"]["comparison"].(map[string]any)
	if c["same_device_and_runtime"] != true ||
		fmt.Sprint(c["networks"].(map[string]any)["in_both"]) != "4" {
		t.Errorf("comparison is %v", c)
	}
}

// search has winners timed by the worker.
func (w *walkthrough) search(s *queue.Server) {
	w.t.Helper()
	w.do("fit accuracy", "fit accuracy --run @run --samples 12 --calibration 100 --out @accuracy.json")
	line := "search --run @run --accuracy @accuracy.json --latency @latency.json --max-latency 1h --force --out @winners --queue " +
		s.URL()
	for try := 0; ; try++ {
		code, stderr := w.try("search", line)
		if code == exitDone {
			break
		}
		if try == 5 || !strings.Contains(stderr, queue.ErrDiffer.Error()) {
			w.t.Fatalf("tailor %s: status %d, %s", line, code, stderr)
		}
	}
	found := w.measured()
	device := w.results["there"]["device"].(map[string]any)
	if found["device"] != device["id"] || found["latency_ms"] == nil {
		w.t.Errorf("the winner was measured as %v", found)
	}
}

// measured is what was measured of the winner of the last search.
func (w *walkthrough) measured() map[string]any {
	w.t.Helper()
	winner := w.results["search"]["winners"].([]any)[0].(map[string]any)
	return winner["measured"].(map[string]any)
}

// verify has the winner verified by the workers, to the accuracy that it has here. A latency that
// is no longer so, as the machine is busy, is none of its business.
func (w *walkthrough) verify(s *queue.Server) {
	w.t.Helper()
	w.wait(s, 2)
	here := w.measured()["top1"]
	w.do("verify", "verify @winners/latency-3600000ms --no-latency --queue "+s.URL())
	found := w.results["verify"]["found"].(map[string]any)
	if found["top1"] != here || found["top1_worker"] != "counts" {
		w.t.Errorf("found %v, here the top-1 is %v", found, here)
	}
	args := []string{"verify", w.path("winners/latency-3600000ms"), "--json", "--quiet", "--queue",
		s.URL()}
	var stdout, stderr bytes.Buffer
	for try := 0; try == 0 || try < 6 && stdout.Len() == 0; try++ {
		stderr.Reset()
		run(w.t.Context(), args, &stdout, &stderr)
	}
	if stdout.Len() == 0 {
		w.t.Fatalf("tailor %s: %s", args, stderr.String())
	}
	found = parse(w.t, "verify", stdout.Bytes()).(map[string]any)["found"].(map[string]any)
	if found["top1"] != here || found["top1_worker"] != "counts" ||
		found["latency_worker"] != "desk" {
		w.t.Errorf("found %v, here the top-1 is %v: %s", found, here, stderr.String())
	}
	w.search(s)
	if m := w.measured(); m["top1"] != here || m["top1_worker"] != "counts" {
		w.t.Errorf("the winner was measured as %v, here the top-1 is %v", m, here)
	}
}

// try runs a command line as do does, which may fail, and gives its status and what it said.
func (w *walkthrough) try(name, line string) (code int, problem string) {
	w.t.Helper()
	args := strings.Fields(line)
	for i, a := range args {
		if file, ok := strings.CutPrefix(a, "@"); ok {
			args[i] = w.path(file)
		}
	}
	var stdout, stderr bytes.Buffer
	code = run(w.t.Context(), append(args, "--json", "--quiet"), &stdout, &stderr)
	if code == exitDone {
		w.results[name] = parse(w.t, line, stdout.Bytes()).(map[string]any)
	}
	return code, stderr.String()
}

// classOf waits for the worker, and gives its class.
func (w *walkthrough) classOf(s *queue.Server) string { return w.wait(s, 1)[0].Classes[0] }

// wait waits for so many workers.
func (w *walkthrough) wait(s *queue.Server, n int) []queue.Live {
	w.t.Helper()
	c, err := queue.Dial(w.t.Context(), queue.Options{Access: queue.Access{URL: s.URL()}})
	if err != nil {
		w.t.Fatal(err)
	}
	defer c.Close()
	for w.t.Context().Err() == nil {
		all, err := c.Workers(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		if len(all) >= n {
			return all
		}
	}
	w.t.FailNow()
	return nil
}

// TestClassOf: a device is named by its worker, its ID, what it is, or its class.
func TestClassOf(t *testing.T) {
	one, two := strings.Repeat("1", 32), strings.Repeat("2", 32)
	workers := []queue.Live{
		{Worker: "counts", Kind: jobs.AccuracyKind, Classes: []string{"amd64-avx2"}},
		{Worker: "pi-a", Kind: jobs.ProfileKind, Device: one, About: "Cortex-A72, 4 cores",
			Classes: []string{one + "-native-3", one + "-onnxruntime-1_24"}},
		{Worker: "pi-b", Kind: jobs.ProfileKind, Device: one, About: "Cortex-A72, 4 cores",
			Classes: []string{one + "-native-3"}},
		{Worker: "rack", Kind: jobs.ProfileKind, Device: two, About: "Xeon, 8 cores",
			Classes: []string{two + "-native-3", two + "-openvino-2025"}},
	}
	for _, c := range []struct{ named, runtime, want, err string }{
		{"pi-b", "native", one + "-native-3", ""},
		{"1111", "native", one + "-native-3", ""},
		{"cortex-a72", "native", one + "-native-3", ""},
		{"xeon", "native", two + "-native-3", ""},
		{"", "openvino", two + "-openvino-2025", ""},
		{"", "onnxruntime", one + "-onnxruntime-1_24", ""},
		{"", "native", "", "2 classes"},
		{"cores", "native", "", "2 classes"},
		{"pi-b", "onnxruntime", "", "there are workers pi-a"},
		{"counts", "native", "", "no worker lends a device counts"},
		{"", "litert", "", "run tailor work"},
		{strings.Repeat("3", 32) + "-native-3", "native", strings.Repeat("3", 32) + "-native-3", ""},
		{one + "-native-3", "litert", "", "is of runtime native"},
	} {
		got, err := classOf(workers, c.named, c.runtime)
		if got != c.want || (err == nil) != (c.err == "") ||
			err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%q with %s is %q, %v; want %q, %s", c.named, c.runtime, got, err, c.want,
				c.err)
		}
	}
}

// TestPrintWorkers: why a worker waits stands below the table, and classes stay whole.
func TestPrintWorkers(t *testing.T) {
	class := strings.Repeat("4", 32) + "-native-3"
	var text strings.Builder
	printWorkers(&text, []queue.Live{
		{Worker: "desk", Kind: jobs.ProfileKind, Classes: []string{class}, About: "a desk"},
		{Worker: "drawer", Kind: jobs.ProfileKind, Classes: []string{class}, Later: "it is\nin use"},
	})
	if !strings.Contains(text.String(), class) ||
		!strings.HasSuffix(text.String(), `drawer waits: it is\nin use`+"\n") ||
		strings.Contains(text.String(), "desk waits") {
		t.Errorf("printed\n%s", text.String())
	}
}
