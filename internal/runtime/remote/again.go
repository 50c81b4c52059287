package remote

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tailor-nas/tailor/internal/settings"
	"github.com/tailor-nas/tailor/profiles"
)

// ErrOther says that what is found here is another runtime than was asked for, or another version.
var ErrOther = errors.New("another runtime than was measured")

// Names are the runtimes that agents have, besides tailor's own engine, which needs none here.
func Names() []string { return []string{"onnxruntime", "litert", "openvino"} }

// native is tailor's own engine.
const native = "native"

// Known says whether an ID of a runtime is one of [Names].
func Known(id string) bool { return NameOf(id) != "" && NameOf(id) != native }

// NameOf is the runtime that an ID is of, "" if it is of none that agents have.
func NameOf(id string) string {
	for _, name := range append(Names(), native) {
		if strings.HasPrefix(id, name+"/") {
			return name
		}
	}
	return ""
}

// OpenAs opens the runtime with the settings that an ID was made of, as [profiles.NativeOf] does
// for tailor's engine, where and how the Config says. It gives ErrOther if the one that is found
// has another version.
func OpenAs(ctx context.Context, c Config, id string) (*Runtime, error) {
	c.Runtime = NameOf(id)
	r, err := Open(ctx, c)
	if err != nil {
		return nil, err
	}
	found := r.info.ID()
	if r.takeSettings(id) {
		return r, nil
	}
	return nil, errors.Join(fmt.Errorf("%w: there is %s, expected %s", ErrOther, found, id),
		r.Close())
}

// OpenLike opens the runtime of a Config, with the settings that an ID was made of if the ID is of
// that runtime as it is found here.
func OpenLike(ctx context.Context, c Config, id string) (*Runtime, error) {
	r, err := Open(ctx, c)
	if err == nil {
		r.takeSettings(id)
	}
	return r, err
}

// takeSettings takes those that an ID was made of, unless that is of another runtime or version.
func (r *Runtime) takeSettings(id string) bool {
	info, ok := settingsOf(r.info, id)
	if ok {
		r.info = info
	}
	return ok
}

// settingsOf looks for an ID among those of a runtime with all numbers of threads and batches.
func settingsOf(info profiles.RuntimeInfo, id string) (profiles.RuntimeInfo, bool) {
	for info.Threads = 1; info.Threads <= settings.MaxWorkers; info.Threads++ {
		info.Batch = 0
		if info.ID() == id {
			return info, true
		}
		if !strings.Contains(id, fmt.Sprintf(" threads=%d batch=", info.Threads)) {
			continue
		}
		for info.Batch = 2; info.Batch <= maxBatch; info.Batch++ {
			if info.ID() == id {
				return info, true
			}
		}
	}
	return info, false
}
