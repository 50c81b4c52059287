package store

import (
	"errors"

	"golang.org/x/sys/unix"
)

// exchange is renamex_np with RENAME_SWAP, since macOS 10.12 on APFS.
func exchange(a, b string) error {
	err := unix.RenamexNp(a, b, unix.RENAME_SWAP)
	if errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.EINVAL) {
		return errors.ErrUnsupported
	}
	return err
}
