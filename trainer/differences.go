package trainer

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tailor-nas/tailor/internal/settings"
)

// same says in what a run that is there differs from the one that is asked for, in the order in
// which it matters: settings, then the space, then the images, whose hash depends on all of them.
func (i *Info) same(dir string, want *Info) error {
	have, asked := i.Config, want.Config
	have.Augment, asked.Augment = Augment{}, Augment{} // no flag says one of its values
	have.Phases, asked.Phases = nil, nil
	what := settings.Differences(have, asked)
	if what == "" {
		what = i.Config.Augment.Differences(want.Config.Augment)
	}
	if what == "" && !slices.Equal(i.Config.Phases, want.Config.Phases) {
		what = "with other --phases"
	}
	if what == "" {
		what = settings.Differences(i.Data.asked(), want.Data.asked())
	}
	otherSpace := i.Space.For(want.Space.Classes,
		want.Space.Channels).SHA256() != want.SpaceSHA256
	switch {
	case what == "" && !otherSpace && i.Data.Size != want.Data.Size:
		what = fmt.Sprintf("with --size %d, asked for %d", i.Data.Size, want.Data.Size)
	case what == "" && otherSpace && i.Space.Name == want.Space.Name:
		what = fmt.Sprintf("with another space of the name %s", i.Space.Name)
	case what == "" && otherSpace:
		what = fmt.Sprintf("with --space %s, asked for %s", i.Space.Name, want.Space.Name)
	}
	if what != "" {
		return fmt.Errorf("%w: run %s was trained %s; resume it with the same, or choose another --out", ErrConfig, dir, what)
	}
	if i.Data.SHA256 != want.Data.SHA256 {
		return otherData(dir, i, want.Data.SHA256, want.DataPath(dir))
	}
	return nil
}

// dataFlags are what the command line says of data, besides where it is.
type dataFlags struct {
	Holdout     string `json:"holdout"`
	Seed        uint64 `json:"seed"`
	Train       int    `json:"train_images"`
	Test        int    `json:"test_images"`
	SkipDamaged bool   `json:"skip_damaged"`
	Classes     string `json:"classes"`
}

func (d DataInfo) asked() dataFlags {
	holdout := strconv.Itoa(d.Holdout)
	switch d.Holdout { // as data.Options has it
	case 0:
		holdout = "default"
	case -1:
		holdout = "0"
	}
	classes := "all"
	if d.Subset {
		names := strings.Join(d.Classes, "\n")
		classes = fmt.Sprintf("of %d (sha256 %.4x)", len(d.Classes), sha256.Sum256([]byte(names)))
	}
	return dataFlags{holdout, d.Seed, d.Train, d.Test, d.SkipDamaged, classes}
}
