//go:build !linux

package timing

import (
	"errors"
	"fmt"
	"runtime"
)

func pinThread() (unpin func() error, err error) {
	return nil, fmt.Errorf("not possible on %s, measure without Pin: %w", runtime.GOOS,
		errors.ErrUnsupported)
}
