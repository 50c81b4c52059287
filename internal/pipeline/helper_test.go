package pipeline

import (
	"testing"

	"github.com/tailor-nas/tailor/internal/micro"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/supernet"
)

// inventedLatency is fitted to the invented device's profile.
func inventedLatency(t *testing.T, space *supernet.Space) *predictor.Latency {
	t.Helper()
	p, path := micro.Profile(t, space)
	l, err := FitLatency(space, p, path)
	if err != nil {
		t.Fatal(err)
	}
	micro.Save(t, "latency.json", l.Save)
	return l
}
