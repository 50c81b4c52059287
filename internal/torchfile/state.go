package torchfile

import (
	"fmt"
	"slices"
	"strings"
)

// wraps are the keys under which checkpoints hold a state dict, the first that is there is read.
// The last ones are averages over the steps of a training, or what it learned from.
var wraps = []string{"state_dict", "model_state_dict", "model_state", "model", "net", "network",
	"module", "params", "weights", "student", "state_dict_ema", "ema_state_dict", "model_ema",
	"params_ema", "ema", "teacher"}

// file collects the tensors of the state dict that a file's value is, or holds.
func (m *machine) file(v any) (*File, error) {
	f := &File{}
	d, err := f.stateDict(v)
	if err != "" {
		m.fail("%s: save model.state_dict()", err)
		return nil, m.err
	}
	var views []*view
	room := maxGrowth * int64(len(m.data)/4+1)
	for _, name := range d.keys {
		v, ok := d.values[name].(*view)
		switch {
		case !ok:
			f.skip("%.80q is no tensor", name)
			f.beside(name, d.values[name])
			continue
		case !v.storage.typ.Float():
			f.skip("%.80q has whole numbers", name)
			f.whole(name, v.storage.typ.Bytes())
			continue
		}
		if room -= v.len(); room < 0 {
			m.fail("its tensors share storages, and are more than %d times larger than the file",
				maxGrowth)
			return nil, m.err
		}
		views, f.Tensors = append(views, v), append(f.Tensors, Tensor{Name: name})
	}
	for i, v := range views {
		if err := m.find(v.storage); err != nil {
			return nil, err
		}
		t := &f.Tensors[i]
		t.Shape = make([]int, len(v.shape))
		var err error
		if t.Data, err = v.copy(m.ctx); err != nil {
			return nil, err
		}
		for j, n := range v.shape {
			t.Shape[j] = int(n)
		}
	}
	return f, nil
}

// stateDict finds the dict that has tensors, which may be inside others.
func (f *File) stateDict(v any) (state *dict, problem string) {
	for range maxDepth {
		d, ok := v.(*dict)
		if !ok {
			return nil, fmt.Sprintf("holds %s, expected a dict of names and tensors", kind(v))
		}
		key, inner := d.inner()
		if inner == nil && !d.hasTensors() {
			return nil, fmt.Sprintf("has no tensors in a dict of %s", d.listed())
		}
		if inner == nil {
			return d, ""
		}
		for _, k := range d.keys {
			if k != key {
				f.skip("%.80q is beside %q, which is read", k, key)
				f.beside(k, d.values[k])
			}
		}
		f.Taken = f.nameOf(key)
		v = inner
	}
	return nil, fmt.Sprintf("has more than %d dicts around each other", maxDepth)
}

// inner is the dict inside another that is the state dict, or has it; nil if there is none.
func (d *dict) inner() (key string, inner *dict) {
	for _, key := range wraps {
		if inner, ok := d.values[key].(*dict); ok && len(inner.keys) > 0 {
			return key, inner
		}
	}
	if d.hasTensors() || len(d.keys) != 1 {
		return "", nil
	}
	inner, _ = d.values[d.keys[0]].(*dict)
	return d.keys[0], inner
}

func (d *dict) hasTensors() bool {
	return slices.ContainsFunc(d.keys, func(k string) bool {
		_, ok := d.values[k].(*view)
		return ok
	})
}

// nameOf is a key with those of the dicts around it.
func (f *File) nameOf(key string) string {
	return strings.TrimPrefix(f.Taken+"."+clipped(key), ".")
}

// beside notes what is not read, if it holds tensors.
func (f *File) beside(key string, v any) {
	if len(f.Beside) < maxNamed && f.holdsTensors(v, maxDepth) {
		f.Beside = append(f.Beside, f.nameOf(key))
	}
}

// holdsTensors looks for a tensor in a value, to a depth and with a number of looks for all of the
// file: values may hold each other, and again.
func (f *File) holdsTensors(v any, depth int) bool {
	if f.looks++; f.looks > maxValues || depth < 0 {
		return false
	}
	in := func(v any) bool { return f.holdsTensors(v, depth-1) }
	switch v := v.(type) {
	case *view:
		return true
	case *dict:
		return slices.ContainsFunc(v.keys, func(k string) bool { return in(v.values[k]) })
	case *list:
		return slices.ContainsFunc(v.items, in)
	case tuple:
		return slices.ContainsFunc(v, in)
	}
	return false
}

// clipped bounds a key from a file.
func clipped(key string) string { return fmt.Sprintf("%.40s", key) }

// listed are the keys, for an error.
func (d *dict) listed() string {
	var some []string
	for _, k := range d.keys[:min(len(d.keys), maxNamed)] {
		some = append(some, fmt.Sprintf("%.20q", k))
	}
	if more := len(d.keys) - len(some); more > 0 {
		some = append(some, fmt.Sprintf("%d more", more))
	}
	return "[" + strings.Join(some, ", ") + "]"
}

// counter ends the names of batch norm's counts of batches.
const counter = "num_batches_tracked"

// whole notes a tensor of whole numbers of so many bytes.
func (f *File) whole(name string, size int) {
	if len(f.Whole) < maxNamed && !strings.HasSuffix(name, counter) {
		f.Whole = append(f.Whole, fmt.Sprintf("%.80q has whole numbers of %d bits", name, 8*size))
	}
}

// skip notes what is not read; the last line of many says so.
func (f *File) skip(format string, args ...any) {
	switch n := len(f.Skipped); {
	case n < maxNamed:
		f.Skipped = append(f.Skipped, fmt.Sprintf(format, args...))
	case n == maxNamed:
		f.Skipped = append(f.Skipped, "and more")
	}
}
