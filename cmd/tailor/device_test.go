package main

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/profiles/device"
)

// TestDevice: a device behind a command is profiled, searched for and verified on as this machine
// is, and it is told which device is which.
func TestDevice(t *testing.T) {
	agent := filepath.Join(t.TempDir(), "tailor-agent")
	build := exec.Command("go", "build", "-tags", "nativeonly", "-o", agent, "../tailor-agent")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	t.Setenv("TAILOR_AGENT_LOCK", agent)
	w := newWalkthrough(t)
	there := " --device exec:" + agent
	w.do("train", "train --space @micro.yaml --data synthetic --train-images 400 --test-images 60 --holdout 60 --epochs 1 --batch 32 --out @run")
	w.do("fit accuracy", "fit accuracy --run @run --samples 12 --calibration 100 --out @accuracy.json")
	w.do("here", "profile --run @run --budget 1s --networks 5 --out @here.json")
	w.do("there", "profile --run @run --budget 1s --networks 5 --out @there.json"+there)
	here, elsewhere := w.results["here"]["device"].(map[string]any),
		w.results["there"]["device"].(map[string]any)
	if here["id"] != elsewhere["id"] || here["id"] == "" {
		t.Errorf("the device is %v here and %v there", here["id"], elsewhere["id"])
	}
	w.do("fit", "fit latency --run @run --profile @there.json --out @latency.json")
	w.do("search", "search --run @run --accuracy @accuracy.json --latency @latency.json --max-latency 1h --out @winners"+there)
	winner := w.results["search"]["winners"].([]any)[0].(map[string]any)
	measured := winner["measured"].(map[string]any)
	if measured["device"] != here["id"] || measured["latency_ms"] == nil {
		t.Errorf("the winner was measured as %v", measured)
	}
	// whether the latency is as it was depends on what else the machine does
	w.do("verify", "verify @winners/latency-3600000ms --no-latency"+there)
	w.do("eval", "eval @winners/latency-3600000ms"+there)
	for line, want := range map[string]string{
		"search --run @run --accuracy @accuracy.json --max-macs 1G --out @w" + there:                        "says nothing without --latency",
		"search --run @run --accuracy @accuracy.json --latency @latency.json --no-verify --out @w" + there:  "--device times winners",
		"profile --run @run --out @p.json --keep-agent":                                                     "says nothing without --device",
		"profile --run @run --out @p.json --device somewhere":                                               "is no address of a device",
		"profile --run @run --out @p.json --bring-library @here.json" + there:                               "--bring-library says nothing",
		"profile --run @run --out @p.json --runtime litert --library /x --bring-library @here.json" + there: "leave one out",
		"verify @winners/latency-3600000ms --library /x" + there:                                            "without --runtime",
		"profile --run @run --out @p.json --keep-agent" + there:                                             "say nothing",
	} {
		w.refused(line, want)
	}
}

// refused wants a command line to be wrong usage.
func (w *walkthrough) refused(line, want string) {
	w.t.Helper()
	args := strings.Fields(line)
	for i, a := range args {
		if file, ok := strings.CutPrefix(a, "@"); ok {
			args[i] = w.path(file)
		}
	}
	var stdout, stderr bytes.Buffer
	if code := run(w.t.Context(), args, &stdout, &stderr); code != exitUsage ||
		!strings.Contains(stderr.String(), want) {
		w.t.Errorf("tailor %s: status %d, %s", line, code, stderr.String())
	}
}

// TestFitOfDoubt: a profile of a machine that changed meanwhile is fitted, and is said to be one.
func TestFitOfDoubt(t *testing.T) {
	w := newWalkthrough(t)
	w.do("profile", "profile --space @micro.yaml --resolutions 12 --budget 1s --networks 4 --out @p.json")
	p, err := profiles.Load(w.path("p.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, reason := range []string{"", "a neighbour came"} {
		p.Session.Unstable, p.Session.UnstableReason = reason != "", reason
		p.NetworkSession.Unstable, p.NetworkSession.UnstableReason = false, ""
		p.Session.Conditions, p.NetworkSession.Conditions = device.Conditions{}, device.Conditions{}
		if err := p.Save(w.path("p.json")); err != nil {
			t.Fatal(err)
		}
		code, stderr := w.try("fit", "fit latency --space @micro.yaml --profile @p.json --out @l.json --force")
		warned := strings.Contains(stderr, "in doubt") && strings.Contains(stderr, reason)
		if code != exitDone || warned != (reason != "") {
			t.Errorf("%q: status %d, %s", reason, code, stderr)
		}
	}
}
