package rules

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// goProgram is a block of Go in a page of the docs.
var goProgram = regexp.MustCompile("(?ms)^```go\n(.*?)^```$")

// exampleOutside is the package clause of a test that sees what others see.
var exampleOutside = regexp.MustCompile(`(?m)^package \w+_test$`)

// TestLibraryPage: every program of docs/library.md compiles as it is written, in a module of its
// own, which cannot see internal packages.
func TestLibraryPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/library.md")
	if err != nil {
		t.Fatal(err)
	}
	programs := goProgram.FindAllSubmatch(page, -1)
	if len(programs) == 0 {
		t.Fatal("docs/library.md has no program")
	}
	for _, p := range programs {
		build(t, string(p[1]), "vet", ".")
	}
}

// TestLibraryProgram: the program of docs/library.md that needs nothing but itself trains,
// measures, searches and classifies.
func TestLibraryProgram(t *testing.T) {
	page, err := os.ReadFile("../../docs/library.md")
	if err != nil {
		t.Fatal(err)
	}
	ran := false
	for _, p := range goProgram.FindAllSubmatch(page, -1) {
		if !bytes.Contains(p[1], []byte(`"synthetic"`)) {
			continue
		}
		dir := build(t, string(p[1]), "build", "-o", "program.exe", ".")
		cmd := exec.Command(filepath.Join(dir, "program.exe"))
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.HasPrefix(string(out), "a blank image is a ") {
			t.Errorf("the program ended with %v and said %q", err, out)
		}
		if _, err := os.Stat(filepath.Join(dir, "winner", "manifest.json")); err != nil {
			t.Error(err)
		}
		ran = true
	}
	if !ran {
		t.Error("docs/library.md has no such program")
	}
}

// build runs a go command on a program in a module of its own, and gives its folder.
func build(t *testing.T, program string, args ...string) (dir string) {
	t.Helper()
	dir = moduleBeside(t)
	write(t, filepath.Join(dir, "main.go"), []byte(program))
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	return dir
}

// TestExamplesAreForOthers: the examples of packages that others can import are outside of these,
// and import nothing that others cannot.
func TestExamplesAreForOthers(t *testing.T) {
	for name := range mayImport {
		text, err := os.ReadFile(filepath.Join("../..", name, "example_test.go"))
		if errors.Is(err, fs.ErrNotExist) || strings.HasPrefix(name, "internal/") {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if !exampleOutside.Match(text) {
			t.Errorf("%s/example_test.go is not of a package NAME_test: nobody else could do what it shows",
				name)
		}
		if bytes.Contains(text, []byte(module+"internal/")) {
			t.Errorf("%s/example_test.go imports an internal package: nobody else could do what it shows", name)
		}
	}
}

// moduleBeside is a folder with a module that requires this one where it is, and the same versions
// of all others.
func moduleBeside(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	ours, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimSuffix(module, "/")
	mod := bytes.Replace(ours, []byte("module "+name), []byte("module example.com/cut"), 1)
	mod = append(mod, "\nrequire "+name+" v0.0.0\n\nreplace "+name+" => "+strconv.Quote(root)+
		"\n"...)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "go.mod"), mod)
	write(t, filepath.Join(dir, "go.sum"), sums)
	return dir
}

func write(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
}
