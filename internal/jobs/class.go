package jobs

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/tailor-nas/tailor/internal/queue"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/profiles/device"
)

// Class names the machines that compute the same bits as this one: architecture, instruction set of
// the kernels, and versions of the engine and of Go.
func Class() string {
	engine := profiles.Native{}.Info()
	return token(strings.Join([]string{runtime.GOARCH, engine.Options["kernels"],
		"engine" + engine.Version, engine.Options["go"]}, "-"))
}

// maxAbout is how many bytes a queue takes of it.
const maxAbout = 200

// About says in words what a device is.
func About(d device.Device) string {
	text := fmt.Sprintf("%s, %d cores, %s %s", cmp.Or(d.CPU.Brand, "unnamed processor"),
		d.CPU.UsableCores, d.OS, d.Arch)
	return strings.ToValidUTF8(text[:min(len(text), maxAbout)], "")
}

// DeviceClass names the devices that have the same latencies: one identity, with one runtime of one
// version and one set of options, whatever its threads and batch.
func DeviceClass(id string, rt profiles.RuntimeInfo) string {
	rt.Threads, rt.Batch = 1, 0
	plain := profiles.RuntimeInfo{Name: rt.Name, Version: rt.Version, Threads: 1}
	return deviceClass(id, rt.Name, rt.Version, rt.ID(), rt.ID() == plain.ID())
}

// deviceClass is the class of a runtime with an ID, which is plain without options.
func deviceClass(device, name, version, id string, plain bool) string {
	class := fmt.Sprintf("%.32s-%.32s-%.32s", device, name, version)
	if !plain {
		sum := sha256.Sum256([]byte(id))
		class += "-" + hex.EncodeToString(sum[:4])
	}
	return token(class)
}

// runtimeID is the ID of a runtime whose name and version need no quotes.
var runtimeID = regexp.MustCompile(
	`^([^\s"/]+)/([^\s"/]+) threads=[0-9]{1,4}(?: batch=[0-9]{1,4})?( .+)?$`)

// ClassOf is the [DeviceClass] of what latencies hold for. It is empty where the runtime's ID is
// none that tells.
func ClassOf(of profiles.Identity) string {
	m := runtimeID.FindStringSubmatch(of.Runtime)
	if m == nil || of.Device == "" {
		return ""
	}
	id := fmt.Sprintf("%s/%s threads=1%s", m[1], m[2], m[3])
	return deviceClass(of.Device, m[1], m[2], id, m[3] == "")
}

// IsLent says whether a worker does the jobs of a kind and class.
func IsLent(workers []queue.Live, kind, class string) bool {
	return slices.ContainsFunc(workers, func(l queue.Live) bool {
		return l.Does(kind, class)
	})
}

// token is a text of letters, digits, - and _.
func token(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == '-':
			return r
		}
		return '_'
	}, text)
}
