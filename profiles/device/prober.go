package device

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"runtime"
	"slices"
	"strings"

	"github.com/klauspost/cpuid/v2"
	"github.com/shirou/gopsutil/v3/cpu"
	"github.com/shirou/gopsutil/v3/host"
	"github.com/shirou/gopsutil/v3/mem"
)

var errNotReported = errors.New("not reported by the system")

// prober fills a Device and remembers why a field stayed empty.
type prober struct {
	files   kernelFiles
	missing map[string]string
}

func newProber(root fs.FS) *prober {
	return &prober{files: kernelFiles{root}, missing: map[string]string{}}
}

func (p *prober) describe(ctx context.Context) Device {
	d := Device{Arch: runtime.GOARCH, OS: runtime.GOOS}
	var err error
	d.Kernel, err = host.KernelVersionWithContext(ctx)
	p.require("kernel", d.Kernel != "", err)
	d.Virtualization, err = virtualization(ctx)
	p.require("virtualization", d.Virtualization != "", err)
	d.MemoryBytes, err = memoryBytes(ctx)
	p.require("memory_bytes", d.MemoryBytes != 0, err)
	d.Governor, err = p.files.governor()
	p.require("governor", d.Governor != "", err)
	d.EnergySource, err = p.files.energySource()
	p.require("energy_source", d.EnergySource != "", err)
	d.CPU = p.cpu(ctx)
	d.Emulated = emulated(d.Arch, p.files.cpuInfo(), cpuid.CPU.BrandName,
		cpuid.CPU.HypervisorVendorString)
	d.ID, err = d.Identity().Hash()
	p.require("id", d.ID != "", err)
	if len(p.missing) > 0 {
		d.Unavailable = p.missing
	}
	return d
}

// require notes the reason if the field at key is not known.
func (p *prober) require(key string, known bool, err error) {
	if known {
		return
	}
	if err == nil {
		err = errNotReported
	}
	p.missing[key] = oneLine(err)
}

func (p *prober) cpu(ctx context.Context) CPU {
	c := p.model(ctx)
	var err error
	c.PhysicalCores, err = cpu.CountsWithContext(ctx, false)
	p.require("cpu.physical_cores", c.PhysicalCores > 0, err)
	c.LogicalCores, err = cpu.CountsWithContext(ctx, true)
	p.require("cpu.logical_cores", c.LogicalCores > 0, err)
	c.UsableCores = usableCores(runtime.NumCPU(), p.files)
	c.ISA = arithmeticISA(cpuid.CPU.FeatureSet())
	p.require("cpu.isa", len(c.ISA) > 0, nil)
	c.CoreClasses, err = p.files.coreClasses()
	p.require("cpu.core_classes", len(c.CoreClasses) > 0, err)
	c.Caches, err = p.caches()
	p.require("cpu.caches", len(c.Caches) > 0, err)
	c.MinMHz, err = p.files.megahertz("cpuinfo_min_freq")
	p.require("cpu.min_mhz", c.MinMHz > 0, err)
	c.MaxMHz, err = p.files.megahertz("cpuinfo_max_freq")
	if c.MaxMHz == 0 {
		c.MaxMHz = int(cpuid.CPU.BoostFreq / 1e6)
	}
	p.require("cpu.max_mhz", c.MaxMHz > 0, err)
	return c
}

// model prefers CPUID, which exists on every x86 system, and falls back on
// the kernel's text and the system's own name (all there is on ARM).
func (p *prober) model(ctx context.Context) CPU {
	c := CPU{
		Brand: strings.TrimSpace(cpuid.CPU.BrandName), Vendor: cpuid.CPU.VendorString,
		Family: cpuid.CPU.Family, Model: cpuid.CPU.Model, Stepping: cpuid.CPU.Stepping,
	}
	arm := p.files.cpuInfo()
	if isARM(runtime.GOARCH) {
		c.Family, c.Model, c.Stepping = arm.implementer, arm.part, arm.variant<<4|arm.revision
	}
	if c.Brand == "" || c.Vendor == "" {
		c.fillNames(ctx)
	}
	p.require("cpu.brand", c.Brand != "", nil)
	p.require("cpu.vendor", c.Vendor != "", nil)
	numbered := c.Family != 0 || c.Model != 0
	for _, key := range []string{"cpu.family", "cpu.model", "cpu.stepping"} {
		p.require(key, numbered, nil)
	}
	return c
}

// fillNames takes brand and vendor from the system where CPUID has none.
func (c *CPU) fillNames(ctx context.Context) {
	infos, err := cpu.InfoWithContext(ctx)
	if err != nil || len(infos) == 0 {
		return
	}
	// gopsutil says "Undefined" for ARM parts it has no name for.
	if name := infos[0].ModelName; name != "Undefined" {
		c.Brand = cmp.Or(c.Brand, strings.TrimSpace(name))
	}
	c.Vendor = cmp.Or(c.Vendor, infos[0].VendorID)
}

// caches asks the kernel, which also knows who shares what, then CPUID.
func (p *prober) caches() ([]Cache, error) {
	caches, err := p.files.caches()
	if len(caches) > 0 {
		return caches, nil
	}
	known := cpuid.CPU.Cache // -1 where CPUID does not say
	line := max(cpuid.CPU.CacheLine, 0)
	for _, c := range []Cache{
		{Level: 1, Type: "data", SizeBytes: int64(known.L1D), LineBytes: line},
		{Level: 1, Type: "instruction", SizeBytes: int64(known.L1I), LineBytes: line},
		{Level: 2, Type: "unified", SizeBytes: int64(known.L2), LineBytes: line},
		{Level: 3, Type: "unified", SizeBytes: int64(known.L3), LineBytes: line},
	} {
		if c.SizeBytes > 0 {
			caches = append(caches, c)
		}
	}
	return caches, err
}

// usableCores caps the affinity mask by the CPU quota. A quota of 1.5 lets one
// thread run undisturbed; with two, both are throttled part of the time.
func usableCores(affinity int, files kernelFiles) int {
	if quota, limited := files.cpuQuota(); limited {
		affinity = int(min(float64(affinity), quota))
	}
	return max(affinity, 1)
}

// arithmeticISA keeps what changes the speed or the choice of numeric kernels.
// The rest (virtualisation, mitigations, debugging) comes and goes with
// microcode updates and must not change a device's identity.
func arithmeticISA(features []string) []string {
	prefixes := []string{
		// x86
		"SSE", "SSSE", "AVX", "AMX", "FMA", "F16C", "BMI", "POPCNT", "MOVBE", "GFNI", "VAES",
		"FP256",
		"ASIMD", "SVE", "FPHP", "FCMA", "FHM", "BF16", "I8MM", "ATOMICS", // arm64
		"RV_", // riscv64
	}
	kept := slices.DeleteFunc(slices.Clone(features), func(f string) bool {
		return !slices.ContainsFunc(prefixes,
			func(p string) bool { return strings.HasPrefix(f, p) })
	})
	slices.Sort(kept)
	return slices.Compact(kept)
}

// virtualization joins what the processor says (the hypervisor) and what the
// system says (often only the container).
func virtualization(ctx context.Context) (string, error) {
	var layers []string
	if cpuid.CPU.VM() {
		layers = append(layers, hypervisor())
	}
	system, role, err := host.VirtualizationWithContext(ctx)
	if err == nil && role == "guest" && system != "" && !slices.Contains(layers, system) {
		layers = append(layers, system)
	}
	if len(layers) == 0 && (err == nil || runtime.GOARCH == "amd64") {
		return "none", nil
	}
	return strings.Join(layers, "+"), err
}

func hypervisor() string {
	if id := cpuid.CPU.HypervisorVendorID; id != cpuid.VendorUnknown {
		return strings.ToLower(id.String())
	}
	return cmp.Or(strings.TrimSpace(cpuid.CPU.HypervisorVendorString), "hypervisor")
}

func memoryBytes(ctx context.Context) (uint64, error) {
	stat, err := mem.VirtualMemoryWithContext(ctx)
	if err != nil {
		return 0, err
	}
	return stat.Total, nil
}

// Memory is how many bytes of memory programs can still have, and how many there are; false if that
// cannot be found out.
func Memory(ctx context.Context) (free, total uint64, ok bool) {
	stat, err := mem.VirtualMemoryWithContext(ctx)
	if err != nil || stat.Total == 0 {
		return 0, 0, false
	}
	return stat.Available, stat.Total, true
}

// oneLine makes an error of the system fit for a one-line report.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
