package conformance_test

import (
	"context"
	"testing"
	"time"

	"github.com/tailor-nas/tailor/internal/runtime/conformance"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/profiles/device"
)

func TestNative(t *testing.T) {
	conformance.Run(t, func(threads, batch int) (profiles.Runtime, error) {
		return profiles.Native{Threads: threads, Batch: batch}, nil
	})
}

// TestElsewhere: the suite asks those that time themselves for more.
func TestElsewhere(t *testing.T) {
	conformance.Run(t, func(threads, batch int) (profiles.Runtime, error) {
		return timed{profiles.Native{Threads: threads, Batch: batch}}, nil
	})
}

// timed is tailor's engine, that takes samples itself.
type timed struct{ profiles.Native }

func (timed) Device() device.Device { return device.Device{ID: "here"} }

func (timed) Observe(context.Context) (device.Observation, error) { return device.Observe(), nil }

func (timed) Sample(_ context.Context, plan []profiles.Sample) (all []time.Duration, err error) {
	for _, s := range plan {
		start := time.Now()
		for range s.Runs {
			if err := s.Session.Run(); err != nil {
				return nil, err
			}
		}
		all = append(all, max(time.Since(start), 1))
	}
	return all, nil
}
