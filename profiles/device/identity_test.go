package device

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"
)

// example is a device, with something changed.
func example(change func(*Device)) Device {
	d := Device{Arch: "amd64", OS: "linux", CPU: CPU{
		Brand: "AMD EPYC <Milan>", Family: 25, Model: 17, Stepping: 1, UsableCores: 2,
		ISA:    []string{"AVX2", "FMA3"},
		Caches: []Cache{{Level: 1, Type: "data", SizeBytes: 32768, LineBytes: 64, SharedBy: 1}},
	}}
	change(&d)
	return d
}

// TestIdentityHash: IDs of before stay what they were, the hash of this text.
func TestIdentityHash(t *testing.T) {
	for text, change := range map[string]func(*Device){
		`{"version":"tailor-device/1","arch":"amd64","os":"linux","emulated":false,` +
			`"brand":"AMD EPYC \u003cMilan\u003e","family":25,"model":17,"stepping":1,` +
			`"isa":["AVX2","FMA3"],"cores":2,"caches":[{"level":1,"type":"data",` +
			`"size_bytes":32768,"line_bytes":64,"shared_by":1}]}`: func(*Device) {},
		`{"version":"tailor-device/1","arch":"arm64","os":"darwin","emulated":false,` +
			`"brand":"","family":0,"model":0,"stepping":0,"isa":null,"cores":0,` +
			`"caches":null}`: func(d *Device) { *d = Device{Arch: "arm64", OS: "darwin"} },
	} {
		sum := sha256.Sum256([]byte(text))
		got, err := example(change).Identity().Hash()
		if want := hex.EncodeToString(sum[:16]); err != nil || got != want {
			t.Errorf("the ID is %s (%v), want the hash %s of %s", got, err, want, text)
		}
	}
}

// TestIdentity: two identities are equal if and only if their hashes are.
func TestIdentity(t *testing.T) {
	identities := map[string]Identity{}
	device := func(change func(*Device)) string {
		identity := example(change).Identity()
		id, err := identity.Hash()
		if err != nil {
			t.Fatal(err)
		}
		if other, known := identities[id]; known && other != identity {
			t.Errorf("%+v and %+v differ and have one hash", other, identity)
		}
		identities[id] = identity
		return id
	}
	base := device(func(*Device) {})
	for name, change := range map[string]func(*Device){
		"kernel":    func(d *Device) { d.Kernel = "6.1" },
		"memory":    func(d *Device) { d.MemoryBytes = 1 },
		"governor":  func(d *Device) { d.Governor = "powersave" },
		"container": func(d *Device) { d.Virtualization = "docker" },
		"reasons":   func(d *Device) { d.Unavailable = map[string]string{"governor": "none"} },
	} {
		if device(change) != base {
			t.Errorf("%s changes the identity", name)
		}
	}
	seen := map[string]string{base: "unchanged"}
	for name, change := range map[string]func(*Device){
		"arch": func(d *Device) { d.Arch = "arm64" }, "os": func(d *Device) { d.OS = "darwin" },
		"emulated": func(d *Device) { d.Emulated = true },
		"brand":    func(d *Device) { d.CPU.Brand = "x" },
		"family":   func(d *Device) { d.CPU.Family++ }, "model": func(d *Device) { d.CPU.Model++ },
		"stepping": func(d *Device) { d.CPU.Stepping++ },
		"cores":    func(d *Device) { d.CPU.UsableCores++ },
		"isa":      func(d *Device) { d.CPU.ISA = d.CPU.ISA[:1] },
		"caches":   func(d *Device) { d.CPU.Caches = nil },
	} {
		id := device(change)
		if other, taken := seen[id]; taken {
			t.Errorf("%s and %s have the same identity", name, other)
		}
		seen[id] = name
	}
}

func TestArithmeticISA(t *testing.T) {
	// What a processor reports on KVM, shortened; with the mitigations of two microcodes.
	old := arithmeticISA([]string{"SSE", "AVX2", "ADX", "HYPERVISOR", "IBPB", "FMA3", "STIBP"})
	updated := arithmeticISA([]string{"TSA_L1_NO", "FMA3", "AVX2", "ADX", "HYPERVISOR", "SSE",
		"SRSO_NO"})
	want := []string{"AVX2", "FMA3", "SSE"}
	for _, got := range [][]string{old, updated} {
		if len(got) != 3 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
			t.Errorf("%v, want %v", got, want)
		}
	}
}
