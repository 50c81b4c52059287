package jobs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/tailor-nas/tailor/internal/queue"
	"github.com/tailor-nas/tailor/internal/runtime/remote"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/profiles/timing"
	"github.com/tailor-nas/tailor/supernet"
)

// Timer has networks of a space timed on the device, and in the runtime, of a latency predictor.
type Timer struct {
	DeviceAsker
	Space   *supernet.Space
	Latency *predictor.Latency
}

// Time has networks timed by one worker, and a part of them again by another one where there is
// one. Their latencies are on the scale of the predictor.
func (k *Timer) Time(ctx context.Context, archs []supernet.Arch, budget time.Duration,
	seed uint64) ([]timing.Timing, timing.Summary, error) {
	all, session, err := k.time(ctx, archs, budget, seed)
	if err != nil {
		err = fmt.Errorf("ask queue for times on %s: %w", k.Latency.Device, err)
	}
	return all, session, err
}

func (k *Timer) time(ctx context.Context, archs []supernet.Arch, budget time.Duration,
	seed uint64) (all []timing.Timing, session timing.Summary, err error) {
	ref := k.Latency.Reference
	if ref == nil {
		return nil, session, errors.New("the latency predictor has no reference network: profile again, and fit to that")
	}
	dir, err := os.MkdirTemp("", "tailor-queue-")
	if err != nil {
		return nil, session, err
	}
	defer os.RemoveAll(dir) // what it was wanted for is done
	threads, batch := settingsIn(k.Latency.Runtime)
	files := func(ctx context.Context) (string, error) {
		return k.send(ctx, ProfileJob{Space: k.Space, Threads: threads, Batch: batch,
			Runtime: remote.NameOf(k.Latency.Runtime), Settings: profiles.ProfileDefaults()}, dir)
	}
	sha, err := files(ctx)
	if err != nil {
		return nil, session, err
	}
	w := networksWork{Reference: ref.Arch, ReferenceMS: ref.MS, Budget: budget, Seed: seed}
	for _, a := range archs {
		w.Archs = append(w.Archs, k.Space.Spec(a))
	}
	lost := func(ctx context.Context) error { _, err := files(ctx); return err }
	first, r, v, err := k.timed(ctx, sha, w, "", lost)
	if err != nil {
		return nil, session, err
	}
	sum := sha256.Sum256(r.Value)
	again := w
	again.Confirms, again.Archs = hex.EncodeToString(sum[:]), nil
	for _, i := range drawn(len(archs)) {
		again.Archs = append(again.Archs, w.Archs[i])
	}
	again.Budget = again.confirmBudget(budget)
	second, r2, _, err := k.timed(ctx, sha, again, r.Worker, lost)
	if err == nil {
		err = confirm(measuredOnce{v.Session, w.scaleMS(v.Session), r.Worker,
			func(arch supernet.Spec) timing.Timing {
				return v.Networks[slices.IndexFunc(w.Archs, func(a supernet.Spec) bool {
					return fmt.Sprint(a) == fmt.Sprint(arch)
				})]
			}}, &again, r2)
	}
	return v.Networks, v.Session, k.forget(ctx, err, first, second)
}

// timed has networks timed, by others than a worker where there are any. files are sent again where
// the queue has lost them.
func (k *Timer) timed(ctx context.Context, sha string, w networksWork, except string,
	files func(context.Context) error) (a queue.Ask, r queue.Result, v networksValue, err error) {
	a = k.ask(sha, deviceWork{Networks: &w})
	a.Except, a.Files = except, files
	a.Check = func(_ int, text json.RawMessage) error {
		v, err := parseNetworks(text, len(w.Archs))
		if err == nil && (v.Device != k.Latency.Device || v.Runtime != k.Latency.Runtime) {
			err = fmt.Errorf("%w: it timed on %s in %s, expected %s in %s", ErrProtocol, v.Device,
				v.Runtime, k.Latency.Device, k.Latency.Runtime)
		}
		return err
	}
	if r, err = k.one(ctx, a); err == nil {
		v, err = parseNetworks(r.Value, len(w.Archs))
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
