package agent

import (
	"fmt"
	"runtime"
	"time"

	"github.com/tailor-nas/tailor/internal/runtime/protocol"
	"github.com/tailor-nas/tailor/profiles/timing"
)

// maxRuns bounds how often one request may run a model.
const maxRuns = 1 << 24

// session is a model, and how far it is.
type session struct {
	model       Model
	threads     int
	in, out     []float32
	filled, ran bool
}

func (s *session) setInput(data []byte) error {
	if err := protocol.Floats(s.in, data); err != nil {
		return &protocol.Error{Kind: protocol.BadData,
			Text: fmt.Sprintf("%d bytes, expected %d", len(data), 4*len(s.in))}
	}
	s.filled, s.ran = false, false
	if err := s.model.SetInput(s.in); err != nil {
		return err
	}
	s.filled = true
	return nil
}

// time runs the model and gives how long all runs took.
func (s *session) time(runs int) (nanoseconds int64, err error) {
	if !s.filled {
		return 0, &protocol.Error{Kind: protocol.Order, Text: "a run without input"}
	}
	if runs < 1 || runs > maxRuns {
		return 0, refuse("%d runs, expected 1 to %d", runs, maxRuns)
	}
	s.ran = false
	start := time.Now()
	for range runs {
		if err := s.model.Run(); err != nil {
			return 0, err
		}
	}
	took := time.Since(start)
	s.ran = true
	return max(int64(took), 1), nil
}

func (s *session) output() ([]byte, error) {
	if !s.ran {
		return nil, &protocol.Error{Kind: protocol.Order, Text: "output without a run"}
	}
	if err := s.model.Output(s.out); err != nil {
		return nil, err
	}
	return protocol.Bytes(s.out), nil
}

// quiet is a state of the calling thread that lasts from one timed request to the next: to reach it
// takes longer than many runs do.
type quiet struct {
	threads int // of the sessions that it is for
	quieted *timing.Quieted
}

// begin makes the thread quiet for sessions of so many threads. One thread is kept on its processor
// where that can be done; the threads of a library must not be.
func (q *quiet) begin(threads int) (err error) {
	if q.quieted != nil && q.threads == threads {
		return nil
	}
	if err := q.end(); err != nil {
		return err
	}
	runtime.GC() // there is none until the end
	q.threads = threads
	q.quieted, err = timing.Quiet(threads == 1 && runtime.GOOS == "linux")
	return err
}

// end lets the collector in again, and the thread move.
func (q *quiet) end() error {
	quieted := q.quieted
	q.quieted = nil
	return quieted.Restore()
}
