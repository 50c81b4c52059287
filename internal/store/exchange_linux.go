package store

import (
	"errors"

	"golang.org/x/sys/unix"
)

// exchange is renameat2 with RENAME_EXCHANGE, since Linux 3.15 on ext4, btrfs, xfs, tmpfs and
// overlayfs, for instance, but not on NFS. Old kernels, file systems without it and some sandboxes
// refuse it in their own ways.
func exchange(a, b string) error {
	err := unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE)
	for _, refusal := range []error{unix.ENOSYS, unix.EINVAL, unix.EOPNOTSUPP, unix.EPERM} {
		if errors.Is(err, refusal) {
			return errors.ErrUnsupported
		}
	}
	return err
}
