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
	"internal/kernel": {},
	"internal/export": {"supernet"},
	"internal/adopt": {"internal/engine", "internal/nn", "internal/onnxgraph",
		"internal/store", "internal/tensorfile", "internal/weights", "supernet"},
	"internal/onnxgraph": {},
	"internal/onnx":      {"internal/export", "internal/onnx/pb", "supernet"},
	"internal/onnx/pb":   {},
	"internal/bug":       {},
	"internal/amount":    {},
	"internal/data": {"internal/amount", "internal/augment", "internal/bug",
		"internal/imagecache", "internal/prepare", "internal/settings", "internal/store",
		"internal/textfile"},
	"internal/prepare":      {},
	"internal/store":        {"supernet/provenance"},
	"supernet/provenance":   {},
	"internal/weights":      {"internal/nn", "internal/safetensors"},
	"internal/engine":       {"internal/nn", "internal/weights", "supernet"},
	"internal/safetensors":  {"internal/elements", "internal/store"},
	"internal/elements":     {},
	"internal/tensorfile":   {"internal/safetensors", "internal/store", "internal/torchfile"},
	"internal/rules":        {},
	"internal/torchfile":    {"internal/elements"},
	"internal/textfile":     {"internal/store"},
	"internal/suggest":      {},
	"internal/settings":     {},
	"internal/measurements": {},
	"internal/nn":           {"internal/bug", "internal/kernel", "internal/ranks"},
	"internal/ranks":        {},
	"internal/mpi":          {"internal/ranks", "internal/runtime/clib"},
	"internal/reference":    {"internal/kernel", "internal/nn"},
	"supernet/choices":      {"supernet"},
	"supernet": {"internal/nn", "internal/settings", "internal/store", "internal/suggest",
		"internal/textfile", "internal/weights"},
	"trainer/prune/budget": {},
	"trainer": {"internal/augment", "internal/bug", "internal/data", "internal/engine", "internal/nn",
		"internal/passes", "internal/ranks", "internal/safetensors", "internal/settings", "internal/store",
		"internal/textfile", "internal/transfer", "internal/visible", "internal/weights",
		"supernet", "supernet/choices", "supernet/provenance"},
	"trainer/prune": {"internal/augment", "internal/data", "internal/nn",
		"internal/safetensors", "internal/settings", "internal/standalone", "internal/store",
		"internal/weights", "supernet", "supernet/provenance", "trainer"},
	"profiles/device": {},
	"profiles/timing": {"profiles/device"},
	"profiles": {"internal/engine", "internal/nn", "internal/settings", "internal/store",
		"profiles/device", "profiles/timing", "supernet", "supernet/provenance"},
	"predictor/regress":    {"internal/bug", "internal/kernel"},
	"predictor/blocktimes": {"predictor/regress", "supernet"},
	"predictor/design":     {"predictor", "predictor/regress", "supernet"},
	"predictor/genes": {"internal/bug", "internal/kriging", "internal/store", "internal/suggest",
		"internal/textfile", "predictor/regress", "supernet/provenance"},
	"internal/genesearch": {"internal/store", "internal/textfile", "predictor/genes",
		"predictor/regress", "search", "search/optimize", "supernet/provenance"},
	"predictor": {"internal/store", "internal/textfile", "predictor/blocktimes",
		"predictor/regress", "supernet", "supernet/choices", "supernet/provenance"},
	"search/manifest": {"internal/safetensors", "internal/store", "supernet",
		"supernet/provenance"},
	"search/optimize":  {"internal/kriging"},
	"internal/kriging": {},
	"search": {"internal/store", "search/manifest", "search/optimize", "supernet",
		"supernet/choices", "supernet/provenance"},
	"internal/report":  {"internal/store"},
	"internal/visible": {},
	"internal/page": {"internal/page/sample", "internal/report", "internal/store",
		"internal/visible"},
	"internal/page/sample": {"internal/page"},
	"internal/findings": {"internal/measurements", "internal/micro", "internal/page",
		"internal/pipeline", "internal/report", "internal/store", "internal/visible",
		"internal/winners", "predictor", "predictor/regress", "profiles", "search",
		"search/manifest", "search/optimize", "supernet", "supernet/choices",
		"supernet/provenance", "trainer", "trainer/prune"},
	"internal/tflite":     {"internal/export", "internal/tflite/schema", "supernet"},
	"tools/ofacheck":      {"internal/pipeline", "supernet"},
	"tools/supernetcheck": {"internal/engine", "internal/nn", "internal/ofa", "supernet"},
	"tools/adoptcheck":    {"internal/adopt", "supernet"},
	"tools/onnxcheck": {"internal/engine", "internal/export", "internal/nn", "internal/onnx",
		"supernet"},
	"tools/bench/latency": {"predictor", "predictor/design", "predictor/regress", "profiles",
		"supernet", "supernet/choices"},
	"tools/bench/transfer": {"predictor", "predictor/regress", "profiles", "supernet"},
	"tools/bench/shrinking": {"internal/meter", "predictor", "predictor/regress", "search",
		"search/optimize", "supernet", "supernet/choices", "trainer"},
	"tools/bench/pruned": {"predictor", "profiles", "profiles/device", "supernet"},
	"tools/bench/blas":   {"internal/kernel", "supernet"},
	"tools/bench/kernels": {"internal/engine", "internal/kernel", "internal/nn",
		"profiles/device", "supernet"},
	"tools/bench/instructions": {},
	"tools/bench/budgets": {"internal/simulated", "predictor", "predictor/regress", "search",
		"search/optimize", "supernet", "supernet/choices"},
	"internal/simulated": {"supernet"},
	"tools/bench/predictor": {"internal/meter", "predictor", "predictor/regress", "search",
		"search/optimize", "supernet", "supernet/choices", "trainer"},
	"tools/bench/prunesearch": {"internal/refine", "internal/reopen", "internal/report", "internal/textfile",
		"internal/winners", "predictor", "profiles", "profiles/device", "search",
		"search/manifest", "search/optimize", "supernet", "trainer", "trainer/prune"},
	"tools/bench/fleet": {"internal/measurements"},
	"tools/bench/deps": {"internal/meter", "internal/report", "internal/textfile", "predictor",
		"predictor/regress", "search", "search/optimize", "supernet", "supernet/choices",
		"trainer"},
	"tools/bench/tables": {"search/optimize"},
	"tools/bench/search": {"internal/report", "predictor", "search", "search/optimize",
		"supernet"},
	"tools/bench/sparse": {"internal/engine", "internal/kernel", "internal/nn",
		"internal/store", "profiles/device", "profiles/timing", "supernet"},
	"tools/bench/ssgd": {"internal/data", "internal/reopen", "internal/report",
		"internal/safetensors", "internal/standalone", "internal/textfile",
		"internal/weights", "search/manifest", "supernet", "trainer", "trainer/prune"},
	"tools/bench/ranks": {"internal/engine", "internal/mpi", "internal/nn", "internal/ranks",
		"supernet", "trainer"},
	"tools/bench/step": {"internal/amount", "internal/data", "internal/engine",
		"internal/kernel", "internal/nn", "internal/safetensors", "internal/store",
		"internal/weights", "supernet"},
	"tools/bench/profiles": {"internal/pipeline", "internal/runtime/remote", "internal/store",
		"internal/winners", "predictor", "predictor/regress", "profiles", "search",
		"search/optimize", "supernet"},
	"tools/fleetsim":    {"internal/textfile"},
	"tools/profilediff": {"internal/devices", "profiles"},
	"tools/alonecheck":  {"internal/ship", "search/manifest", "supernet"},
	"tools/deploycheck": {"internal/prepare", "search/manifest"},
	"tools/tflitecheck": {"internal/amount", "internal/engine", "internal/export",
		"internal/nn", "internal/tflite", "internal/weights", "supernet"},
	"internal/tflite/schema": {},
	"internal/runtime/conformance": {"internal/engine", "internal/nn", "profiles",
		"profiles/device", "supernet"},
	"internal/runtime/agent": {"internal/bug", "internal/runtime/protocol",
		"internal/settings", "profiles/device", "profiles/timing"},
	"internal/runtime/link":    {"internal/bug"},
	"internal/runtime/netfile": {"internal/export", "internal/safetensors", "supernet"},
	"internal/runtime/native": {"internal/export", "internal/runtime/agent", "internal/runtime/netfile",
		"internal/runtime/protocol", "profiles"},
	"internal/runtime/clib":    {},
	"internal/runtime/library": {},
	"internal/runtime/litert": {"internal/runtime/agent", "internal/runtime/clib",
		"internal/runtime/library", "internal/runtime/protocol"},
	"internal/runtime/onnxruntime": {"internal/runtime/agent", "internal/runtime/clib",
		"internal/runtime/library", "internal/runtime/protocol"},
	"internal/runtime/openvino": {"internal/runtime/agent", "internal/runtime/clib",
		"internal/runtime/library", "internal/runtime/protocol"},
	"internal/runtime/protocol": {"profiles/device"},
	"internal/runtime/remote": {"internal/export", "internal/onnx", "internal/runtime/agent",
		"internal/runtime/conformance", "internal/runtime/link", "internal/runtime/netfile",
		"internal/runtime/protocol", "internal/settings", "internal/tflite", "profiles",
		"profiles/device", "supernet"},
	"internal/fleet": {"internal/runtime/conformance", "internal/runtime/link",
		"internal/runtime/remote", "profiles", "profiles/device", "supernet"},
	"internal/queue":   {"internal/bug"},
	"internal/devices": {"internal/micro", "internal/store", "profiles", "profiles/timing"},
	"internal/jobs": {"internal/amount", "internal/data", "internal/export", "internal/measurements",
		"internal/meter", "internal/micro", "internal/passes", "internal/pipeline",
		"internal/prepare", "internal/queue", "internal/runtime/netfile",
		"internal/runtime/remote", "internal/safetensors", "internal/ship", "internal/store",
		"internal/weights", "internal/winners", "predictor", "profiles", "profiles/device",
		"profiles/timing", "search", "search/manifest", "search/optimize", "supernet", "trainer"},
	"internal/classify": {"internal/prepare", "search/manifest", "supernet"},
	"internal/evaluate": {"internal/onnx/pb", "internal/tflite/schema"},
	"internal/meter": {"internal/bug", "internal/data", "internal/measurements", "predictor",
		"profiles/device", "supernet", "trainer"},
	"internal/micro": {"internal/store", "predictor", "predictor/regress", "profiles",
		"profiles/device", "profiles/timing", "supernet", "trainer"},
	"internal/ofa": {"internal/store", "internal/tensorfile", "internal/textfile",
		"internal/torchfile", "predictor/regress", "supernet"},
	"internal/passes": {"internal/data", "internal/engine", "internal/nn", "internal/prepare",
		"supernet"},
	"internal/pipeline": {".", "internal/adopt", "internal/bug", "internal/classify",
		"internal/data", "internal/elsewhere", "internal/engine", "internal/export",
		"internal/meter", "internal/nn", "internal/ofa", "internal/passes", "internal/prepare",
		"internal/reopen", "internal/report", "internal/ship", "internal/store",
		"internal/winners", "predictor", "predictor/regress", "profiles", "search",
		"search/manifest", "search/optimize", "supernet", "supernet/choices", "trainer"},
	"internal/reopen": {"internal/data", "internal/standalone", "internal/store",
		"search/manifest", "supernet", "trainer"},
	"internal/refine": {"internal/data", "internal/micro", "internal/pipeline",
		"internal/reopen", "internal/ship", "internal/standalone", "internal/store",
		"internal/winners", "predictor", "profiles", "profiles/timing", "search",
		"search/manifest", "search/optimize", "supernet", "trainer", "trainer/prune",
		"trainer/prune/budget"},
	"internal/quickstart": {"internal/pipeline", "internal/refine", "internal/ship",
		"internal/store", "internal/winners", "predictor", "predictor/regress", "profiles",
		"profiles/device", "profiles/timing", "search", "search/optimize", "supernet",
		"trainer", "trainer/prune"},
	"internal/ship": {"internal/evaluate", "internal/export", "internal/onnx",
		"internal/store", "internal/tflite", "search/manifest", "supernet"},
	"internal/standalone": {"internal/data", "internal/engine", "internal/nn",
		"internal/passes", "internal/transfer", "internal/weights", "supernet", "trainer"},
	"internal/winners": {"internal/data", "internal/report", "internal/ship",
		"internal/store", "predictor", "profiles", "profiles/device", "profiles/timing",
		"search", "search/manifest", "search/optimize", "supernet", "trainer"},
	"internal/doctor": {"internal/bug", "internal/data", "internal/runtime/protocol",
		"internal/runtime/remote", "profiles", "profiles/device", "supernet"},
	"internal/elsewhere":  {"internal/store", "internal/textfile", "predictor/regress", "supernet"},
	"internal/augment":    {"internal/store", "internal/suggest", "internal/textfile"},
	"internal/imagecache": {"internal/store"},
	"internal/transfer":   {"internal/nn", "internal/safetensors"},
	".":                   {"internal/classify", "internal/prepare", "search/manifest", "supernet"},
	"cmd/tailor": {"internal/amount", "internal/bug", "internal/data", "internal/devices",
		"internal/doctor",
		"internal/elsewhere", "internal/findings", "internal/fleet", "internal/genesearch",
		"internal/jobs", "internal/meter", "internal/mpi", "internal/page", "internal/pipeline",
		"internal/queue", "internal/quickstart", "internal/ranks", "internal/refine",
		"internal/reopen", "internal/report", "internal/runtime/remote", "internal/settings", "internal/store", "internal/suggest",
		"internal/textfile", "internal/visible", "internal/winners", "predictor",
		"predictor/design", "predictor/genes", "predictor/regress", "profiles", "profiles/device",
		"profiles/timing", "search", "search/manifest", "search/optimize", "supernet",
		"supernet/choices", "trainer", "trainer/prune"},
	"cmd/tailor-agent": {"internal/runtime/agent", "internal/runtime/litert",
		"internal/runtime/native", "internal/runtime/onnxruntime", "internal/runtime/openvino",
		"internal/runtime/protocol", "profiles/device"},
}

// onlyIn names the packages that heavy dependencies stay behind.
var onlyIn = map[string][]string{
	"gorgonia.org/":                  {"predictor/regress"},
	"github.com/MaxHalford/eaopt":    {"search/optimize"},
	"github.com/shirou/gopsutil":     {"profiles/device"},
	"github.com/alecthomas/kong":     {"cmd/tailor"},
	"github.com/schollz/progressbar": {"cmd/tailor"},
	"google.golang.org/protobuf": {"internal/onnx", "internal/onnx/pb", "internal/evaluate",
		"internal/onnxgraph"},
	"gonum.org/v1/plot":        {"internal/report"},
	"github.com/goccy/go-yaml": {"internal/textfile"},
	"modernc.org/sqlite":       {"internal/measurements"},
	"github.com/google/flatbuffers": {"internal/tflite", "internal/tflite/schema",
		"internal/evaluate"},
	"github.com/ebitengine/purego": {"internal/runtime/clib"},
	"golang.org/x/crypto/":         {"internal/fleet"},
	"github.com/nats-io/":          {"internal/queue"},
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
			if !slices.Contains(used[name], strings.TrimSuffix(module+a, "/.")) {
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
	// With the tag, and cgo, of the one program that is for those who have OpenBLAS, and the tag of
	// a tailor that trains on several machines.
	fields := "-json=ImportPath,Imports,TestImports,XTestImports"
	cmd := exec.Command("go", "list", "-tags", "openblas,mpi", fields, "./...")
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
	"cmd/tailor/interrupt.go":              "they wait for a signal and end the process themselves",
	"internal/nn/pool.go":                  "Run panics in its caller",
	"internal/data/parallel.go":            "forEach gives the error",
	"internal/data/intake.go":              "finish gives the error",
	"internal/data/epoch.go":               "wait gives the error",
	"predictor/genes/candidates.go":        "the group gives the error",
	"predictor/regress/heldout.go":         "the group gives the error",
	"internal/runtime/link/child_linux.go": "startChild gives the error",
	"internal/runtime/agent/lock.go":       "nothing depends on what it only tells others",
	"internal/bug/until.go":                "CatchUntil gives the error",
	"internal/queue/work.go":               "the group gives the error; that of a job's hold matters to nobody",
	"internal/meter/meter.go":              "the group gives the error, but for the goroutine that only hands out work",
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
			!strings.Contains(text, "bug.") && !strings.HasPrefix(path, "internal/bug/") {
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
