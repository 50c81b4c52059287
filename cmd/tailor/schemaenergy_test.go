package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/micro"
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

// archLine writes the arch of a line with an invented accuracy.
func archLine(w *strings.Builder, line string, macs float64) {
	_, rest, _ := strings.Cut(line, `"arch":`)
	fmt.Fprintf(w, "{\"arch\":%s}, \"value\": %g}\n", rest[:strings.Index(rest, "}")],
		0.5+macs/1e7)
}
