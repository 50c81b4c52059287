package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestGeneDocumentsFitSchemas fits, searches and runs a command in a table of genes, and validates
// what each writes.
func TestGeneDocumentsFitSchemas(t *testing.T) {
	schemas := compileSchemas(t)
	t.Chdir(t.TempDir())
	var rows strings.Builder
	rows.WriteString("gene1,gene2,gene3,value\n")
	for n := range 27 {
		a, b, c := n%3, n/3%3, n/9
		fmt.Fprintf(&rows, "%d,%d,%d,%g\n", a, b, c, .1+.2*float64(a)+.1*float64(a*b)+.05*float64(c))
	}
	write := func(name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write("rows.csv", rows.String())
	write("more.csv", "gene1,gene2,gene3,value\n0,0,0,0.11\n")
	runs := map[string]string{
		"accuracy": "fit accuracy --genes 3,3,3 --measured rows.csv --out accuracy.json",
		"latency":  "fit latency --genes 3,3,3 --measured rows.csv more.csv --out latency.json",
		"found":    "search --genes 3,3,3 --accuracy accuracy.json --latency latency.json --max-latency 500us --out found.json",
		"front":    "search --genes 3,3,3 --accuracy accuracy.json --latency latency.json --pareto --out front.json",
	}
	kinds := map[string]string{"accuracy": "gene-accuracy", "latency": "gene-latency",
		"found": "gene-search", "front": "gene-search", "runs": "gene-search"}
	order := []string{"accuracy", "latency", "found", "front"}
	if _, err := os.Stat("/bin/sh"); err == nil {
		write("bench.sh", "echo $(($1 + $2 * $3))\n")
		runs["runs"] = "search --genes 3,3,3 --run-command|/bin/sh bench.sh {gene1} {gene2} {gene3}|--evaluations 12 --out runs.json"
		order = append(order, "runs")
	}
	for _, name := range order {
		var args []string
		for i, part := range strings.Split(runs[name], "|") {
			if i == 1 {
				args = append(args, part)
			} else {
				args = append(args, strings.Fields(part)...)
			}
		}
		var out, errs bytes.Buffer
		if status := run(t.Context(), append(args, "--quiet"), &out, &errs); status != exitDone {
			t.Fatalf("%v: status %d, %s", args, status, errs.String())
		}
		document := readJSON(t, name+".json").(map[string]any)
		schema := schemas[kinds[name]]
		if err := schema.Validate(document); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, key := range schema.Required {
			was := document[key]
			delete(document, key)
			if schema.Validate(document) == nil {
				t.Errorf("%s: accepted without %s", name, key)
			}
			document[key] = was
		}
		document["misspelt"] = true
		if schema.Validate(document) == nil {
			t.Errorf("%s: accepted with a misspelt key", name)
		}
	}
}
