package jobs

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"runtime"
	"strings"

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
	class := fmt.Sprintf("%.32s-%.32s-%.32s", id, rt.Name, rt.Version)
	if plain := (profiles.RuntimeInfo{Name: rt.Name, Version: rt.Version, Threads: 1}); rt.ID() !=
		plain.ID() {
		sum := sha256.Sum256([]byte(rt.ID()))
		class += "-" + hex.EncodeToString(sum[:4])
	}
	return token(class)
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
