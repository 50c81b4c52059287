//go:build !linux

package device

import "io/fs"

// hostFiles is nil: only Linux has /proc and /sys as read here.
func hostFiles() fs.FS { return nil }
