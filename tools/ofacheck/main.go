// Command ofacheck compares what tailor makes of OFA's published accuracy predictor with what
// PyTorch makes of it. See README.md.
package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/tailor-nas/tailor/internal/pipeline"
	"github.com/tailor-nas/tailor/supernet"
)

//go:embed ofacheck.py
var script []byte

func main() {
	python := flag.String("python", "python3", "Python that has PyTorch")
	file := flag.String("predictor", "", "`acc_predictor.pth`")
	space := flag.String("space", "ofa-mbv3-w1.2", "search space")
	archs := flag.Int("archs", 1000, "random networks")
	flag.Parse()
	if err := run(os.Stdout, *python, *file, *space, *archs); err != nil {
		fmt.Fprintln(os.Stderr, "ofacheck:", err)
		os.Exit(1)
	}
}

// tolerance of the comparison with PyTorch.
const tolerance = 1e-5

func run(w io.Writer, python, file, name string, n int) error {
	space, err := supernet.LoadSpace(name)
	if err != nil {
		return err
	}
	a, err := pipeline.ImportAccuracy(space, file, nil)
	if err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(1, 0))
	archs, specs := make([]supernet.Arch, n), make([]supernet.Spec, n)
	for i := range archs {
		archs[i] = space.Random(r)
		archs[i].Resolution = uint16(a.Resolutions[r.IntN(len(a.Resolutions))])
		specs[i] = space.Spec(archs[i])
	}
	ours, err := a.Predict(archs)
	if err != nil {
		return err
	}
	theirs, err := ask(python, file, specs)
	if err != nil {
		return err
	}
	exact, single, theirOwn := 0.0, 0.0, 0.0
	for i, v := range ours {
		exact = max(exact, math.Abs(v-theirs.Exact[i]))
		single = max(single, math.Abs(v-theirs.Single[i]))
		theirOwn = max(theirOwn, math.Abs(theirs.Single[i]-theirs.Exact[i]))
	}
	fmt.Fprintf(w, "%d networks, PyTorch %s: largest difference %.1e from its float32, %.1e from its float64; its float32 from its float64 %.1e\n",
		n, theirs.Torch, single, exact, theirOwn)
	if !(exact <= tolerance && single <= tolerance) {
		return fmt.Errorf("the difference is more than %g", tolerance)
	}
	return nil
}

type answer struct {
	Torch  string    `json:"torch"`
	Exact  []float64 `json:"float64"`
	Single []float64 `json:"float32"`
}

// ask lets PyTorch predict.
func ask(python, file string, specs []supernet.Spec) (*answer, error) {
	dir, err := os.MkdirTemp("", "ofacheck-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "ofacheck.py")
	if err := os.WriteFile(path, script, 0o600); err != nil {
		return nil, err
	}
	in, err := json.Marshal(specs)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(python, path, "--predict", file)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", python, err)
	}
	a := &answer{}
	if err := json.Unmarshal(out, a); err != nil {
		return nil, fmt.Errorf("answer of %s: %w", python, err)
	}
	if len(a.Exact) != len(specs) || len(a.Single) != len(specs) {
		return nil, fmt.Errorf("%d and %d answers for %d networks", len(a.Exact), len(a.Single),
			len(specs))
	}
	return a, nil
}
