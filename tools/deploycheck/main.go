// Command deploycheck runs the Python programs of docs/deploy.md and compares their logits with
// those of tailor's own engine. See README.md.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/tailor-nas/tailor/internal/prepare"
	"github.com/tailor-nas/tailor/search/manifest"
)

// tolerance of the comparison, relative to the largest logit.
const tolerance = 1e-4

// program is a block of Python in the page, whose first line is its file's name.
var program = regexp.MustCompile("(?ms)^```python\n# (\\w+\\.py)\n(.*?)^```$")

// photos are the sides of those that are made: wide, high, square, smaller than any network. None
// is twice a network's size, where values may be exactly half way between two levels.
var photos = []image.Point{{211, 150}, {70, 201}, {96, 96}, {19, 23}}

func main() {
	python := flag.String("python", "python3",
		"Python that has onnxruntime, ai-edge-litert, pillow and numpy")
	page := flag.String("page", "docs/deploy.md", "the page with the programs")
	flag.Parse()
	if err := run(*python, *page, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "deploycheck:", err)
		os.Exit(1)
	}
}

func run(python, page string, winners []string) error {
	if len(winners) == 0 {
		return fmt.Errorf("name a winner's folder, or several")
	}
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	programs := program.FindAllStringSubmatch(string(text), -1)
	if len(programs) < 3 {
		return fmt.Errorf("%s has %d programs in Python, expected 3 or more", page, len(programs))
	}
	for _, w := range winners {
		if err := check(python, programs, w); err != nil {
			return fmt.Errorf("%s: %w", w, err)
		}
	}
	return nil
}

// check runs all programs on a winner in a folder of their own.
func check(python string, programs [][]string, winner string) error {
	dir, err := os.MkdirTemp("", "deploycheck-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(filepath.Join(dir, "winner"), os.DirFS(winner)); err != nil {
		return err
	}
	for _, p := range programs {
		if err := os.WriteFile(filepath.Join(dir, p[1]), []byte(p[2]), 0o600); err != nil {
			return err
		}
	}
	for _, size := range photos {
		want, err := ours(winner, filepath.Join(dir, "photo.png"), size)
		if err != nil {
			return err
		}
		for _, p := range programs {
			if !strings.HasPrefix(p[1], "classify") {
				continue
			}
			got, err := theirs(python, dir, p[1])
			if err != nil {
				return fmt.Errorf("%s: %w", p[1], err)
			}
			d := difference(got, want)
			fmt.Printf("%s, %dx%d, %s: off by %.1e\n", winner, size.X, size.Y, p[1], d)
			if !(d <= tolerance) {
				return fmt.Errorf("%s: the difference is %.1e, expected at most %g", p[1], d,
					tolerance)
			}
		}
	}
	return nil
}

// ours writes a photo and gives what tailor's engine makes of it.
func ours(winner, photo string, size image.Point) ([]float32, error) {
	if err := paint(photo, size); err != nil {
		return nil, err
	}
	m, net, err := manifest.Open(winner)
	if err != nil {
		return nil, err
	}
	c, err := net.Classifier(1)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	p, err := prepare.NewPreparer(prepare.Preparation(*m.Images.Preparation), c.Input().H)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(photo)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	img, err := prepare.DecodeImage(f)
	if err != nil {
		return nil, err
	}
	input := make([]float32, c.Input().Len())
	if err := p.Prepare(input, img); err != nil {
		return nil, err
	}
	return c.Logits(input)
}

// paint writes a photo with fine and coarse patterns.
func paint(path string, size image.Point) error {
	img := image.NewNRGBA(image.Rectangle{Max: size})
	for y := range size.Y {
		for x := range size.X {
			img.SetNRGBA(x, y, color.NRGBA{uint8(3 * x), uint8(5*y + x), uint8((x ^ y) * 2), 255})
		}
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := png.Encode(f, img); err != nil {
		return err
	}
	return f.Close()
}

// theirs runs a program, which prints a label and a list of logits.
func theirs(python, dir, name string) (logits []float64, err error) {
	cmd := exec.Command(python, name)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	_, list, found := strings.Cut(string(out), " [")
	if !found {
		return nil, fmt.Errorf("it printed %q", out)
	}
	return logits, json.Unmarshal([]byte("["+list), &logits)
}

// difference of values from others, relative to the largest of these; NaN if there are not as many.
func difference(got []float64, want []float32) float64 {
	if len(got) != len(want) {
		return math.NaN()
	}
	worst, scale := 0.0, 0.0
	for i, v := range want {
		worst = max(worst, math.Abs(got[i]-float64(v)))
		scale = max(scale, math.Abs(float64(v)))
	}
	return worst / scale
}
