package device

import (
	"context"
	"errors"
	"fmt"
)

// ErrEmulated is returned by [Device.CheckTiming] when the program runs under
// an instruction emulator, where durations say nothing about the device.
var ErrEmulated = errors.New("device: emulated processor")

// Device says what machine a profile was measured on. What could not be
// learned is absent, and Unavailable says why, by JSON path ("cpu.max_mhz").
type Device struct {
	// ID is the hash of the Identity.
	ID     string `json:"id"`
	Arch   string `json:"arch"`
	OS     string `json:"os"`
	Kernel string `json:"kernel,omitempty"`
	// hypervisor and container, "kvm+docker"; "none"
	Virtualization string `json:"virtualization,omitempty"`
	CPU            CPU    `json:"cpu"`
	MemoryBytes    uint64 `json:"memory_bytes,omitempty"`
	// cpufreq governor of the first processor
	Governor     string `json:"governor,omitempty"`
	EnergySource string `json:"energy_source,omitempty"` // "rapl", "ina" or "battery"
	// Emulated is set under qemu-user, TCG or Rosetta, which translate instructions.
	Emulated    bool              `json:"emulated"`
	Unavailable map[string]string `json:"unavailable,omitempty"`
}

// CPU describes the processor as this process sees it. Family, Model and
// Stepping are the numbers of CPUID on x86; on ARM they are implementer, part
// and variant*16+revision of MIDR_EL1.
type CPU struct {
	Brand         string `json:"brand,omitempty"`
	Vendor        string `json:"vendor,omitempty"`
	Family        int    `json:"family"`
	Model         int    `json:"model"`
	Stepping      int    `json:"stepping"`
	PhysicalCores int    `json:"physical_cores,omitempty"`
	LogicalCores  int    `json:"logical_cores,omitempty"`
	// UsableCores counts what this process may occupy: its affinity mask,
	// capped by a cgroup's CPU quota (rounded down, at least one).
	UsableCores int         `json:"usable_cores"`
	CoreClasses []CoreClass `json:"core_classes,omitempty"`
	ISA         []string    `json:"isa,omitempty"` // extensions that arithmetic kernels use, sorted
	Caches      []Cache     `json:"caches,omitempty"`
	MinMHz      int         `json:"min_mhz,omitempty"`
	MaxMHz      int         `json:"max_mhz,omitempty"`
}

// CoreClass counts the cores of one speed on a machine with several kinds
// (big.LITTLE). Capacity is the kernel's scale: 1024 is the fastest core.
type CoreClass struct {
	Capacity int `json:"capacity"`
	Cores    int `json:"cores"`
}

// Cache is one cache of the first processor. LineBytes and SharedBy are zero
// where the system does not tell them.
type Cache struct {
	Level     int    `json:"level"`
	Type      string `json:"type"` // "data", "instruction" or "unified"
	SizeBytes int64  `json:"size_bytes"`
	LineBytes int    `json:"line_bytes,omitempty"`
	SharedBy  int    `json:"shared_by,omitempty"` // logical processors
}

// Describe looks at the machine this process runs on. It fails only when ctx
// ends; whatever the machine keeps to itself is listed in Unavailable.
func Describe(ctx context.Context) (Device, error) {
	d := newProber(hostFiles()).describe(ctx)
	if err := ctx.Err(); err != nil {
		return Device{}, fmt.Errorf("device: describing the device: %w", err)
	}
	return d, nil
}

// CheckTiming returns an error that wraps [ErrEmulated] if times taken on d
// would be the emulator's and not the device's.
func (d Device) CheckTiming() error {
	if !d.Emulated {
		return nil
	}
	return fmt.Errorf("%w: %s code is being translated; check outputs here, but measure latency on real hardware", ErrEmulated, d.Arch)
}
