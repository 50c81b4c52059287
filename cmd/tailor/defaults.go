package main

import (
	"cmp"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/runtime/remote"
	"github.com/tailor-nas/tailor/internal/settings"
	"github.com/tailor-nas/tailor/internal/winners"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/profiles/timing"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
	"github.com/tailor-nas/tailor/trainer/prune"
)

// What the library decides has no second copy here: the tags of flags name it, as ${train_epochs}
// for a default and ${train_epochs_range} for what a setting may be.

// nameDefaults fills in what the tags default and help of flags name. The parser could, but goes
// through all names again for each flag, which takes longer than some commands.
func nameDefaults(k *kong.Kong) error {
	named := defaults()
	var unknown error
	fill := func(text *string) {
		if !strings.Contains(*text, "${") {
			return
		}
		*text = os.Expand(*text, func(name string) string {
			value, ok := named[name]
			if !ok { // a mistake of the program, which every test of the command line finds
				unknown = fmt.Errorf("the tag %q of a flag names no default: %s", *text, name)
			}
			return value
		})
	}
	err := kong.Visit(k.Model.Node, func(n kong.Visitable, next kong.Next) error {
		if v, ok := n.(*kong.Value); ok {
			fill(&v.Default)
			fill(&v.Enum)
			fill(&v.Help)
		}
		return next(nil)
	})
	return cmp.Or(err, unknown)
}

// defaults are what the tags default and help of flags name.
func defaults() map[string]string {
	vars := map[string]string{
		"runtimes":                strings.Join(append([]string{"native"}, remote.Names()...), ","),
		"max_holdout":             strconv.Itoa(data.MaxHoldout),
		"synthetic_train":         strconv.Itoa(data.SyntheticTrain),
		"synthetic_test":          strconv.Itoa(data.SyntheticTest),
		"calibration":             strconv.Itoa(trainer.EvalDefaults().CalibrationImages),
		"profile_budget":          timing.Defaults().Budget.String(),
		"points":                  strconv.Itoa(winners.DefaultPoints),
		"train_default_lr":        fmt.Sprint(trainer.DefaultLR),
		"init_default_lr":         fmt.Sprint(trainer.InitDefaultLR),
		"init_lr_batch":           strconv.Itoa(trainer.InitLRBatch),
		"evaluations":             strconv.Itoa(optimize.GuidedEvaluations),
		"front_evaluations":       strconv.Itoa(search.FrontEvaluations),
		"joint_evaluations":       strconv.Itoa(optimize.JointEvaluations),
		"joint_front_evaluations": strconv.Itoa(search.JointFrontEvaluations),
	}
	atOnce := prune.Defaults(prune.Auto(true), supernet.Weights).AtOnce()
	vars["at_once_decay"] = fmt.Sprint(atOnce.Optimizer.WeightDecay)
	for command, all := range librarySettings() {
		for _, s := range all {
			vars[command+"_"+s.Name] = s.Text
		}
	}
	return vars
}

// ranges are what the tag range of flags names.
func ranges() map[string]string {
	vars := map[string]string{"workers_range": fmt.Sprintf("1..%d", settings.MaxWorkers)}
	for command, all := range librarySettings() {
		for _, s := range all {
			vars[command+"_"+s.Name+"_range"] = s.Range
		}
	}
	return vars
}

// librarySettings are those that commands have flags for, with their defaults.
func librarySettings() map[string][]settings.Setting {
	return map[string][]settings.Setting{
		"train":    settings.Of(trainer.Defaults()),
		"profile":  settings.Of(profiles.ProfileDefaults()),
		"finetune": settings.Of(prune.FinetuneDefaults()),
		"prune":    settings.Of(prune.Defaults(prune.Auto(false), supernet.Weights)),
	}
}

// rangeOf is what a flag may be, "LOW..HIGH"; empty where it may be anything. A name that is none
// is a mistake of the program, which a test finds.
func rangeOf(f *kong.Flag, named map[string]string) string {
	return os.Expand(f.Tag.Get("range"), func(name string) string {
		if named[name] == "" {
			panic("a flag's range names no setting: " + name)
		}
		return named[name]
	})
}
