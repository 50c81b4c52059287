package jobs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"time"

	"github.com/tailor-nas/tailor/internal/queue"
	"github.com/tailor-nas/tailor/internal/runtime/remote"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/profiles/timing"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
)

// Timer has networks of a space timed on the device, and in the runtime, of a latency predictor.
type Timer struct {
	DeviceAsker
	Space   *supernet.Space
	Latency *predictor.Latency
}

// Time has networks timed by one worker, which it names, and a part of them again by another one
// where there is one. Their latencies are on the scale of the predictor.
func (k *Timer) Time(ctx context.Context, archs []supernet.Arch, budget time.Duration,
	seed uint64) (all []timing.Timing, session timing.Summary, worker string, err error) {
	ref := k.Latency.Reference
	if ref == nil {
		return nil, session, "", k.named(errors.New("the latency predictor has no reference network: profile again, and fit to that"))
	}
	w := networksWork{Reference: ref.Arch, ReferenceMS: ref.MS, Budget: budget, Seed: seed}
	for _, a := range archs {
		w.Archs = append(w.Archs, k.Space.Spec(a))
	}
	of := profiles.Identity{Device: k.Latency.Device, Runtime: k.Latency.Runtime}
	v, worker, err := k.twice(ctx, &w, of, func(ctx context.Context, dir string) (string, error) {
		threads, batch := settingsIn(of.Runtime)
		return k.send(ctx, ProfileJob{Space: k.Space, Threads: threads, Batch: batch,
			Runtime: remote.NameOf(of.Runtime), Settings: profiles.ProfileDefaults()}, dir)
	})
	return v.Networks, v.Session, worker, k.named(err)
}

func (k *Timer) named(err error) error {
	if err != nil {
		err = fmt.Errorf("ask queue for times on %s: %w", k.Latency.Device, err)
	}
	return err
}

// TimeNetwork has a network that stands alone timed on a device, in a runtime, twice: the second
// time by another worker where there is one. What is given is what the first one found, who that
// is, and how many times as long as in ref the reference took, if that is not nil.
func (k *DeviceAsker) TimeNetwork(ctx context.Context, net *supernet.Subnet, of profiles.Identity,
	ref *manifest.Reference, budget time.Duration, seed uint64) (m *manifest.Measured, pace float64,
	err error) {
	w := networksWork{Budget: budget, Seed: seed}
	if ref != nil {
		w.ReferenceBlocks, w.ReferenceMS = ref.Blocks, ref.MS
	}
	files := func(ctx context.Context, dir string) (sha string, err error) {
		if w.Network, err = sendNetwork(ctx, k.Queue, dir, net); err != nil {
			return "", err
		}
		threads, batch := settingsIn(of.Runtime)
		p := profileProtocol{Version: protocolVersion, Networks: true,
			Runtime: remote.NameOf(of.Runtime), Threads: threads, Batch: batch}
		return sendOne(ctx, k.Queue, dir, func(w io.Writer) error {
			return json.NewEncoder(w).Encode(p)
		})
	}
	v, worker, err := k.twice(ctx, &w, of, files)
	if err != nil {
		return nil, 0, fmt.Errorf("ask queue for the time of a network on %s: %w", of.Device, err)
	}
	t := v.Networks[0]
	return &manifest.Measured{LatencyMS: t.LatencyMS, LatencyLowMS: t.CILowMS,
			LatencyHighMS: t.CIHighMS, Unstable: t.Unstable || v.Session.Unstable,
			Device: v.Device, Runtime: v.Runtime, LatencyWorker: worker},
		ref.Pace(v.Session.ReferenceMS), nil
}

// twice has networks timed by one worker, and a part of them again by another one where there is
// one. files gives the queue what its jobs need, and gives the SHA-256 of the protocol; it is
// called before anything else.
func (k *DeviceAsker) twice(ctx context.Context, w *networksWork, of profiles.Identity,
	files func(ctx context.Context, dir string) (string, error)) (v networksValue, worker string,
	err error) {
	dir, err := os.MkdirTemp("", "tailor-queue-")
	if err != nil {
		return v, "", err
	}
	defer os.RemoveAll(dir) // what it was wanted for is done
	sha, err := files(ctx, dir)
	if err != nil {
		return v, "", fmt.Errorf("pack what is to be measured: %w", err)
	}
	lost := func(ctx context.Context) error { _, err := files(ctx, dir); return err }
	first, r, v, err := k.timed(ctx, sha, w, of, "", lost)
	if err != nil {
		return v, "", err
	}
	sum := sha256.Sum256(r.Value)
	again, once := *w, measuredOnce{v.Session, w.scaleMS(v.Session), r.Worker, v.Networks}
	again.Confirms = hex.EncodeToString(sum[:])
	if w.Network == "" {
		again.Archs, once.times = nil, nil
		for _, i := range drawn(len(w.Archs)) {
			again.Archs = append(again.Archs, w.Archs[i])
			once.times = append(once.times, v.Networks[i])
		}
	}
	again.Budget = again.confirmBudget(w.Budget)
	second, r2, _, err := k.timed(ctx, sha, &again, of, r.Worker, lost)
	if err == nil {
		err = confirm(once, &again, r2)
	}
	return v, r.Worker, k.forget(ctx, err, first, second)
}

// timed has networks timed, by others than a worker where there are any. files are sent again where
// the queue has lost them.
func (k *DeviceAsker) timed(ctx context.Context, sha string, w *networksWork,
	of profiles.Identity, except string, files func(context.Context) error) (a queue.Ask,
	r queue.Result, v networksValue, err error) {
	a = k.ask(sha, deviceWork{Networks: w})
	a.Except, a.Files = except, files
	a.Check = func(_ int, text json.RawMessage) error {
		v, err := parseNetworks(text, w.count())
		if err == nil && (v.Device != of.Device || v.Runtime != of.Runtime) {
			err = fmt.Errorf("%w: it timed on %s in %s, expected %s in %s", ErrProtocol, v.Device,
				v.Runtime, of.Device, of.Runtime)
		}
		return err
	}
	if r, err = k.one(ctx, a); err == nil {
		v, err = parseNetworks(r.Value, w.count())
	}
	return a, r, v, err
}

// inID is where the ID of a runtime has its threads and batch.
var inID = regexp.MustCompile(`^\S+ threads=([0-9]{1,4})(?: batch=([0-9]{1,4}))?(?: |$)`)

// settingsIn guesses the threads and the batch that the ID of a runtime was made of. Whether they
// were right, the ID of what was opened with them says.
func settingsIn(id string) (threads, batch int) {
	m := inID.FindStringSubmatch(id)
	if m == nil {
		return 1, 1
	}
	threads, _ = strconv.Atoi(m[1])
	batch, _ = strconv.Atoi(m[2]) // none is 0
	return max(threads, 1), max(batch, 1)
}
