package genes_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/predictor/genes"
)

// read reads texts as files of measurements.
func read(t *testing.T, s *genes.Space, key string, texts ...string) ([]genes.Measured, int,
	error) {
	t.Helper()
	var paths []string
	for i, text := range texts {
		path := filepath.Join(t.TempDir(), []string{"a", "b"}[i])
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return genes.ReadMeasured(paths, s, key, genes.Latency)
}

const small = `tailor: genes/1
name: small
genes:
  - {name: op, choices: [none, conv, pool]}
  - {name: unroll, choices: [1, 2, 4]}
`

// TestReadMeasured: the same measurements come out, however they are written.
func TestReadMeasured(t *testing.T) {
	s, err := genes.Parse("small.yaml", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	want := []genes.Measured{{Genes: genes.Configuration{1, 2}, Values: []float64{5, 7}},
		{Genes: genes.Configuration{0, 0}, Values: []float64{3}}}
	for name, text := range map[string]string{
		"names": `{"genes": {"op": "conv", "unroll": 4}, "value": 5}
{"genes": {"unroll": 1, "op": "none"}, "value": 3, "note": "x"}
{"genes": {"unroll": 4.0, "op": "conv"}, "value": 7}`,
		"array": `[{"genes": ["conv", 4], "value": 5}, {"genes": ["none", "1"], "value": 3},
{"genes": ["conv", "4"], "value": 7}]`,
		"numbers": `{"genes": [1, 4], "value": 5}
{"genes": [0, 1], "value": 3}
{"genes": [1, 4], "value": 7}`,
		"flat": `{"op": "conv", "unroll": 4, "value": 5}
{"op": 0, "unroll": 1, "value": 3}
{"op": "conv", "unroll": 4, "value": 7}`,
		"table":     "op,unroll,value\nconv,4,5\nnone,1,3\nconv,4,7\n",
		"columns":   "\xef\xbb\xbfvalue, seed, unroll, op\r\n5, x, 4, conv\r\n3, y, 1, none\r\n7, z, 4, 1\r\n",
		"semicolon": "op;unroll;value\nconv;4;5\nnone;1;3\n\"conv\";4.0;7",
		"tabs":      "op\tunroll\tvalue\nconv\t4\t5\nnone\t1\t3\nconv\t4\t7",
	} {
		got, failed, err := read(t, s, genes.DefaultValue, text)
		if err != nil || failed != 0 || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, %d failed (%v), want %v", name, got, failed, err, want)
		}
	}
	got, failed, err := read(t, s, "ms",
		"op,unroll,ms\nconv,4,5\nnone,1,3", `{"op": "conv", "unroll": 4, "ms": 7}
{"genes": {"op": "pool", "unroll": 4}, "failed": "exit status 1"}`)
	if err != nil || failed != 1 || !reflect.DeepEqual(got, want) {
		t.Errorf("two files: %v, %d failed (%v)", got, failed, err)
	}
}

// TestReadFailed: rows that say that a measurement failed are counted, in tables too; a column that
// says of each whether it did, as data frames have, is no failure of all.
func TestReadFailed(t *testing.T) {
	s, err := genes.Parse("small.yaml", []byte(strings.Replace(small, "[none, ", `["", `, 1)))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"keys": `{"op": "conv", "unroll": 4, "value": 5, "failed": null}
{"op": "", "unroll": 1, "value": 3, "failed": false}
{"op": "pool", "unroll": 1, "value": 3, "failed": ""}
{"op": "pool", "unroll": 2, "value": null, "failed": true}`,
		"table":  "op,unroll,value,failed\nconv,4,5,\n,1,3,False\npool,1,3,NaN\npool,2,,it took more than 1s\n",
		"tabs":   "op\tfailed\tvalue\tunroll\nconv\t\t5\t4\n\t\t3\t1\npool\t\t3\t1\npool\ttrue\t\t2\n",
		"blanks": "op, unroll, value, failed\nconv, 4, 5,\n, 1, 3,\n \"pool\", 1, 3,\npool, 2, , x\n",
	} {
		got, failed, err := read(t, s, genes.DefaultValue, text)
		if err != nil || failed != 1 || len(got) != 3 || got[1].Genes[0] != 0 {
			t.Errorf("%s: %v, %d failed (%v)", name, got, failed, err)
		}
	}
}

func TestReadMeasuredErrors(t *testing.T) {
	s, err := genes.Parse("small.yaml", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ text, want string }{
		{`{"genes": {"op": "cnov", "unroll": 4}, "value": 5}`, `:1: cannot learn from these measurements: "cnov" is no choice of op (did you mean conv?); expected none, conv, pool`},
		{`{"genes": {"pp": "conv", "unroll": 4}, "value": 5}`, `"pp" is no gene of small (did you mean op?)`},
		{"\n{\"genes\": {\"op\": \"conv\"}, \"value\": 5}", `:2: cannot learn from these measurements: gene unroll of small is missing`},
		{`{"op": "conv", "unrol": 4, "value": 5}`, `gene unroll of small is missing (is it "unrol"?)`},
		{`{"genes": [1], "value": 5}`, "1 genes, the space small has 2"},
		{`{"genes": [1, 0], "value": 5}`, `"0" is no choice of unroll`},
		{`{"genes": [3, 1], "value": 5}`, `"3" is no choice of op`},
		{`{"genes": [-1, 1], "value": 5}`, `"-1" is no choice of op`},
		{`{"genes": [null, 1], "value": 5}`, "gene op is null"},
		{`{"genes": 7, "value": 5}`, `"genes" is 7`},
		{`{"genes": [1, 1]}`, `"value" is missing, expected a number`},
		{`{"genes": [1, 1], "value": "5"}`, `"value" is "5", expected a number`},
		{`{"genes": [1, 1], "value": null}`, `"value" is null, expected a number`},
		{`{"genes": [1, 1], "value": 0}`, "the latency is 0, expected"},
		{`{"genes": [1, 1], "value": -2}`, "the latency is -2, expected"},
		{`{"genes": [1, 1], "value": 1e300}`, "the latency is 1e+300"},
		{`{"genes": [1, 1], "value": 5`, "ends too early"},
		{"op,unrol,value\nconv,4,5", `:1: cannot learn from these measurements: the heading has no column "unroll" (is it "unrol"?)`},
		{"op,unroll,op,value\nconv,4,conv,5", `the heading has "op" twice`},
		{"op,unroll,value\nconv,4,5\ncnov,4,5", `:3: cannot learn from these measurements: "cnov" is no choice of op (did you mean conv?)`},
		{"op,unroll,value\nconv,4,-1", `:2: cannot learn from these measurements: the latency is -1`},
		{"op,unroll,value\nconv,4,x", `:2: cannot learn from these measurements: "value" is "x", expected a number`},
		{"op,unroll,value\nconv,4,NaN", "the latency is NaN"},
		{"op,unroll,value\nconv,4", "wrong number of fields"},
		{"op,unroll,value\n\"conv,4,5", `extraneous or missing "`},
		{"", "is empty"},
		{"\xff\xfea", "is UTF-16"},
	} {
		_, _, err := read(t, s, genes.DefaultValue, c.text)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %q", c.text, err, c.want)
		}
	}
	if _, _, err := read(t, s, "op", ""); !errors.Is(err, genes.ErrMeasured) {
		t.Errorf("values under the name of a gene: %v", err)
	}
	var unknown *genes.UnknownError
	if _, _, err := read(t, s, "value", `{"genes": ["x", 1], "value": 1}`); !errors.As(err,
		&unknown) || unknown.Word != "x" || !errors.Is(err, genes.ErrMeasured) {
		t.Errorf("an unknown choice: %v", err)
	}
}

// FuzzReadMeasured: whatever a file holds, configurations are of the space and values are finite.
func FuzzReadMeasured(f *testing.F) {
	s, err := genes.Parse("small.yaml", []byte(small))
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{`{"genes": {"op": "conv", "unroll": 4}, "value": 5}`,
		`[{"genes": [0, 1], "value": 1e-3}]`, "op,unroll,value\nconv,4,5\n", "op;unroll\n\"",
		`{"op": 1, "unroll": 2, "failed": ""}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
		all, _, err := genes.ReadMeasured([]string{path}, s, genes.DefaultValue, genes.Accuracy)
		if err != nil {
			return
		}
		for _, m := range all {
			if err := s.Check(m.Genes); err != nil {
				t.Error(err)
			}
			for _, v := range m.Values {
				if !(v >= 0 && v <= 1) {
					t.Errorf("an accuracy of %g", v)
				}
			}
		}
	})
}
