package jobs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/tailor-nas/tailor/internal/meter"
	"github.com/tailor-nas/tailor/internal/queue"
	"github.com/tailor-nas/tailor/internal/safetensors"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/supernet"
)

// Asker has networks measured by the workers of a queue that are of this machine's class. It is a
// [meter.Elsewhere].
type Asker struct {
	Queue *queue.Conn
	Say   func(text string) // if set, is told in a line what the queue waits for
}

// accuracyAdvice is what to do where no worker measures accuracies.
const accuracyAdvice = ", and values of one class are never put beside those of another: " +
	"run tailor work --queue there, or here"

// Measure has networks measured.
func (k *Asker) Measure(ctx context.Context, t *meter.Task, archs []supernet.Arch,
	progress func(done int)) ([]meter.Value, error) {
	sha, err := k.send(ctx, t)
	if err != nil {
		return nil, fmt.Errorf("pack what is to be measured: %w", err)
	}
	space := t.Run.Info.Space
	a := queue.Ask{Kind: AccuracyKind, Class: Class(), Protocol: sha, Progress: progress,
		Say: k.Say, Advice: accuracyAdvice,
		Files: func(ctx context.Context) error { _, err := k.send(ctx, t); return err },
		Check: func(_ int, v json.RawMessage) error { _, err := parseValue(v); return err },
		Here: func(ctx context.Context, i int) (json.RawMessage, error) {
			v, err := t.Here(ctx, archs[i])
			if err != nil {
				return nil, err
			}
			return json.Marshal(valueOf(v))
		},
	}
	for _, arch := range archs {
		of, err := json.Marshal(space.Spec(arch))
		if err != nil {
			return nil, err
		}
		a.Of = append(a.Of, of)
	}
	results, err := k.Queue.Measure(ctx, a)
	if err != nil {
		return nil, err
	}
	values := make([]meter.Value, len(results))
	for i, r := range results {
		v, err := parseValue(r.Value)
		if err != nil {
			return nil, err
		}
		values[i] = meter.Value{Imitation: v, Seconds: r.Seconds, At: r.At,
			Device: fmt.Sprintf("%s (worker %s)", r.Device, r.Worker)}
	}
	return values, nil
}

// send gives the queue what the workers need, and gives the SHA-256 of the protocol.
func (k *Asker) send(ctx context.Context, t *meter.Task) (sha string, err error) {
	dir, err := os.MkdirTemp("", "tailor-queue-")
	if err != nil {
		return "", err
	}
	defer func() {
		if gone := os.RemoveAll(dir); err == nil {
			err = gone
		}
	}()
	p := protocol{Version: protocolVersion, Space: t.Run.Info.Space,
		Statistics: t.Run.Info.Imported != nil, CalibrateAll: t.Eval.CalibrateAll,
		Calibration: t.Eval.CalibrationImages, Batch: t.Eval.Batch, Seed: t.Eval.Seed}
	for _, f := range []struct {
		sha   *string
		write func(io.Writer) error
	}{
		{&p.Weights, func(w io.Writer) error {
			return safetensors.Encode(w, t.Run.Net.Tensors(), nil)
		}},
		{&p.Images, func(w io.Writer) error { return writeImages(w, t.Data, t.Images, t.Eval) }},
		{&sha, func(w io.Writer) error { return json.NewEncoder(w).Encode(p) }},
	} {
		if *f.sha, err = sendOne(ctx, k.Queue, dir, f.write); err != nil {
			return "", err
		}
	}
	return sha, nil
}

// sendOne gives the queue a file.
func sendOne(ctx context.Context, q *queue.Conn, dir string, write func(io.Writer) error) (
	string, error) {
	path, h := filepath.Join(dir, "file"), sha256.New()
	if err := store.WriteFile(path, func(w io.Writer) error {
		return write(io.MultiWriter(w, h))
	}); err != nil {
		return "", err
	}
	sha := hex.EncodeToString(h.Sum(nil))
	return sha, q.Send(ctx, path, sha)
}
