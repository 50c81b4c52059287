package timing

import "time"

// Clock tells the time to [Measure]; tests replace it. Now must not go back
// and should resolve a microsecond.
type Clock interface {
	Now() time.Time
}

// milliseconds is the unit of all figures that leave this package.
func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
