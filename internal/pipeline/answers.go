package pipeline

import (
	"fmt"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/reopen"
	"github.com/tailor-nas/tailor/internal/report"
	"github.com/tailor-nas/tailor/trainer"
)

// Answers is how a network classified images, by their true class.
type Answers struct {
	Classes []ClassAnswers `json:"classes"`
	// Confusion is the confusion matrix: by true class, then by predicted class, a number of
	// images. Both are in the order of Classes.
	Confusion trainer.Confusion `json:"confusion"`
}

// ClassAnswers is how many images of a class there were, and the share classified right.
type ClassAnswers struct {
	Name   string   `json:"name"`
	Images int      `json:"images"`
	Top1   *float64 `json:"top1,omitempty"` // absent without images
}

// NewAnswers computes the answers by class from a confusion matrix.
func NewAnswers(classes []string, c trainer.Confusion) Answers {
	a := Answers{Confusion: c}
	for i := range c {
		class := ClassAnswers{Name: fmt.Sprint(i), Images: c.Images(i)}
		if i < len(classes) {
			class.Name = classes[i]
		}
		if class.Images > 0 {
			top1 := float64(c[i][i]) / float64(class.Images)
			class.Top1 = &top1
		}
		a.Classes = append(a.Classes, class)
	}
	return a
}

// Plot draws the confusion, in the format that the file's name tells.
func (a *Answers) Plot(path string) error {
	var names []string
	for _, c := range a.Classes {
		names = append(names, c.Name)
	}
	return report.Confusion(path, names, a.Confusion)
}

// CheckPlot says whether a plot can be written under a name.
func CheckPlot(path string) error { return report.CheckPlot(path) }

// testData is images to test on: a data set's own test part, or other data of the same classes.
type testData struct {
	set   data.Set
	own   *trainer.Data // that a network was trained on; nil if the images are others
	seen  data.Report   // what was opened
	other bool
}

// openTest opens images to test a network on; sha is the SHA-256 of the data it was trained on. If
// path holds that data, the images are its test part. Of other data they are its test part, too, or
// all of it if it has no parts.
func openTest(path, sha string, o data.Options, classes []string, channels int) (testData, error) {
	t, err := data.OpenTest(path, o)
	if err != nil {
		return testData{}, err
	}
	set, err := t.For(classes, channels)
	if err == nil && t.Dataset != nil {
		d, err := t.Dataset.For(classes, channels)
		if err == nil && d.SHA256 == sha {
			return testData{set: d.Test, own: (*trainer.Data)(d.Parts()), seen: d.Report}, nil
		}
	}
	return testData{set: set, seen: t.Report, other: true}, err
}

// RunTest is a run's data, and the images to test its networks on.
type RunTest struct {
	Data  *trainer.Data // the run's own
	Set   data.Set
	Seen  data.Report // of the images to test on
	Other bool        // these are not the run's own
}

// TestImages are images to test on, other than those that a network was trained on.
type TestImages struct {
	Path        string // empty for the network's own
	SkipDamaged bool   // go on without those that cannot be read
}

// OpenRunTest opens a run's data, and images to test its networks on: its own test images if no
// path is given or where these are, else other data of the same classes.
func OpenRunTest(run *trainer.Run, images TestImages) (*RunTest, error) {
	i := run.Info.Data
	var t testData
	if run.Info.Imported != nil {
		run.Info.Data.SkipDamaged = images.SkipDamaged
		d, err := run.OpenData(images.Path)
		if err != nil {
			return nil, err
		}
		return &RunTest{d, d.Test, reopen.Report(d), false}, nil
	}
	if images.Path != "" {
		var err error
		t, err = openTest(images.Path, i.SHA256, images.options(dataOptions(run.DataOptions())),
			i.Classes, i.Channels)
		if err != nil {
			return nil, err
		}
		if t.own != nil {
			return &RunTest{t.own, t.set, t.seen, false}, nil
		}
	}
	d, err := run.OpenData("")
	switch {
	case err != nil && images.Path != "":
		return nil, fmt.Errorf(
			"batch norm is calibrated on the run's own images, besides those of --data: %w", err)
	case err != nil:
		return nil, err
	case images.Path != "":
		return &RunTest{d, t.set, t.seen, true}, nil
	}
	return &RunTest{d, d.Test, reopen.Report(d), false}, nil
}

// options are the options that a network's own images were opened with, for opening these.
func (i TestImages) options(o data.Options) data.Options {
	o.SkipDamaged = o.SkipDamaged || i.SkipDamaged
	return o
}

// dataOptions are those of a run, as package data has them.
func dataOptions(o trainer.DataOptions) data.Options {
	return data.Options{Size: o.Size, Holdout: o.Holdout, Seed: o.Seed, Train: o.Train,
		Test: o.Test, SkipDamaged: o.SkipDamaged, Only: o.Only, Mean: o.Mean, Std: o.Std}
}
