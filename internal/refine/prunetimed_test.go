package refine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tailor-nas/tailor/internal/micro"
	"github.com/tailor-nas/tailor/internal/winners"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer/prune"
)

// TestPruneElsewhere: latencies are of the runtime that is named, in the choice of what goes and in
// the manifest; a predictor of another is refused before anything is trained.
func TestPruneElsewhere(t *testing.T) {
	parent := measuredWinner(t)
	m, err := manifest.Read(manifest.Path(parent))
	if err != nil {
		t.Fatal(err)
	}
	c := prune.Defaults(prune.Magnitude, supernet.Channels)
	c.Epochs, c.Batch = 1, 16
	job := PruneJob{
		Manifest: parent, Config: c, Dir: filepath.Join(t.TempDir(), "pruned"), MaxLatencyMS: 1000,
		Runtime: otherRuntime{}, Budget: time.Millisecond, Workers: 1,
		Latency:  &predictor.Latency{Device: "other", Runtime: m.Measured.Runtime},
		Progress: func(string, int, int) {}, Say: func(string, ...any) {},
	}
	if _, err := Prune(t.Context(), job); err == nil || !strings.Contains(err.Error(),
		"the latency predictor is of "+m.Measured.Runtime) {
		t.Errorf("a predictor of another runtime: %v", err)
	}
	job.Latency = nil
	r, err := Prune(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	pruned, err := manifest.Read(r.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	if want := (otherRuntime{}).Info().ID(); pruned.Measured.Runtime != want {
		t.Errorf("it was measured with %s, want %s", pruned.Measured.Runtime, want)
	}
}

// TestPruneSparse: of a network with zeros, a number of parameters counts those that are not zero,
// whatever the structure: one that is within it loses nothing, and says so.
func TestPruneSparse(t *testing.T) {
	parent := measuredWinner(t)
	m, err := manifest.Read(manifest.Path(parent))
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	once := func(parent string, s supernet.Structure, most int64, share float64) *PruneResult {
		t.Helper()
		c := prune.Defaults(prune.Magnitude, s)
		c.Epochs, c.Batch, c.Sparsity = 1, 16, share
		said = nil
		r, err := Prune(t.Context(), PruneJob{
			Manifest: parent, Config: c, Dir: t.TempDir(), MaxParams: most,
			Budget: time.Millisecond, Workers: 1, Progress: func(string, int, int) {},
			Say: func(string, ...any) {},
			Warn: func(format string, args ...any) {
				said = append(said, fmt.Sprintf(format, args...))
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	sparse := once(parent, supernet.Weights, m.Params*2/3, 0)
	if after := m.Params - (sparse.After.Weights - sparse.After.NonZero); sparse.ParamsBefore !=
		m.Params || sparse.ParamsAfter != after || after > sparse.MaxParams {
		t.Errorf("%d parameters before, %d after, at most %d, want %d and %d", sparse.ParamsBefore,
			sparse.ParamsAfter, sparse.MaxParams, m.Params, after)
	}
	for _, s := range []supernet.Structure{supernet.Weights, supernet.Vectors8, supernet.Channels} {
		r := once(sparse.Manifest, s, m.Params*2/3, 0)
		if r.ParamsBefore != sparse.ParamsAfter || r.ParamsAfter != sparse.ParamsAfter {
			t.Errorf("%s: %d parameters before, %d after, want %d", s, r.ParamsBefore,
				r.ParamsAfter, sparse.ParamsAfter)
		}
		if r.After.NonZero != sparse.After.NonZero || !strings.Contains(strings.Join(said, " "),
			"within the limit as it is") {
			t.Errorf("%s: %d of %d weights are left, and it said %q", s, r.After.NonZero,
				sparse.After.NonZero, said)
		}
	}
	if once(sparse.Manifest, supernet.Weights, 0, 0.05); !strings.Contains(strings.Join(said, " "),
		"nothing more goes") {
		t.Errorf("of a share that is gone already it said %q", said)
	}
	if once(parent, supernet.Channels, 0, 0.99); !strings.Contains(strings.Join(said, " "),
		"at most") {
		t.Errorf("of more channels than can go it said %q", said)
	}
}

// otherRuntime is one of another program, as far as anybody can tell: tailor's engine by another
// name.
type otherRuntime struct{}

func (otherRuntime) Info() profiles.RuntimeInfo {
	return profiles.RuntimeInfo{Name: "elsewhere", Version: "1", Threads: 1, Batch: 7}
}

func (otherRuntime) Load(ctx context.Context, net *supernet.Subnet) (profiles.Session, error) {
	return profiles.Native{Batch: 7}.Load(ctx, net)
}

// measuredWinner is the folder of a run's best network, tested.
func measuredWinner(t *testing.T) string {
	t.Helper()
	run, d := micro.Train(t, micro.ParseSpace(t, micro.SpaceYAML), 1, 30)
	result, err := winners.Search(t.Context(), winners.Job{
		Config: optimize.Defaults(), Space: run.Info.Space, Run: run, Data: d, Verify: true,
		Accuracy: micro.Accuracy(t, run.Info.Space, run.State.WeightsSHA256),
		Dir:      filepath.Join(t.TempDir(), "winners"), Workers: 2,
	})
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Dir(result.Winners[0].Manifest)
}

// loads counts what a runtime is given to time.
type loads struct {
	otherRuntime
	n *int
}

func (r loads) Load(ctx context.Context, net *supernet.Subnet) (profiles.Session, error) {
	*r.n++
	return r.otherRuntime.Load(ctx, net)
}

// TestPruneKeepsTimes: what blocks were measured to take outlives an interruption before training,
// and is not measured again, unless it is of something else.
func TestPruneKeepsTimes(t *testing.T) {
	parent := measuredWinner(t)
	c := prune.Defaults(prune.Magnitude, supernet.Channels)
	c.Epochs, c.Batch = 1, 16
	n := 0
	job := PruneJob{
		Manifest: parent, Config: c, Dir: filepath.Join(t.TempDir(), "pruned"), MaxLatencyMS: 1000,
		Budget: time.Millisecond, Workers: 1, Resume: true,
		Progress: func(string, int, int) {}, Say: func(string, ...any) {},
	}
	// begin gives how many networks and blocks were loaded until the interruption, which comes with
	// the first network after the blocks.
	begin := func(j PruneJob) int {
		t.Helper()
		ctx, end := context.WithCancel(t.Context())
		defer end()
		n = 0
		j.Runtime = loads{n: &n}
		j.Progress = func(what string, _, _ int) {
			if strings.HasPrefix(what, "time a network") {
				end()
			}
		}
		if _, err := Prune(ctx, j); !errors.Is(err, context.Canceled) {
			t.Fatalf("interrupted: %v", err)
		}
		return n
	}
	measured := begin(job)
	if again := begin(job); again >= measured/2 {
		t.Errorf("resumed, it loaded %d blocks and networks, after %d before", again, measured)
	}
	other := job
	other.Config.Seed++
	if again := begin(other); again < measured/2 {
		t.Errorf("of another seed it loaded %d blocks and networks, want about %d", again, measured)
	}
	job.Resume = false
	if again := begin(job); again < measured/2 {
		t.Errorf("not resumed, it loaded %d blocks and networks, want about %d", again, measured)
	}
	job.Resume = true
	path := filepath.Join(job.Dir, PruningDir, variantsFile)
	if err := os.WriteFile(path, []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	if again := begin(job); again < measured/2 {
		t.Errorf("of a damaged file it loaded %d blocks and networks, want about %d", again,
			measured)
	}
	if _, err := Prune(t.Context(), job); err != nil {
		t.Fatal(err)
	}
}
