package profiles

import "testing"

func TestDeviceID(t *testing.T) {
	device := func(change func(*Device)) string {
		d := Device{Arch: "amd64", OS: "linux", CPU: CPU{
			Brand: "AMD EPYC", Family: 25, Model: 17, Stepping: 1, UsableCores: 2, ISA: []string{"AVX2", "FMA3"},
			Caches: []Cache{{Level: 1, Type: "data", SizeBytes: 32768, LineBytes: 64, SharedBy: 1}},
		}}
		change(&d)
		id, err := deviceID(d)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	base := device(func(*Device) {})
	for name, change := range map[string]func(*Device){
		"kernel": func(d *Device) { d.Kernel = "6.1" }, "memory": func(d *Device) { d.MemoryBytes = 1 },
		"governor": func(d *Device) { d.Governor = "powersave" }, "container": func(d *Device) { d.Virtualization = "docker" },
		"reasons": func(d *Device) { d.Unavailable = map[string]string{"governor": "none"} },
	} {
		if device(change) != base {
			t.Errorf("%s changes the identity", name)
		}
	}
	seen := map[string]string{base: "unchanged"}
	for name, change := range map[string]func(*Device){
		"arch": func(d *Device) { d.Arch = "arm64" }, "os": func(d *Device) { d.OS = "darwin" },
		"emulated": func(d *Device) { d.Emulated = true }, "brand": func(d *Device) { d.CPU.Brand = "x" },
		"family": func(d *Device) { d.CPU.Family++ }, "model": func(d *Device) { d.CPU.Model++ },
		"stepping": func(d *Device) { d.CPU.Stepping++ }, "cores": func(d *Device) { d.CPU.UsableCores++ },
		"isa": func(d *Device) { d.CPU.ISA = d.CPU.ISA[:1] }, "caches": func(d *Device) { d.CPU.Caches = nil },
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
	updated := arithmeticISA([]string{"TSA_L1_NO", "FMA3", "AVX2", "ADX", "HYPERVISOR", "SSE", "SRSO_NO"})
	want := []string{"AVX2", "FMA3", "SSE"}
	for _, got := range [][]string{old, updated} {
		if len(got) != 3 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
			t.Errorf("%v, want %v", got, want)
		}
	}
}
