//go:build !linux && !darwin

package device

import "errors"

// loadAverage does not exist on Windows; what imitates it needs a thread that
// samples for a minute.
func loadAverage() (float64, error) { return 0, errors.ErrUnsupported }

func involuntarySwitches() (float64, error) { return 0, errors.ErrUnsupported }
