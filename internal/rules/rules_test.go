package rules

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/tailor-nas/tailor/"

// mayImport is the table of rooms: what of ours each package may import, besides itself. A package
// that is missing here fails the test, so that whoever adds a room says what it may know.
var mayImport = map[string][]string{
	"internal/kernel":       {},
	"internal/export":       {"supernet"},
	"internal/onnx":         {"supernet", "internal/export", "internal/onnx/pb"},
	"internal/onnx/pb":      {},
	"internal/bug":          {},
	"internal/amount":       {},
	"internal/data":         {"internal/bug", "internal/prepare", "internal/amount"},
	"internal/prepare":      {},
	"internal/store":        {},
	"internal/rules":        {},
	"internal/torchfile":    {},
	"internal/textfile":     {},
	"internal/suggest":      {},
	"internal/settings":     {},
	"internal/measurements": {},
	"internal/nn":           {"internal/bug", "internal/kernel"},
	"internal/reference":    {"internal/kernel", "internal/nn"},
	"supernet": {"internal/nn", "internal/store", "internal/suggest",
		"internal/textfile"},
	"supernet/choices": {"supernet"},
	"trainer": {"supernet", "internal/data", "internal/nn", "internal/store",
		"internal/prepare", "internal/settings"},
	"trainer/prune": {"supernet", "trainer", "internal/data", "internal/nn",
		"internal/store", "internal/settings"},
	"trainer/prune/budget": {},
	"profiles": {"supernet", "internal/nn", "internal/store", "profiles/device",
		"profiles/timing"},
	"profiles/device": {},
	"profiles/timing": {"profiles/device"},
	"predictor": {"supernet", "supernet/choices", "predictor/regress",
		"internal/store", "internal/textfile"},
	"predictor/regress": {"internal/bug", "internal/kernel"},
	"search": {"supernet", "supernet/choices", "search/optimize",
		"internal/store", "search/manifest"},
	"search/manifest": {"supernet", "internal/store"},
	"search/optimize": {},
	"internal/ofa": {"supernet", "predictor/regress", "internal/textfile",
		"internal/torchfile"},
	"internal/report": {"internal/store"},
	"internal/tflite": {"supernet", "internal/export", "internal/tflite/schema"},
	"internal/pipeline": {"trainer/prune", "trainer/prune/budget", "supernet",
		"supernet/choices", "trainer", "profiles", "predictor", "predictor/regress", "search",
		"search/optimize", "internal/bug", "internal/data", "internal/measurements", "internal/ofa",
		"internal/report", "internal/store", "search/manifest", "profiles/device",
		"profiles/timing", "internal/export", "internal/onnx", "internal/tflite",
		"internal/elsewhere", "internal/nn"},
	"internal/elsewhere": {"supernet", "internal/textfile"},
	"tools/bench/search": {"supernet", "predictor", "search", "search/optimize",
		"internal/report"},
	"tools/bench/predictor": {"supernet", "supernet/choices", "trainer", "predictor",
		"predictor/regress", "search", "search/optimize", "internal/pipeline"},
	"tools/ofacheck":  {"supernet", "internal/pipeline"},
	"tools/onnxcheck": {"supernet", "internal/export", "internal/nn", "internal/onnx"},
	"tools/bench/ssgd": {"supernet", "trainer", "trainer/prune", "internal/data",
		"internal/report", "internal/store", "internal/pipeline", "search/manifest",
		"internal/textfile"},
	"tools/bench/transfer": {"supernet", "predictor", "predictor/regress", "profiles"},
	"tools/bench/pruned":   {"supernet", "predictor", "profiles", "profiles/device"},
	"tools/bench/sparse": {"supernet", "internal/kernel", "internal/nn", "internal/store",
		"profiles/device", "profiles/timing"},
	"tools/bench/step": {"supernet", "internal/data", "internal/kernel", "internal/nn",
		"internal/store", "internal/amount"},
	"tools/bench/blas": {"supernet", "internal/kernel"},
	"cmd/tailor": {"trainer/prune", "supernet", "supernet/choices", "trainer",
		"profiles", "predictor", "predictor/regress", "search", "search/optimize", "internal/bug",
		"internal/data", "internal/report", "internal/store", "internal/suggest",
		"internal/textfile", "internal/pipeline", "search/manifest", "profiles/device",
		"profiles/timing", "internal/amount", "internal/settings", "internal/elsewhere"},
	"internal/tflite/schema": {},
	"tools/tflitecheck": {"supernet", "internal/export", "internal/nn",
		"internal/tflite"},
	"internal/runtime/conformance": {"supernet", "profiles", "internal/nn"},
	"tools/bench/prunesearch": {"supernet", "trainer", "trainer/prune", "profiles",
		"predictor", "search", "search/optimize", "internal/data", "internal/report",
		"internal/pipeline", "search/manifest", "profiles/device", "internal/textfile"},
	".": {"search/manifest", "supernet", "internal/prepare"},
}

// onlyIn names the packages that heavy dependencies stay behind.
var onlyIn = map[string][]string{
	"gorgonia.org/":                  {"predictor/regress"},
	"github.com/MaxHalford/eaopt":    {"search/optimize"},
	"github.com/shirou/gopsutil":     {"profiles/device"},
	"github.com/alecthomas/kong":     {"cmd/tailor"},
	"github.com/schollz/progressbar": {"cmd/tailor"},
	"google.golang.org/protobuf":     {"internal/onnx", "internal/onnx/pb"},
	"gonum.org/v1/plot":              {"internal/report"},
	"github.com/goccy/go-yaml":       {"internal/textfile"},
	"modernc.org/sqlite":             {"internal/measurements"},
	"github.com/google/flatbuffers":  {"internal/tflite", "internal/tflite/schema"},
}

func TestImports(t *testing.T) {
	seen := 0
	for _, p := range packages(t) {
		name, _ := room(p.ImportPath)
		allowed, ok := mayImport[name]
		if !ok {
			t.Errorf("package %s is not in the table of rooms", name)
			continue
		}
		seen++
		for _, i := range p.Imports {
			if ours, ok := room(i); ok && !slices.Contains(allowed, ours) {
				t.Errorf("%s imports %s, which the table of rooms does not allow", name, ours)
			}
			for prefix, homes := range onlyIn {
				if strings.HasPrefix(i, prefix) && !slices.Contains(homes, name) {
					t.Errorf("%s imports %s, which only %v may", name, i, homes)
				}
			}
		}
	}
	if seen != len(mayImport) {
		t.Errorf("%d packages of the table exist, it has %d", seen, len(mayImport))
	}
}

// room is what the table calls a package of ours: its path, "." for the package tailor itself.
func room(importPath string) (name string, ours bool) {
	if importPath+"/" == module {
		return ".", true
	}
	return strings.CutPrefix(importPath, module)
}

// TestPermissionsAreUsed: the table allows nothing that neither a package nor its tests import.
func TestPermissionsAreUsed(t *testing.T) {
	used := map[string][]string{}
	for _, p := range packages(t) {
		name, _ := room(p.ImportPath)
		used[name] = slices.Concat(p.Imports, p.TestImports, p.XTestImports)
	}
	for name, allowed := range mayImport {
		for _, a := range allowed {
			if !slices.Contains(used[name], module+a) {
				t.Errorf("the table of rooms allows %s to import %s, which it does not: take that out", name, a)
			}
		}
	}
}

type pkg struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	// With the tag, and cgo, of the one program that is for those who have OpenBLAS.
	fields := "-json=ImportPath,Imports,TestImports,XTestImports"
	cmd := exec.Command("go", "list", "-tags", "openblas", fields, "./...")
	cmd.Dir, cmd.Env = "../..", append(os.Environ(), "CGO_ENABLED=1")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// watched are the files that start goroutines. Whoever adds one says here how a panic of it ends
// tailor in an orderly way, as internal/bug describes.
var watched = map[string]string{
	"cmd/tailor/interrupt.go":      "they wait for a signal and end the process themselves",
	"internal/nn/pool.go":          "Run panics in its caller",
	"internal/data/parallel.go":    "forEach gives the error",
	"internal/data/intake.go":      "finish gives the error",
	"internal/data/epoch.go":       "wait gives the error",
	"predictor/regress/heldout.go": "the group gives the error",
	"internal/pipeline/meter.go":   "the group gives the error, but for the goroutine that only hands out work",
}

var (
	starts = regexp.MustCompile(`(?m)^\s*go [a-z]|\.Go\(`)
	globs  = regexp.MustCompile(`filepath\.(Glob|Match)\(`)
)

// TestGoroutinesAreWatched: a panic that nobody catches would end the process with the status of
// wrong usage.
func TestGoroutinesAreWatched(t *testing.T) {
	for path, text := range sources(t) {
		if !starts.MatchString(text) || strings.HasPrefix(path, "tools/") {
			continue
		}
		if watched[path] == "" || path != "cmd/tailor/interrupt.go" &&
			!strings.Contains(text, "bug.") {
			t.Errorf("%s starts goroutines: catch their panics with internal/bug, and say how in this test", path)
		}
	}
}

// TestPathsAreNoPatterns: a path that somebody names may have brackets, which a pattern takes for
// something else.
func TestPathsAreNoPatterns(t *testing.T) {
	for path, text := range sources(t) {
		if globs.MatchString(text) {
			t.Errorf("%s uses a path as a pattern: read the folder instead", path)
		}
	}
}

// sources are the Go files of the project but for tests, by path.
func sources(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") ||
			strings.Contains(path, "_generate") {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(root, path)
		all[filepath.ToSlash(name)] = string(text)
		return err
	})
	if err != nil || len(all) < 100 {
		t.Fatalf("read %d files: %v", len(all), err)
	}
	return all
}
