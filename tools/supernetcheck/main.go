// Command supernetcheck compares what tailor computes with weights of OFA's supernets with what
// OFA's own package computes. See README.md.
package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/tailor-nas/tailor/internal/engine"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/ofa"
	"github.com/tailor-nas/tailor/supernet"
)

//go:embed supernetcheck.py
var script []byte

// tolerance is how far logits may be apart, relative to the largest of a network.
const tolerance = 1e-4

// ways are those in which weights are written.
var ways = []struct{ Format, Names string }{
	{"since 1.6", "code"}, {"before 1.6", "published"},
}

func main() {
	python := flag.String("python", "python3", "Python that has PyTorch and ofa")
	n := flag.Int("networks", 200, "random sub-networks of each file")
	spaces := flag.String("spaces", "ofa-mbv3,ofa-mbv3-w1.2,ofa-proxyless,ofa-resnet50",
		"whose supernets to compare")
	flag.Parse()
	if err := run(os.Stdout, *python, strings.Split(*spaces, ","), *n); err != nil {
		fmt.Fprintln(os.Stderr, "supernetcheck:", err)
		os.Exit(1)
	}
}

// beyond is the largest difference that the package's own rounding does not explain: where its
// float32 is farther from its float64 than half of that, a network of random weights makes much of
// any rounding, and says nothing.
func (c *check) beyond() float64 {
	worst := 0.0
	for _, d := range []float64{c.single, c.exact} {
		if d > 2*c.theirOwn {
			worst = max(worst, d)
		}
	}
	return worst
}

func run(w io.Writer, python string, spaces []string, n int) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "space\tPyTorch's format\tnames\ttensors\tnetworks\tpx\tfrom float32\tfrom float64\tfloat32 from float64\t")
	worst := 0.0
	for _, name := range spaces {
		space, err := supernet.LoadSpace(name)
		if err != nil {
			return err
		}
		for _, way := range ways {
			c := check{space: space, python: python, job: job{Space: name, Format: way.Format,
				Names: way.Names}}
			if err := c.compare(n); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%d\t%d to %d\t%.1e\t%.1e\t%.1e\t\n", name,
				way.Format, way.Names, c.tensors, n, c.low, c.high, c.single, c.exact, c.theirOwn)
			worst = max(worst, c.beyond())
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if !(worst <= tolerance) {
		return fmt.Errorf("the difference is %g, expected at most %g", worst, tolerance)
	}
	return nil
}

// job is what the script is asked for.
type job struct {
	Space  string    `json:"space"`
	Path   string    `json:"path"`
	Format string    `json:"format"`
	Names  string    `json:"names"`
	Archs  []network `json:"archs"`
}

type network struct {
	supernet.Spec
	Image string `json:"image"`
}

type answer struct {
	Torch  string      `json:"torch"`
	Single [][]float64 `json:"float32"`
	Exact  [][]float64 `json:"float64"` // of the first networks
}

// check is one file of weights.
type check struct {
	space     *supernet.Space
	python    string
	dir       string
	job       job
	tensors   int
	low, high int // resolutions
	// the largest differences: from PyTorch's float32, from its float64, and between those
	single, exact, theirOwn float64
}

// compare runs random sub-networks, of all resolutions of the space.
func (c *check) compare(n int) error {
	var err error
	if c.dir, err = os.MkdirTemp("", "supernetcheck-"); err != nil {
		return err
	}
	defer os.RemoveAll(c.dir)
	archs, err := c.draw(n)
	if err != nil {
		return err
	}
	theirs, err := c.ask()
	if err != nil {
		return err
	}
	s, err := ofa.ReadSupernet(context.Background(), c.space, c.job.Path)
	if err != nil {
		return err
	}
	if len(s.Unused) > 0 {
		return fmt.Errorf("%d tensors are not used: %.200s", len(s.Unused), s.Unused)
	}
	c.tensors = s.Tensors
	pool := nn.NewPool(1)
	defer pool.Close()
	run := engine.NewRunner(s.Net, pool)
	for i, a := range archs {
		run.Bind(c.space.Blocks(a), 1, nn.Infer)
		if err := c.image(run.Input(), c.job.Archs[i].Image); err != nil {
			return err
		}
		single, ours := theirs.Single[i], doubles(run.Forward())
		c.single = max(c.single, difference(ours, single))
		if i < len(theirs.Exact) {
			c.exact = max(c.exact, difference(ours, theirs.Exact[i]))
			c.theirOwn = max(c.theirOwn, difference(single, theirs.Exact[i]))
		}
	}
	return nil
}

// draw chooses sub-networks, the largest and the smallest among them, and writes an image for each
// resolution.
func (c *check) draw(n int) (archs []supernet.Arch, err error) {
	c.job.Path = filepath.Join(c.dir, "weights")
	r := rand.New(rand.NewPCG(1, 0))
	archs = []supernet.Arch{c.space.Max(), c.space.Min()}
	for len(archs) < n {
		archs = append(archs, c.space.Random(r))
	}
	archs = archs[:n]
	c.low = c.space.MaxResolution()
	for _, a := range archs {
		side := int(a.Resolution)
		c.low, c.high = min(c.low, side), max(c.high, side)
		path := filepath.Join(c.dir, fmt.Sprint(side))
		c.job.Archs = append(c.job.Archs, network{c.space.Spec(a), path})
		if _, err := os.Stat(path); err == nil {
			continue
		}
		raw := make([]byte, 0, 12*side*side)
		for range 3 * side * side {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(float32(r.NormFloat64())))
		}
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			return nil, err
		}
	}
	return archs, nil
}

// image reads an image.
func (c *check) image(dst []float32, path string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return binary.Read(bytes.NewReader(raw), binary.LittleEndian, dst)
}

// difference is the largest one, relative to the largest logit.
func difference(ours, theirs []float64) float64 {
	apart, largest := 0.0, 0.0
	for i, v := range theirs {
		apart = max(apart, math.Abs(ours[i]-v))
		largest = max(largest, math.Abs(v))
	}
	return apart / largest
}

func doubles(v []float32) (d []float64) {
	for _, x := range v {
		d = append(d, float64(x))
	}
	return d
}

// ask lets OFA's package write the weights and compute.
func (c *check) ask() (*answer, error) {
	path := filepath.Join(c.dir, "supernetcheck.py")
	if err := os.WriteFile(path, script, 0o600); err != nil {
		return nil, err
	}
	in, err := json.Marshal(c.job)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(c.python, path)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.python, err)
	}
	a := &answer{}
	if err := json.Unmarshal(out, a); err != nil {
		return nil, fmt.Errorf("answer of %s: %w", c.python, err)
	}
	if n := len(c.job.Archs); len(a.Single) != n || len(a.Exact) == 0 {
		return nil, fmt.Errorf("%d answers for %d networks", len(a.Single), n)
	}
	return a, nil
}
