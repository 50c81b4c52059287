package trainer

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Differences says in which settings two values of one type differ, as the flags of the command line are called: "with --epochs 2, asked for 3".
// A setting's flag has the name of its JSON field, unless flags has another.
func Differences(have, want any, flags map[string]string) string {
	h, w := settings(have), settings(want)
	var all []string
	for _, name := range slices.Sorted(maps.Keys(h)) {
		if h[name] == w[name] {
			continue
		}
		flag := flags[name]
		if flag == "" {
			flag = "--" + strings.ReplaceAll(name, "_", "-")
		}
		all = append(all, fmt.Sprintf("with %s %s, asked for %s", flag, h[name], w[name]))
	}
	return strings.Join(all, "; ")
}

// settings are the fields of a value and of what is nested in it, as JSON. A struct of settings always can be JSON.
func settings(v any) map[string]string {
	text, err := json.Marshal(v)
	if err != nil {
		panic("trainer: settings that are no JSON")
	}
	all := map[string]string{}
	var add func(fields map[string]json.RawMessage)
	add = func(fields map[string]json.RawMessage) {
		for name, value := range fields {
			var nested map[string]json.RawMessage
			if json.Unmarshal(value, &nested) == nil && nested != nil {
				add(nested)
				continue
			}
			all[name] = strings.Trim(string(value), `"`)
		}
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(text, &fields) == nil {
		add(fields)
	}
	return all
}

// same says in what a run that is there differs from the one that is asked for, in the order in which it matters: settings, then the space,
// then the images, whose hash depends on all of them.
func (i *Info) same(dir string, want *Info) error {
	what := Differences(i.Config, want.Config, nil)
	if what == "" {
		what = Differences(i.Data.asked(), want.Data.asked(), nil)
	}
	otherSpace := i.Space.For(want.Space.Classes, want.Space.Channels).SHA256() != want.SpaceSHA256 || i.Data.Size != want.Data.Size
	switch {
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

// asked is what the command line says of data, besides where it is, by the flags' names.
func (d DataInfo) asked() map[string]any {
	var holdout any = d.Holdout
	switch d.Holdout { // as data.Options has it
	case 0:
		holdout = "default"
	case -1:
		holdout = 0
	}
	return map[string]any{"holdout": holdout, "seed": d.Seed, "train-images": d.Train, "test-images": d.Test, "skip-damaged": d.SkipDamaged}
}
