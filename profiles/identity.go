package profiles

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tailor-nas/tailor/profiles/device"
)

// Identity is what a latency holds for: a device, and a runtime with its settings. Latencies are of
// the same kind if their identities are equal (==). Its parts are written once and compared;
// nothing is read out of them.
type Identity struct {
	Device  string // device.Device.ID
	Runtime string // RuntimeInfo.ID
}

// IdentityOf is the identity of what a runtime measures on a device.
func IdentityOf(d device.Device, rt Runtime) Identity { return Identity{d.ID, rt.Info().ID()} }

// Identity is what the profile's latencies hold for.
func (p *Profile) Identity() Identity { return Identity{p.Device.ID, p.Runtime.ID()} }

// built are the options that say how a runtime was built. Its version answers for them.
var built = []string{"go", "kernels"}

// ID names a runtime with all settings that its latencies depend on. Two that differ in any have
// different IDs.
func (r RuntimeInfo) ID() string {
	id := fmt.Sprintf("%s/%s threads=%d", quoted(r.Name), quoted(r.Version), r.Threads)
	if r.Batch > 1 {
		id += fmt.Sprintf(" batch=%d", r.Batch)
	}
	if r.Precision != "" {
		id += " precision=" + quoted(r.Precision)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Options)) {
		if !slices.Contains(built, name) {
			id += " options." + quoted(name) + "=" + quoted(r.Options[name])
		}
	}
	return id
}

// quoted sets text in quotes if it could be taken for more than one word.
func quoted(text string) string {
	if text == "" || strings.ContainsAny(text, " =/\"") {
		return strconv.Quote(text)
	}
	return text
}
