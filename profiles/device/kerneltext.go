package device

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// parseCacheSize reads sysfs's cache sizes: "48K", "1280K", "32M".
func parseCacheSize(s string) (int64, error) {
	digits := strings.TrimRight(s, "KMG")
	shift, ok := map[string]int{"": 0, "K": 10, "M": 20, "G": 30}[s[len(digits):]]
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || !ok || n < 0 || n > math.MaxInt64>>shift {
		return 0, fmt.Errorf("cache size %.40q: want a number with K, M or G", s)
	}
	return n << shift, nil
}

// countCPUs counts the processors in a kernel list such as "0-3,8,10-11".
func countCPUs(list string) (int, error) {
	const most = 1 << 20 // far above the kernel's limit; keeps the sum from overflowing
	var sum int
	for part := range strings.SplitSeq(list, ",") {
		first, last, isRange := strings.Cut(part, "-")
		lo, err := strconv.Atoi(first)
		hi := lo
		if err == nil && isRange {
			hi, err = strconv.Atoi(last)
		}
		if err != nil || lo < 0 || hi < lo || hi >= most || sum > most {
			return 0, fmt.Errorf("processor list %.40q: want ranges such as 0-3,8", list)
		}
		sum += hi - lo + 1
	}
	return sum, nil
}

// parseCPUMax reads a cgroup CPU limit: quota and period in microseconds,
// where "max" (v2) or -1 (v1) means none. It returns processors.
func parseCPUMax(s string) (cpus float64, limited bool, err error) {
	fields := strings.Fields(s)
	if len(fields) != 2 {
		return 0, false, fmt.Errorf("cpu limit %.40q: want quota and period", s)
	}
	if fields[0] == "max" || fields[0] == "-1" {
		return 0, false, nil
	}
	quota, err := strconv.ParseUint(fields[0], 10, 63)
	if err != nil {
		return 0, false, fmt.Errorf("cpu quota: %w", err)
	}
	period, err := strconv.ParseUint(fields[1], 10, 63)
	if err != nil {
		return 0, false, fmt.Errorf("cpu period: %w", err)
	}
	if quota == 0 || period == 0 {
		return 0, false, fmt.Errorf("cpu limit %.40q: quota and period must be positive", s)
	}
	return float64(quota) / float64(period), true, nil
}

// parseCgroups picks this process's groups from /proc/self/cgroup: lines of
// "id:controllers:path", where version 2 has id 0 and no controllers.
func parseCgroups(s string) (v2, v1 string) {
	for line := range strings.Lines(s) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		if parts[1] == "" {
			v2 = parts[2]
		}
		for controller := range strings.SplitSeq(parts[1], ",") {
			if controller == "cpu" {
				v1 = parts[2]
			}
		}
	}
	return v2, v1
}

// pressure is the "some" line of a pressure stall file: tasks waited for a
// processor.
type pressure struct {
	avg10Percent float64 // of the last ten seconds
	totalMicros  float64 // since boot
}

// parsePressure reads "some avg10=1.82 avg60=0.89 avg300=0.45 total=5182161".
func parsePressure(s string) (pressure, error) {
	var p pressure
	for line := range strings.Lines(s) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] != "some" {
			continue
		}
		seen := 0
		for _, f := range fields[1:] {
			key, value, _ := strings.Cut(f, "=")
			into := map[string]*float64{"avg10": &p.avg10Percent, "total": &p.totalMicros}[key]
			if into == nil {
				continue
			}
			n, err := strconv.ParseFloat(value, 64)
			if err != nil || math.IsNaN(n) || math.IsInf(n, 0) || n < 0 {
				return pressure{}, fmt.Errorf("pressure %s=%.40q: want a number", key, value)
			}
			*into = n
			seen++
		}
		if seen == 2 {
			return p, nil
		}
	}
	return pressure{}, fmt.Errorf("pressure %.40q: want a line of some, avg10 and total", s)
}

// cpuInfo is what /proc/cpuinfo says of the machine, which under user-mode
// emulation is the host and not what this program was compiled for.
type cpuInfo struct {
	family                               string // "x86", "arm", "riscv" or "" if unclear
	implementer, part, variant, revision int    // of ARM's MIDR_EL1
}

// parseCPUInfo reads the first processor's entry.
func parseCPUInfo(s string) cpuInfo {
	var c cpuInfo
	for line := range strings.Lines(s) {
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			if c.family != "" {
				break // a blank line ends the first entry
			}
			continue
		}
		c.set(strings.TrimSpace(key), strings.TrimSpace(value))
	}
	return c
}

func (c *cpuInfo) set(key, value string) {
	// Base 0 takes both the "0x41" and the decimal fields. What does not parse is unknown: 0.
	number, _ := strconv.ParseUint(value, 0, 16)
	switch key {
	case "vendor_id", "cpu family":
		// s390x has a vendor_id too.
		if key == "cpu family" || value == "GenuineIntel" || value == "AuthenticAMD" {
			c.family = "x86"
		}
	case "CPU implementer":
		c.family, c.implementer = "arm", int(number)
	case "CPU part":
		c.part = int(number)
	case "CPU variant":
		c.variant = int(number)
	case "CPU revision":
		c.revision = int(number)
	case "isa":
		if strings.HasPrefix(value, "rv") {
			c.family = "riscv"
		}
	}
}

func isARM(arch string) bool { return arch == "arm" || arch == "arm64" }

// emulated compares what the program was compiled for with the machine the
// kernel describes, and knows the names translators give themselves.
func emulated(arch string, info cpuInfo, brand, hypervisor string) bool {
	compiled := map[string]string{
		"386": "x86", "amd64": "x86", "arm": "arm", "arm64": "arm", "riscv64": "riscv",
	}[arch]
	if info.family != "" && compiled != info.family {
		return true
	}
	return strings.Contains(hypervisor, "TCG") || // QEMU without KVM: "TCGTCGTCGTCG"
		strings.Contains(brand, "TCG") || strings.HasPrefix(brand, "VirtualApple") // Rosetta 2
}
