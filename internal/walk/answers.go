package walk

import (
	"fmt"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/report"
	"github.com/tailor-nas/tailor/trainer"
)

// Answers is what a network answered for images, by their class.
type Answers struct {
	Classes []ClassAnswers `json:"classes"`
	// Confusion has a row for each class, in their order: how many of its images were taken for each class.
	Confusion trainer.Confusion `json:"confusion"`
}

// ClassAnswers is how many images of a class were taken for what they are.
type ClassAnswers struct {
	Name   string   `json:"name"`
	Images int      `json:"images"`
	Top1   *float64 `json:"top1,omitempty"` // absent without images
}

// NewAnswers names the classes of a confusion.
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

// TestImages are images to test on: a data set's own test part, or other data of the same classes.
type TestImages struct {
	Set   data.Set
	Own   *data.Dataset // that a network was trained on; nil if that was not opened
	Found data.Report   // where the images of Set are
	Other bool          // they are not the network's own
}

// openTest opens the images at path to test a network on, whose data had this hash, these options, classes and channels.
func openTest(path, sha string, o data.Options, classes []string, channels int) (TestImages, error) {
	t, err := data.OpenTest(path, o)
	if err != nil {
		return TestImages{}, err
	}
	if d := t.Dataset; d != nil && d.SHA256 == sha {
		return ownTest(d), nil
	}
	set, err := t.For(classes, channels)
	return TestImages{Set: set, Found: t.Report, Other: true}, err
}

// ownTest is a data set's test part.
func ownTest(d *data.Dataset) TestImages { return TestImages{Set: d.Test, Own: d, Found: d.Report} }

// OpenRunTest opens a run's data, which batch norm is calibrated on, and the images at path to test its networks on: its own test images if path is
// empty or where these are, else other data of the same classes. Of other data, skipDamaged leaves out what cannot be read.
func OpenRunTest(run *trainer.Run, path string, skipDamaged bool) (TestImages, error) {
	if path == "" {
		d, err := run.OpenData("")
		if err != nil {
			return TestImages{}, err
		}
		return ownTest(d), nil
	}
	i, o := run.Info.Data, run.DataOptions()
	o.SkipDamaged = o.SkipDamaged || skipDamaged
	t, err := openTest(path, i.SHA256, o, i.Classes, i.Channels)
	if err != nil || t.Own != nil {
		return t, err
	}
	if t.Own, err = run.OpenData(""); err != nil {
		return TestImages{}, fmt.Errorf("batch norm is calibrated on the run's own images, besides those of --data: %w", err)
	}
	return t, nil
}
