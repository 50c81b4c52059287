package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/tailor-nas/tailor/internal/pipeline"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/supernet"
)

type importCmd struct {
	OFAAccuracy importAccuracyCmd `cmd:"" name:"ofa-accuracy" help:"Read the accuracy predictor that OFA published, acc_predictor.pth. Nothing in the file is executed."`
	OFALatency  importLatencyCmd  `cmd:"" name:"ofa-latency" help:"Read latency tables in OFA's YAML format, or ProxylessNAS's in JSON."`
	OFASupernet importSupernetCmd `cmd:"" name:"ofa-supernet" help:"Read the weights of a supernet that OFA's authors trained, or others with their program, and write a run: eval, fit, search and export work on it, with images of --data. Nothing in the file is executed."`
}

type importAccuracyCmd struct {
	File        string `arg:"" help:"The state dict, in PyTorch's format before 1.6." type:"path"`
	Space       string `help:"Space that it predicts: name of a shipped one, or a YAML file." default:"ofa-mbv3-w1.2" type:"source"`
	Resolutions []int  `help:"Resolutions that it was fitted to. Default those of the published one: 160,176,192,208,224; of ofa-resnet50 those of the space." range:"1..10000"`
	Out         string `required:"" help:"File to write." type:"path" out:"accuracy"`
	outFlags
}

type importLatencyCmd struct {
	Files   []string `arg:"" help:"Tables, one for each resolution, or a folder of .yaml ones." type:"path"`
	Space   string   `help:"Space whose blocks they are of: name of a shipped one, or a YAML file." default:"ofa-mbv3-w1.2" type:"source"`
	Device  string   `help:"Name of the device that was measured." default:"unknown"`
	Runtime string   `help:"What ran the blocks there." default:"unknown"`
	Out     string   `required:"" help:"File to write." type:"path" out:"latency"`
	outFlags
}

// importResult is the JSON of both.
type importResult struct {
	Predictor   string `json:"predictor"`
	Space       string `json:"space"`
	Resolutions []int  `json:"resolutions"` // of the space that can be predicted
}

func (r *importResult) print(w io.Writer) {
	fmt.Fprintf(w, "predicts space %s at %s px\n", r.Space, resolutionsText(r.Resolutions))
	fmt.Fprintln(w, "wrote", shown(r.Predictor))
}

// imported is the result of a predictor of a space.
func imported(path string, space *supernet.Space,
	predict func([]supernet.Arch) ([]float64, error)) importResult {
	known, _ := search.Predictable(space, space.Resolutions, predict)
	return importResult{path, space.Name, known}
}

// Run imports.
func (c *importAccuracyCmd) Run(g *Globals) error {
	space, err := supernet.LoadSpace(c.Space)
	if err != nil {
		return err
	}
	a, err := pipeline.ImportAccuracy(space, c.File, c.Resolutions)
	if err != nil {
		return err
	}
	if err := a.Save(c.Out); err != nil {
		return err
	}
	r := imported(c.Out, space, a.Predict)
	return g.result(r, r.print)
}

// Run imports.
func (c *importLatencyCmd) Run(g *Globals) error {
	space, err := supernet.LoadSpace(c.Space)
	if err != nil {
		return err
	}
	files, err := tables(c.Files)
	if err != nil {
		return err
	}
	l, err := pipeline.ImportLatency(space, c.Device, c.Runtime, files)
	if err != nil {
		return err
	}
	if err := l.Save(c.Out); err != nil {
		return err
	}
	r := imported(c.Out, space, l.Predict)
	return g.result(r, r.print)
}

// tables puts the YAML files of folders in their place.
func tables(paths []string) (files []string, err error) {
	for _, p := range paths {
		info, err := store.Stat(p)
		if err != nil {
			return nil, fmt.Errorf("read latency tables: %w", err)
		}
		if !info.IsDir() {
			files = append(files, p)
			continue
		}
		inside, err := tablesIn(p)
		if err != nil {
			return nil, err
		}
		files = append(files, inside...)
	}
	return files, nil
}

// tablesIn lists the YAML files of a folder, by name.
func tablesIn(folder string) (files []string, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("read latency tables: %w", err)
	}
	for _, e := range entries {
		if ext := strings.ToLower(filepath.Ext(e.Name())); e.IsDir() || ext != ".yaml" &&
			ext != ".yml" {
			continue
		}
		if !utf8.ValidString(e.Name()) {
			return nil, fmt.Errorf(
				"the name of %q in folder %s is not UTF-8, so that the predictor could not name it: rename the file", e.Name(), folder)
		}
		files = append(files, filepath.Join(folder, e.Name()))
	}
	if len(files) == 0 {
		return nil, fmt.Errorf(
			"folder %s has no .yaml or .yml file: name the folder with the tables, or the tables",
			folder)
	}
	return files, nil
}
