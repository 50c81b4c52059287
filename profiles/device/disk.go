package device

import (
	"fmt"

	"github.com/shirou/gopsutil/v3/disk"
)

// FreeBytes is how much this process may write to the disk that a folder is on.
func FreeBytes(folder string) (uint64, error) {
	usage, err := disk.Usage(folder)
	if err != nil {
		return 0, fmt.Errorf("device: the room in %s: %w", folder, err)
	}
	return usage.Free, nil
}
