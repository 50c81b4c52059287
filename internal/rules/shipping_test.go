package rules

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// mayShip are the modules besides ours that a program may have in it which only runs a network.
// Gorgonia, eaopt, SQLite, plots and the command line's packages are not among them.
var mayShip = []string{"golang.org/x/", "github.com/goccy/go-yaml"}

// maxShipped bounds the bytes of such a program.
const maxShipped = 6 << 20

// TestShippedProgramsAreSmall: a program that opens a network and runs it has little else in it,
// by the package tailor or by search/manifest alone.
func TestShippedProgramsAreSmall(t *testing.T) {
	for _, program := range []string{"./testdata/classify", "./testdata/logits"} {
		for _, dep := range foreignDeps(t, program) {
			if !hasPrefix(dep, mayShip) {
				t.Errorf("%s needs %s, which only training, searching and measuring may", program,
					dep)
			}
		}
		file := filepath.Join(t.TempDir(), "program.exe")
		out, err := exec.Command("go", "build", "-ldflags", "-s -w", "-o", file,
			program).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > maxShipped {
			t.Errorf("%s has %d bytes, more than %d", program, info.Size(), maxShipped)
		}
	}
}

// TestTailorIsStatic: nothing in tailor opens libraries, so that it runs where there are none, and
// goes on when one crashes in tailor-agent.
func TestTailorIsStatic(t *testing.T) {
	for _, dep := range foreignDeps(t, "../../cmd/tailor") {
		if strings.HasPrefix(dep, "github.com/ebitengine/purego") {
			t.Errorf("tailor needs %s, which makes a program dynamic", dep)
		}
	}
}

// foreignDeps are the packages of a program that are neither Go's nor ours, and runtime/cgo if it
// needs C.
func foreignDeps(t *testing.T, program string) (deps []string) {
	t.Helper()
	out, err := exec.Command("go", "list", "-deps", "-f",
		`{{if or (not .Standard) (eq .ImportPath "runtime/cgo")}}{{.ImportPath}}{{end}}`,
		program).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	own := 0
	for dep := range strings.FieldsSeq(string(out)) {
		if _, ours := room(dep); ours {
			own++
			continue
		}
		deps = append(deps, dep)
	}
	if own < 5 {
		t.Fatalf("%s has %d of our packages: go list says too little", program, own)
	}
	return deps
}

func hasPrefix(s string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}
