package conformance_test

import (
	"context"
	"testing"
	"time"

	"github.com/tailor-nas/tailor/internal/runtime/conformance"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/supernet"
)

func TestNative(t *testing.T) {
	conformance.Run(t, func(threads, batch int) (profiles.Runtime, error) {
		return profiles.Native{Threads: threads, Batch: batch}, nil
	})
}

// TestSelfTimed: the suite asks those that time themselves for more.
func TestSelfTimed(t *testing.T) {
	conformance.Run(t, func(threads, batch int) (profiles.Runtime, error) {
		return timed{profiles.Native{Threads: threads, Batch: batch}}, nil
	})
}

// timed is tailor's engine, with sessions that time themselves.
type timed struct{ profiles.Native }

func (r timed) Load(ctx context.Context, net *supernet.Subnet) (profiles.Session, error) {
	s, err := r.Native.Load(ctx, net)
	return timedSession{s}, err
}

type timedSession struct{ profiles.Session }

func (s timedSession) Time(runs int) (time.Duration, error) {
	start := time.Now()
	for range runs {
		if err := s.Run(); err != nil {
			return 0, err
		}
	}
	return max(time.Since(start), 1), nil
}
