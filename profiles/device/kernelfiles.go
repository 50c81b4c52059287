package device

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// kernelTextLimit bounds what is read of one file under /proc or /sys. The
// first processor's entry in /proc/cpuinfo is under 4 KiB.
const kernelTextLimit = 64 << 10

var errNoKernelFiles = errors.New("no /proc and /sys on this system")

// kernelFiles reads what Linux tells under /proc and /sys. A nil root stands
// for a system without them.
type kernelFiles struct{ root fs.FS }

// text returns the start of a file without surrounding space; name has no
// leading slash.
func (k kernelFiles) text(name string) (string, error) {
	if k.root == nil {
		return "", errNoKernelFiles
	}
	f, err := k.root.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, kernelTextLimit))
	return strings.TrimSpace(string(data)), err
}

func (k kernelFiles) number(name string) (int64, error) {
	s, err := k.text(name)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(s, 10, 64)
}

// glob returns the matches in name order; cpu10 comes before cpu2.
func (k kernelFiles) glob(pattern string) []string {
	if k.root == nil {
		return nil
	}
	names, err := fs.Glob(k.root, pattern)
	if err != nil {
		return nil
	}
	return names
}

func (k kernelFiles) cpuInfo() cpuInfo {
	s, err := k.text("proc/cpuinfo")
	if err != nil {
		return cpuInfo{}
	}
	return parseCPUInfo(s)
}

func (k kernelFiles) governor() (string, error) {
	return k.text("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
}

// megahertz reads a cpufreq file of the first processor, which is in kHz.
func (k kernelFiles) megahertz(name string) (int, error) {
	khz, err := k.number("sys/devices/system/cpu/cpu0/cpufreq/" + name)
	return int(khz / 1000), err
}

// caches lists the caches of the first processor.
func (k kernelFiles) caches() ([]Cache, error) {
	if k.root == nil {
		return nil, errNoKernelFiles
	}
	var caches []Cache
	for _, dir := range k.glob("sys/devices/system/cpu/cpu0/cache/index[0-9]*") {
		c, err := k.cache(dir)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", dir, err)
		}
		caches = append(caches, c)
	}
	return caches, nil
}

// cache reads one index directory. Line size and sharing are often missing
// in virtual machines and stay zero then.
func (k kernelFiles) cache(dir string) (Cache, error) {
	level, err := k.number(path.Join(dir, "level"))
	if err != nil {
		return Cache{}, err
	}
	kind, err := k.text(path.Join(dir, "type"))
	if err != nil {
		return Cache{}, err
	}
	sizeText, err := k.text(path.Join(dir, "size"))
	if err != nil {
		return Cache{}, err
	}
	size, err := parseCacheSize(sizeText)
	if err != nil {
		return Cache{}, err
	}
	c := Cache{Level: int(level), Type: strings.ToLower(kind), SizeBytes: size}
	if line, err := k.number(path.Join(dir, "coherency_line_size")); err == nil {
		c.LineBytes = int(line)
	}
	if list, err := k.text(path.Join(dir, "shared_cpu_list")); err == nil {
		c.SharedBy, _ = countCPUs(list) // unknown is zero
	}
	return c, nil
}

// coreClasses counts processors by cpu_capacity, fastest first.
func (k kernelFiles) coreClasses() ([]CoreClass, error) {
	if k.root == nil {
		return nil, errNoKernelFiles
	}
	var classes []CoreClass
	for _, name := range k.glob("sys/devices/system/cpu/cpu[0-9]*/cpu_capacity") {
		capacity, err := k.number(name)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(classes,
			func(c CoreClass) bool { return c.Capacity == int(capacity) })
		if i < 0 {
			i = len(classes)
			classes = append(classes, CoreClass{Capacity: int(capacity)})
		}
		classes[i].Cores++
	}
	slices.SortFunc(classes, func(a, b CoreClass) int { return b.Capacity - a.Capacity })
	return classes, nil
}

// energySource names the best counter of energy that this process may read.
func (k kernelFiles) energySource() (string, error) {
	if k.root == nil {
		return "", errNoKernelFiles
	}
	for _, name := range k.glob("sys/class/powercap/intel-rapl:*/energy_uj") {
		if _, err := k.number(name); err == nil { // readable by root only since Linux 5.10
			return "rapl", nil
		}
	}
	for _, name := range k.glob("sys/class/hwmon/hwmon*/name") {
		if chip, err := k.text(name); err == nil && strings.HasPrefix(chip, "ina") {
			return "ina", nil
		}
	}
	for _, name := range k.glob("sys/class/power_supply/*/type") {
		if kind, err := k.text(name); err == nil && kind == "Battery" {
			return "battery", nil
		}
	}
	return "", errors.New("no readable powercap counter, INA2xx sensor or battery under /sys/class")
}

// cpuQuota returns the tightest CPU limit, in processors, of this process's
// cgroup and the groups above it.
func (k kernelFiles) cpuQuota() (cpus float64, limited bool) {
	s, err := k.text("proc/self/cgroup")
	if err != nil {
		return 0, false
	}
	v2, v1 := parseCgroups(s)
	// Inside a container the path may be the host's and absent here, while the
	// mount's root already is the container's group: the walk up ends there.
	for _, at := range []struct{ mount, group string }{
		{"sys/fs/cgroup", v2}, {"sys/fs/cgroup/unified", v2},
		{"sys/fs/cgroup/cpu", v1}, {"sys/fs/cgroup/cpu,cpuacct", v1},
	} {
		for dir := path.Clean("/" + at.group); ; dir = path.Dir(dir) {
			if n, ok := k.groupQuota(at.mount + dir); ok && (!limited || n < cpus) {
				cpus, limited = n, true
			}
			if dir == "/" {
				break
			}
		}
	}
	return cpus, limited
}

// groupQuota reads one group's limit: cpu.max (v2) or the CFS pair (v1).
func (k kernelFiles) groupQuota(dir string) (float64, bool) {
	dir = path.Clean(dir)
	s, err := k.text(path.Join(dir, "cpu.max"))
	if err != nil {
		quota, err := k.text(path.Join(dir, "cpu.cfs_quota_us"))
		if err != nil {
			return 0, false
		}
		period, err := k.text(path.Join(dir, "cpu.cfs_period_us"))
		if err != nil {
			return 0, false
		}
		s = quota + " " + period
	}
	n, limited, err := parseCPUMax(s)
	return n, limited && err == nil
}

// throttleEvents sums the thermal throttle counts of all cores since boot.
func (k kernelFiles) throttleEvents() (int64, error) {
	names := k.glob("sys/devices/system/cpu/cpu[0-9]*/thermal_throttle/core_throttle_count")
	if len(names) == 0 {
		return 0, errors.New("no thermal_throttle counters under /sys/devices/system/cpu")
	}
	var sum int64
	for _, name := range names {
		n, err := k.number(name)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

// pressure returns the CPU stall figures of /proc/pressure/cpu.
func (k kernelFiles) pressure() (pressure, error) {
	s, err := k.text("proc/pressure/cpu")
	if err != nil {
		return pressure{}, err
	}
	return parsePressure(s)
}
