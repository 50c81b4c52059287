package device

import (
	"math"
	"strings"
	"testing"
)

func TestParseCacheSize(t *testing.T) {
	for s, want := range map[string]int64{"48K": 48 << 10, "1280K": 1280 << 10, "32M": 32 << 20,
		"1G": 1 << 30, "0": 0, "512": 512} {
		if got, err := parseCacheSize(s); err != nil || got != want {
			t.Errorf("%q: %d, %v, want %d", s, got, err, want)
		}
	}
	for _, s := range []string{"", "K", "-1K", "48KB", "48KK", "9223372036854775807K", "4 8K",
		"x"} {
		if got, err := parseCacheSize(s); err == nil {
			t.Errorf("%q: %d, want an error", s, got)
		}
	}
}

func TestCountCPUs(t *testing.T) {
	for s, want := range map[string]int{"0": 1, "0-3": 4, "0-3,8": 5, "0-3,8,10-11": 7, "0,64": 2} {
		if got, err := countCPUs(s); err != nil || got != want {
			t.Errorf("%q: %d, %v, want %d", s, got, err, want)
		}
	}
	for _, s := range []string{"", "a", "3-1", "-1", "0-", "0,,1", "0-9999999999"} {
		if got, err := countCPUs(s); err == nil {
			t.Errorf("%q: %d, want an error", s, got)
		}
	}
}

func TestParseCPUMax(t *testing.T) {
	for s, want := range map[string]float64{"150000 100000": 1.5, "max 100000": 0, "-1 100000": 0,
		"50000 100000\n": 0.5} {
		if got, limited, err := parseCPUMax(s); err != nil || got != want || limited != (want > 0) {
			t.Errorf("%q: %v, %v, %v, want %v", s, got, limited, err, want)
		}
	}
	for _, s := range []string{"", "max", "100000", "0 100000", "1 0", "-5 100", "a b", "1 2 3"} {
		if got, _, err := parseCPUMax(s); err == nil {
			t.Errorf("%q: %v, want an error", s, got)
		}
	}
}

func TestParseCgroups(t *testing.T) {
	for _, c := range []struct{ text, v2, v1 string }{
		{"0::/user.slice/a:b.scope\n", "/user.slice/a:b.scope", ""},
		{"5:devices:/d\n4:cpu,cpuacct:/docker/1\n0::/x\n", "/x", "/docker/1"},
		{"3:cpuset:/\n2:cpuacct:/\n1:cpu:/\n", "", "/"},
		{"garbage\n", "", ""},
	} {
		if v2, v1 := parseCgroups(c.text); v2 != c.v2 || v1 != c.v1 {
			t.Errorf("%q: %q, %q", c.text, v2, v1)
		}
	}
}

func TestParsePressure(t *testing.T) {
	const text = "some avg10=1.82 avg60=0.89 avg300=0.45 total=5182161\nfull avg10=0.10 avg60=0.00 avg300=0.00 total=7\n"
	p, err := parsePressure(text)
	if err != nil || p != (pressure{avg10Percent: 1.82, totalMicros: 5182161}) {
		t.Errorf("%+v, %v", p, err)
	}
	for _, s := range []string{"", "full avg10=1 total=1", "some avg10=1", "some avg10=NaN total=1",
		"some avg10=x total=1", "some avg10=1 total=-1"} {
		if p, err := parsePressure(s); err == nil {
			t.Errorf("%q: %+v, want an error", s, p)
		}
	}
}

const (
	cpuinfoX86 = `processor	: 0
vendor_id	: AuthenticAMD
cpu family	: 25
model		: 17
stepping	: 1
flags		: fpu vme avx2

processor	: 1
vendor_id	: AuthenticAMD
`
	cpuinfoARM = `processor	: 0
BogoMIPS	: 108.00
Features	: fp asimd evtstrm crc32 cpuid
CPU implementer	: 0x41
CPU architecture: 8
CPU variant	: 0x1
CPU part	: 0xd08
CPU revision	: 3

processor	: 4
CPU implementer	: 0x41
CPU part	: 0xd03
`
	cpuinfoRISCV = "processor\t: 0\nhart\t\t: 1\nisa\t\t: rv64imafdc\nmmu\t\t: sv39\n"
	cpuinfoS390  = "vendor_id       : IBM/S390\n# processors    : 4\n"
)

func TestParseCPUInfo(t *testing.T) {
	for text, want := range map[string]cpuInfo{
		cpuinfoX86:   {family: "x86"},
		cpuinfoARM:   {family: "arm", implementer: 0x41, part: 0xd08, variant: 1, revision: 3},
		cpuinfoRISCV: {family: "riscv"},
		cpuinfoS390:  {},
		"":           {},
	} {
		if got := parseCPUInfo(text); got != want {
			t.Errorf("%.30q: %+v, want %+v", text, got, want)
		}
	}
}

func TestEmulated(t *testing.T) {
	x86, arm := parseCPUInfo(cpuinfoX86), parseCPUInfo(cpuinfoARM)
	for _, c := range []struct {
		arch              string
		info              cpuInfo
		brand, hypervisor string
		want              bool
	}{
		{"amd64", x86, "AMD EPYC", "KVMKVMKVM", false},
		{"386", x86, "AMD EPYC", "", false},
		{"arm64", x86, "", "", true}, // qemu-user shows the host's /proc/cpuinfo
		{"amd64", arm, "", "", true},
		{"arm64", arm, "", "", false},
		{"arm", arm, "", "", false},
		{"ppc64le", cpuInfo{}, "", "", false},
		{"riscv64", x86, "", "", true},
		{"amd64", cpuInfo{}, "VirtualApple @ 2.50GHz", "", true},
		{"amd64", x86, "QEMU Virtual CPU version 2.5+", "KVMKVMKVM", false},
		{"amd64", x86, "QEMU Virtual CPU version 2.5+", "TCGTCGTCGTCG", true},
		{"amd64", cpuInfo{}, "Apple M1", "", false},
	} {
		if got := emulated(c.arch, c.info, c.brand, c.hypervisor); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

// Whatever the kernel writes, the parsers give a sane value or an error in one
// line, and do not hang.
func FuzzKernelText(f *testing.F) {
	for _, s := range []string{
		"48K", "0-3,8", "max 100000", "150000 100000", "0::/a\n1:cpu:/b",
		"some avg10=1.82 total=5182161", cpuinfoX86, cpuinfoARM, cpuinfoRISCV,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		oneLineError := func(err error) {
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("error of several lines: %q", err)
			}
		}
		size, err := parseCacheSize(s)
		oneLineError(err)
		n, err := countCPUs(s)
		oneLineError(err)
		cpus, limited, err := parseCPUMax(s)
		oneLineError(err)
		p, err := parsePressure(s)
		oneLineError(err)
		if size < 0 || n < 0 || limited && !(cpus > 0) || math.IsNaN(p.totalMicros+p.avg10Percent) {
			t.Errorf("%q: size %d, %d processors, quota %v, pressure %+v", s, size, n, cpus, p)
		}
		parseCgroups(s)
		if c := parseCPUInfo(s); c.implementer < 0 || c.implementer > math.MaxUint16 ||
			c.part > math.MaxUint16 {
			t.Errorf("%q: %+v", s, c)
		}
	})
}
