package refine

import "math"

// near is the share of a limit from which on what was measured is not worth getting nearer: the
// same network measured again is off by a few percent.
const near = 0.95

// aim finds what to ask of predictions, which are off by a factor that hardly changes, so that what
// is measured stays within a limit, and near it.
type aim struct {
	limit float64
	at    float64 // what to ask for
	low   float64 // the most that was asked for with something within the limit; 0 if nothing was
	high  float64 // the least with something beyond it
}

func newAim(limit float64) *aim { return &aim{limit: limit, at: limit, high: math.Inf(1)} }

// correct takes what was measured of what was asked for, and says whether to ask again.
func (a *aim) correct(measured float64) bool {
	if measured > a.limit {
		a.high = a.at
	} else if a.low = a.at; measured >= near*a.limit {
		return false
	}
	next := a.at * a.limit / measured * (1 + near) / 2
	if a.low > 0 && (next <= a.low || next >= a.high) { // noise, or a step of the choices
		next = math.Sqrt(a.low * a.high)
	}
	a.at = next
	return true
}
