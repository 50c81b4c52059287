package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/micro"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/profiles"
)

// TestEnergyDocumentsFitSchemas fits a predictor of energy to a table beside the list of networks,
// and searches with it. What networks are predicted to take is compared with the table.
func TestEnergyDocumentsFitSchemas(t *testing.T) {
	schemas := compileSchemas(t)
	t.Chdir(t.TempDir())
	if err := os.WriteFile("micro.yaml", []byte(micro.SpaceYAML), 0o600); err != nil {
		t.Fatal(err)
	}
	do := func(line string) string {
		var out, errs bytes.Buffer
		if status := run(t.Context(), append(strings.Fields(line), "--quiet"), &out,
			&errs); status != exitDone {
			t.Fatalf("%s: status %d, %s", line, status, errs.String())
		}
		return out.String()
	}
	do("spaces micro.yaml --sample 16 --export onnx --out board")
	var table, top1 strings.Builder
	table.WriteString("network,median_us,energy_mj\n")
	want := map[string]float64{}
	for _, line := range strings.Split(strings.TrimSpace(read(t, "board/networks.jsonl")), "\n") {
		var n struct {
			Network string
			Arch    any
			MACs    float64
		}
		decode(t, line, &n)
		mj := 0.1 + n.MACs/1e5
		want[fmt.Sprint(n.Arch)] = mj
		fmt.Fprintf(&table, "%s,%g,%g\n", n.Network, 7.5, mj)
		archLine(&top1, line, n.MACs)
	}
	for name, text := range map[string]string{"board/meter.csv": table.String(),
		"top1.jsonl": top1.String()} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	do("fit energy --space micro.yaml --measured board/meter.csv --out energy.json")
	do("fit accuracy --space micro.yaml --measured top1.jsonl --model ridge --out accuracy.json")
	do("search --space micro.yaml --accuracy accuracy.json --energy energy.json --max-energy 80% --out best")
	do("search --space micro.yaml --accuracy accuracy.json --energy energy.json --pareto --cost energy --points 2 --out front")
	manifests, err := filepath.Glob("best/*/manifest.json")
	if err != nil || len(manifests) != 1 {
		t.Fatal(manifests, err)
	}
	for path, kind := range map[string]string{"energy.json": "energy", manifests[0]: "manifest",
		"front/front.json": "front"} {
		if err := schemas[kind].Validate(readJSON(t, path)); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	checkRefusals(t, "energy.json", schemas["energy"], readJSON(t, "energy.json").(map[string]any))
	var predicted struct {
		Archs []struct {
			Arch     any
			EnergyMJ float64 `json:"energy_mj"`
		}
	}
	decode(t, do("predict --space micro.yaml --energy energy.json --arch random:20 --json"),
		&predicted)
	known := 0
	for _, a := range predicted.Archs {
		if mj, ok := want[fmt.Sprint(a.Arch)]; ok {
			known++
			if a.EnergyMJ < 0.9*mj || a.EnergyMJ > 1.1*mj {
				t.Errorf("%v: %g mJ, the table has %g", a.Arch, a.EnergyMJ, mj)
			}
		}
	}
	if known == 0 {
		t.Error("no network is one of the table")
	}
}

// TestFitEnergyOfProfile: a profile's energies make a predictor; one without is refused, and so is
// what belongs to measurements of others.
func TestFitEnergyOfProfile(t *testing.T) {
	space := micro.ParseSpace(t, micro.SpaceYAML)
	p, without := micro.Profile(t, space)
	dir := t.TempDir()
	yaml, with, out := filepath.Join(dir, "micro.yaml"), filepath.Join(dir, "metered.json"),
		filepath.Join(dir, "energy.json")
	if err := os.WriteFile(yaml, []byte(micro.SpaceYAML), 0o600); err != nil {
		t.Fatal(err)
	}
	p.EnergySource = profiles.Powercap
	for i := range p.Networks {
		p.Networks[i].EnergyMJ = 0.001 + 4*p.Networks[i].LatencyMS
	}
	if err := p.Save(with); err != nil {
		t.Fatal(err)
	}
	fit := func(args ...string) (string, int) {
		var text, errs bytes.Buffer
		status := run(t.Context(), append([]string{"fit", "energy", "--space", yaml, "--out", out},
			args...), &text, &errs)
		return text.String() + errs.String(), status
	}
	for want, args := range map[string][]string{
		"has no energies of networks":  {"--profile", without},
		"--device-name":                {"--profile", with, "--device-name", "board"},
		"--profile and --measured":     {"--profile", with, "--measured", with},
		"fit energy":                   {},
		"is of kind profile, expected": {"--profile", with, "--from", with},
	} {
		if said, status := fit(args...); status == exitDone {
			t.Errorf("%v: %s, want %s", args, said, want)
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a refused fit left its file")
	}
	said, status := fit("--profile", with)
	if status != exitDone || !strings.Contains(said, "counted by its processor (powercap)") {
		t.Fatalf("status %d: %s", status, said)
	}
	if err := compileSchemas(t)["energy"].Validate(readJSON(t, out)); err != nil {
		t.Error(err)
	}
	e, err := predictor.LoadEnergy(out, space)
	if err != nil {
		t.Fatal(err)
	}
	all := micro.AllArchs(space)
	mj, err := e.Predict(all)
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range all {
		if want := 0.001 + 4*micro.NetworkMS(space, a); math.Abs(mj[i]/want-1) > 1e-6 {
			t.Errorf("%g mJ, want %g", mj[i], want)
		}
	}
	if e.Source != predictor.EnergyPowercap || e.Device != p.Identity().Device ||
		e.Inputs["profile"].SHA256 != p.SHA256 {
		t.Errorf("source %s, device %s, inputs %v", e.Source, e.Device, e.Inputs)
	}
}

// archLine writes the arch of a line with an invented accuracy.
func archLine(w *strings.Builder, line string, macs float64) {
	_, rest, _ := strings.Cut(line, `"arch":`)
	fmt.Fprintf(w, "{\"arch\":%s}, \"value\": %g}\n", rest[:strings.Index(rest, "}")],
		0.5+macs/1e7)
}

// TestSearchOfTwoDevices: energies of one device beside latencies of another are taken, as ids may
// be two names of one, but not in silence.
func TestSearchOfTwoDevices(t *testing.T) {
	space := micro.ParseSpace(t, micro.SpaceYAML)
	t.Chdir(t.TempDir())
	if err := os.WriteFile("micro.yaml", []byte(micro.SpaceYAML), 0o600); err != nil {
		t.Fatal(err)
	}
	var networks []predictor.NetworkEnergy
	for _, a := range micro.AllArchs(space)[:16] {
		networks = append(networks,
			predictor.NetworkEnergy{Arch: a, MJ: 4 * micro.NetworkMS(space, a)})
	}
	e, err := predictor.FitEnergy(space, networks, nil, regress.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	e.Device, e.Runtime, e.Source = "meter", "any", predictor.EnergyMeasured
	l := micro.Latency(t, space)
	l.Device = "meter"
	saves := map[string]func(string) error{"energy.json": e.Save, "same.json": l.Save,
		"accuracy.json": micro.Accuracy(t, space, strings.Repeat("5", 64)).Save}
	for name, save := range saves {
		if err := save(name); err != nil {
			t.Fatal(err)
		}
	}
	l.Device = "phone"
	if err := l.Save("other.json"); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]bool{"same.json": false, "other.json": true} {
		var out, errs bytes.Buffer
		status := run(t.Context(), strings.Fields("search --space micro.yaml --accuracy "+
			"accuracy.json --energy energy.json --max-energy 80% --out "+file+".d --latency "+file),
			&out, &errs)
		warned := strings.Contains(errs.String(),
			"latencies are those of phone, energies those of meter")
		if status != exitDone || warned != want {
			t.Errorf("%s: status %d, %s", file, status, errs.String())
		}
	}
}
