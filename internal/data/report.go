package data

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/tailor-nas/tailor/internal/amount"
)

// Report says what Open found at a path, what it made of it, and what it left out.
type Report struct {
	Classes    int `json:"classes"`
	Train      int `json:"train"`
	Validation int `json:"validation"`
	Test       int `json:"test"`
	// ValidationFrom and TestFrom are where these images come from: the name of a folder, or
	// "train" if they were taken from the training images.
	ValidationFrom string `json:"validation_from,omitempty"`
	TestFrom       string `json:"test_from,omitempty"`
	// Sides of the images as they are seen, the shortest and the longest.
	MinSidePx int `json:"min_side_px"`
	MaxSidePx int `json:"max_side_px"`
	SizePx    int `json:"size_px"` // side that they are brought to
	// Files that were not read, by ending; "damaged .jpg" for images that cannot be read.
	LeftOut map[string]int `json:"left_out,omitempty"`
	// Skipped are the images and class folders that the data set was opened without.
	Skipped  []string `json:"skipped,omitempty"`
	Turned   int      `json:"turned,omitempty"`      // images that EXIF has turned
	Clear    int      `json:"transparent,omitempty"` // images of which something was laid on white
	Warnings []string `json:"warnings,omitempty"`
	Seed     *uint64  `json:"seed,omitempty"` // of images that are drawn

	emptied int
}

// taken is where images come from that are set apart from the training images.
const taken = "train"

// report describes a data set that was opened.
func (s *source) report(d *Dataset) Report {
	r := s.seen()
	r.Train, r.Validation, r.Test = d.Train.Len(), d.Val.Len(), d.Test.Len()
	r.ValidationFrom, r.TestFrom = s.valFolder, s.testFolder
	if s.val == nil && r.Validation > 0 {
		r.ValidationFrom = taken
	}
	if s.name == "folder" {
		r.TestFrom = cmp.Or(r.TestFrom, taken)
	}
	if w := d.alike(); w != "" {
		r.Warnings = append(r.Warnings, w)
	}
	return r
}

// seen is what does not depend on how the images are divided.
func (s *source) seen() Report {
	return Report{
		Classes: len(s.classes), MinSidePx: s.minSide, MaxSidePx: s.maxSide, SizePx: s.size,
		LeftOut: s.leftOut, Skipped: s.skipped, Turned: s.turned, Clear: s.clear, Seed: s.seed,
		emptied: len(s.emptied),
	}
}

// testReport describes images to test on.
func (s *source) testReport(t *TestSet) Report {
	r := s.seen()
	r.Test = t.Set.Len()
	if !t.Whole {
		r.TestFrom = s.testFolder
	}
	return r
}

// Whole says that nothing was left out, and nothing is to be warned of.
func (r Report) Whole() bool {
	return len(r.LeftOut) == 0 && len(r.Skipped) == 0 && r.emptied == 0 && len(r.Warnings) == 0
}

// String gives a line: "6 classes, 1,020 train / 180 validation (val/) / 300 test, 60-300 px,
// centre square resized to 96; 28 files left out: 20 .heic, 8 .txt".
func (r Report) String() string {
	var b strings.Builder
	b.WriteString(r.parts())
	if r.MinSidePx == r.MaxSidePx {
		fmt.Fprintf(&b, "%d px", r.MinSidePx)
	} else {
		fmt.Fprintf(&b, "%d-%d px", r.MinSidePx, r.MaxSidePx)
	}
	if r.MinSidePx != r.SizePx || r.MaxSidePx != r.SizePx {
		fmt.Fprintf(&b, ", centre square resized to %d", r.SizePx)
	}
	if n := tally(r.LeftOut).total(); n > 0 {
		fmt.Fprintf(&b, "; %s left out: %s", amount.Of(n, "file"), tally(r.LeftOut))
	}
	if r.emptied > 0 {
		fmt.Fprintf(&b, "; %s without images left out", amount.Of(r.emptied, "folder"))
	}
	return b.String()
}

// parts says how many images there are of how many classes.
func (r Report) parts() string {
	classes := "classes"
	if r.Classes == 1 {
		classes = "class"
	}
	if r.Train+r.Validation == 0 {
		return fmt.Sprintf("%s %s, %s test%s, ", amount.Thousands(r.Classes), classes,
			amount.Thousands(r.Test), from(r.TestFrom, "test"))
	}
	return fmt.Sprintf("%s %s, %s train / %s validation%s / %s test%s, ",
		amount.Thousands(r.Classes), classes, amount.Thousands(r.Train),
		amount.Thousands(r.Validation), from(r.ValidationFrom, "validation"),
		amount.Thousands(r.Test), from(r.TestFrom, "test"))
}

// from words where images come from, if that is not plain from what they are called.
func from(folder, what string) string {
	switch {
	case folder == "", strings.EqualFold(folder, what):
		return ""
	case folder == taken:
		return " (from train)"
	}
	return " (" + folder + "/)"
}
