package device

import (
	"io/fs"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
)

// tree makes a file system of "path: content" pairs.
func tree(files map[string]string) kernelFiles {
	root := fstest.MapFS{}
	for name, content := range files {
		root[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return kernelFiles{root}
}

const cpu0 = "sys/devices/system/cpu/cpu0/"

func TestCaches(t *testing.T) {
	k := tree(map[string]string{
		cpu0 + "cache/index0/level": "1\n", cpu0 + "cache/index0/type": "Data\n",
		cpu0 + "cache/index0/size": "48K\n", cpu0 + "cache/index0/coherency_line_size": "64\n",
		cpu0 + "cache/index0/shared_cpu_list": "0,64\n",
		cpu0 + "cache/index3/level":           "3\n", cpu0 + "cache/index3/type": "Unified\n",
		cpu0 + "cache/index3/size": "32M\n",
		cpu0 + "cache/uevent":      "",
	})
	got, err := k.caches()
	want := []Cache{
		{Level: 1, Type: "data", SizeBytes: 48 << 10, LineBytes: 64, SharedBy: 2},
		{Level: 3, Type: "unified", SizeBytes: 32 << 20},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	k = tree(map[string]string{cpu0 + "cache/index0/level": "one",
		cpu0 + "cache/index0/type": "Data"})
	if got, err := k.caches(); err == nil || !strings.Contains(err.Error(), "index0") {
		t.Errorf("%+v, %v, want an error that names the directory", got, err)
	}
}

func TestCoreClasses(t *testing.T) {
	files := map[string]string{}
	for cpu, capacity := range map[string]string{"cpu0": "446", "cpu1": "446", "cpu2": "1024",
		"cpu10": "1024", "cpu11": "446"} {
		files["sys/devices/system/cpu/"+cpu+"/cpu_capacity"] = capacity + "\n"
	}
	got, err := tree(files).coreClasses()
	if want := []CoreClass{{1024, 2}, {446, 3}}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
}

func TestFrequencyAndGovernor(t *testing.T) {
	k := tree(map[string]string{
		cpu0 + "cpufreq/cpuinfo_max_freq": "3500000\n",
		cpu0 + "cpufreq/scaling_governor": "schedutil\n",
	})
	if mhz, err := k.megahertz("cpuinfo_max_freq"); err != nil || mhz != 3500 {
		t.Errorf("%d MHz, %v", mhz, err)
	}
	if _, err := k.megahertz("cpuinfo_min_freq"); err == nil {
		t.Error("a missing file gives no error")
	}
	if g, err := k.governor(); err != nil || g != "schedutil" {
		t.Errorf("governor %q, %v", g, err)
	}
}

func TestEnergySource(t *testing.T) {
	const battery = "sys/class/power_supply/BAT0/type"
	for _, c := range []struct {
		files map[string]string
		want  string
	}{
		{map[string]string{"sys/class/powercap/intel-rapl:0/energy_uj": "123\n",
			battery: "Battery\n"}, "rapl"},
		{map[string]string{"sys/class/hwmon/hwmon0/name": "coretemp",
			"sys/class/hwmon/hwmon1/name": "ina3221"}, "ina"},
		{map[string]string{"sys/class/power_supply/AC/type": "Mains", battery: "Battery\n"},
			"battery"},
		{map[string]string{"sys/class/power_supply/AC/type": "Mains"}, ""},
	} {
		got, err := tree(c.files).energySource()
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%v: %q, %v", c.files, got, err)
		}
	}
}

func TestCPUQuota(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		want  float64 // 0: no limit
	}{
		{"v2", map[string]string{"proc/self/cgroup": "0::/a/b\n",
			"sys/fs/cgroup/a/b/cpu.max": "250000 100000\n"}, 2.5},
		{"v2, parent is tighter", map[string]string{"proc/self/cgroup": "0::/a/b\n",
			"sys/fs/cgroup/a/b/cpu.max": "250000 100000\n",
			"sys/fs/cgroup/a/cpu.max":   "150000 100000\n"}, 1.5},
		{"v2 in a container", map[string]string{"proc/self/cgroup": "0::/../../x\n",
			"sys/fs/cgroup/cpu.max": "50000 100000"}, 0.5},
		{"v2 unlimited", map[string]string{"proc/self/cgroup": "0::/a\n",
			"sys/fs/cgroup/a/cpu.max": "max 100000\n"}, 0},
		{"v1", map[string]string{"proc/self/cgroup": "4:cpu,cpuacct:/docker/1\n",
			"sys/fs/cgroup/cpu,cpuacct/docker/1/cpu.cfs_quota_us":  "300000\n",
			"sys/fs/cgroup/cpu,cpuacct/docker/1/cpu.cfs_period_us": "100000\n"}, 3},
		{"v1 unlimited", map[string]string{"proc/self/cgroup": "1:cpu:/\n",
			"sys/fs/cgroup/cpu/cpu.cfs_quota_us":  "-1\n",
			"sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n"}, 0},
		{"nothing", nil, 0},
	} {
		got, limited := tree(c.files).cpuQuota()
		if got != c.want || limited != (c.want > 0) {
			t.Errorf("%s: %v, %v, want %v", c.name, got, limited, c.want)
		}
	}
}

func TestUsableCores(t *testing.T) {
	quota := func(s string) kernelFiles {
		return tree(map[string]string{"proc/self/cgroup": "0::/", "sys/fs/cgroup/cpu.max": s})
	}
	for _, c := range []struct {
		affinity int
		quota    string
		want     int
	}{{8, "max 100000", 8}, {8, "250000 100000", 2}, {8, "50000 100000", 1},
		{2, "400000 100000", 2}, {0, "max 1", 1}} {
		if got := usableCores(c.affinity, quota(c.quota)); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}

func TestThrottleEvents(t *testing.T) {
	const count = "/thermal_throttle/core_throttle_count"
	k := tree(map[string]string{"sys/devices/system/cpu/cpu0" + count: "3\n",
		"sys/devices/system/cpu/cpu11" + count: "4\n"})
	if n, err := k.throttleEvents(); err != nil || n != 7 {
		t.Errorf("%d, %v, want 7", n, err)
	}
}

// Without /proc and /sys everything is unknown and says so.
func TestNoKernelFiles(t *testing.T) {
	k := kernelFiles{}
	for name, read := range map[string]func() error{
		"governor": func() error { _, err := k.governor(); return err },
		"caches":   func() error { _, err := k.caches(); return err },
		"classes":  func() error { _, err := k.coreClasses(); return err },
		"energy":   func() error { _, err := k.energySource(); return err },
		"throttle": func() error { _, err := k.throttleEvents(); return err },
		"pressure": func() error { _, err := k.pressure(); return err },
	} {
		if read() == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, limited := k.cpuQuota(); limited || k.cpuInfo() != (cpuInfo{}) {
		t.Error("a quota or a processor out of nothing")
	}
}

// endless is a file that never ends, as a wrong file under /proc might be.
type endless struct{}

func (endless) Open(string) (fs.File, error)        { return endless{}, nil }
func (endless) Read(p []byte) (int, error)          { return len(p), nil }
func (endless) Stat() (info fs.FileInfo, err error) { return nil, fs.ErrInvalid }
func (endless) Close() error                        { return nil }

func TestKernelTextIsBounded(t *testing.T) {
	s, err := kernelFiles{endless{}}.text("proc/cpuinfo")
	if err != nil || len(s) > kernelTextLimit {
		t.Errorf("%d bytes, %v", len(s), err)
	}
}
