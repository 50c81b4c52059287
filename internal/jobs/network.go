package jobs

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/tailor-nas/tailor/internal/amount"
	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/export"
	"github.com/tailor-nas/tailor/internal/passes"
	"github.com/tailor-nas/tailor/internal/queue"
	"github.com/tailor-nas/tailor/internal/runtime/netfile"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// A network that stands alone, such as a winner, is a file of its own, with its weights and
// statistics. Jobs name it by its SHA-256, and their protocol says that they do.

// maxNetwork bounds the bytes of such a file: 4 for each parameter, and the blocks.
const maxNetwork = 4*maxParams + 64<<20

// sendNetwork gives the queue a network.
func sendNetwork(ctx context.Context, q *queue.Conn, dir string, net *supernet.Subnet) (string,
	error) {
	return sendOne(ctx, q, dir, func(w io.Writer) error {
		text, err := netfile.Marshal(net, export.Meta{})
		if err == nil {
			_, err = w.Write(text)
		}
		return err
	})
}

// receiveNetwork fetches a network.
func receiveNetwork(ctx context.Context, q *queue.Conn, dir, sha string) (*supernet.Subnet,
	error) {
	path, err := fetch(ctx, q, dir, sha)
	if err != nil {
		return nil, fmt.Errorf("network: %w", err)
	}
	text, err := store.ReadAll(ctx, path, maxNetwork)
	if err != nil {
		return nil, fmt.Errorf("network: %w", err)
	}
	net, err := netfile.Unmarshal(text)
	if err != nil {
		return nil, fmt.Errorf("%w: network: %w", ErrProtocol, err)
	}
	return net, nil
}

// networkOf says which network a job is of.
type networkOf struct {
	Network string `json:"network"` // SHA-256
}

// counted is the result of a test.
type counted struct {
	Correct *int `json:"correct"` // images classified right; nil where the text has none
}

// parseCounted reads the result of a test on so many images.
func parseCounted(text []byte, images int) (correct int, err error) {
	var v counted
	if err := parse(text, &v); err != nil {
		return 0, err
	}
	if v.Correct == nil || *v.Correct < 0 || *v.Correct > images {
		return 0, fmt.Errorf("%w: %.200s is no number of right answers, of %d images", ErrProtocol,
			text, images)
	}
	return *v.Correct, nil
}

// count counts what a network gets right.
func count(ctx context.Context, net *supernet.Subnet, set data.Set, size int,
	t data.Transform) (json.RawMessage, error) {
	counts, err := passes.Test(ctx, net, set, size, t, 1, nil)
	if err != nil {
		return nil, err
	}
	correct := 0
	for class, of := range counts {
		correct += of[class]
	}
	return json.Marshal(counted{&correct})
}

// test tests the network of a job.
func (b *bench) test(ctx context.Context, l *Lender, j queue.Job) (json.RawMessage, error) {
	var of networkOf
	if err := parse(j.Of, &of); err != nil {
		return nil, err
	}
	net, err := receiveNetwork(ctx, l.Queue, l.Dir, of.Network)
	if err != nil {
		return nil, err
	}
	d := b.images.data
	in, out := net.Blocks[0].In, net.Blocks[len(net.Blocks)-1].Out
	if in.C != d.Channels || out.C != len(d.Classes) {
		return nil, fmt.Errorf("%w: the network is for %d classes of images with %d channels, the images have %d and %d",
			ErrProtocol, out.C, in.C, len(d.Classes), d.Channels)
	}
	mean, std := d.Stats()
	return count(ctx, net, b.images.test, d.Size, data.Transform{Mean: mean, Std: std})
}

// Tester has networks that stand alone tested by the workers of a queue that are of this machine's
// class, with the results that it would have itself.
type Tester struct {
	Queue *queue.Conn
	Say   func(text string) // if set, is told in a line what the queue waits for
}

// Test has networks tested on a set of images of some size, which t brings to them, and gives the
// top-1 of each, with who measured it. progress, if set, is told how many are there.
func (k *Tester) Test(ctx context.Context, nets []*supernet.Subnet, set data.Set, size int,
	t data.Transform, progress func(done int)) ([]manifest.Measured, error) {
	all, err := k.test(ctx, nets, set, size, t, progress)
	if err != nil {
		err = fmt.Errorf("ask queue for the accuracy of %s: %w", amount.Of(len(nets), "network"),
			err)
	}
	return all, err
}

func (k *Tester) test(ctx context.Context, nets []*supernet.Subnet, set data.Set, size int,
	t data.Transform, progress func(done int)) ([]manifest.Measured, error) {
	sha, of, err := k.send(ctx, nets, set, size, t)
	if err != nil {
		return nil, fmt.Errorf("pack what is to be measured: %w", err)
	}
	a := queue.Ask{Kind: AccuracyKind, Class: Class(), Protocol: sha, Progress: progress,
		Say: k.Say, Advice: accuracyAdvice,
		Files: func(ctx context.Context) error {
			_, _, err := k.send(ctx, nets, set, size, t)
			return err
		},
		Check: func(_ int, v json.RawMessage) error {
			_, err := parseCounted(v, set.Len())
			return err
		},
	}
	var first []*supernet.Subnet // of those that are the same
	at := map[string]int{}
	for i, sha := range of {
		if _, known := at[sha]; known {
			continue
		}
		text, err := json.Marshal(networkOf{sha})
		if err != nil {
			return nil, err
		}
		at[sha], first, a.Of = len(first), append(first, nets[i]), append(a.Of, text)
	}
	a.Here = func(ctx context.Context, i int) (json.RawMessage, error) {
		return count(ctx, first[i], set, size, t)
	}
	results, err := k.Queue.Measure(ctx, a)
	if err != nil {
		return nil, err
	}
	measured := make([]manifest.Measured, len(nets))
	for i, sha := range of {
		r := results[at[sha]]
		correct, err := parseCounted(r.Value, set.Len())
		if err != nil {
			return nil, err
		}
		measured[i] = manifest.Measured{Top1: float64(correct) / float64(set.Len()),
			Images: set.Len(), Top1Worker: r.Worker}
	}
	return measured, nil
}

// send gives the queue what the workers need, and gives the SHA-256 of the protocol and of each
// network.
func (k *Tester) send(ctx context.Context, nets []*supernet.Subnet, set data.Set, size int,
	t data.Transform) (sha string, of []string, err error) {
	dir, err := os.MkdirTemp("", "tailor-queue-")
	if err != nil {
		return "", nil, err
	}
	defer func() { err = cmp.Or(err, os.RemoveAll(dir)) }()
	first := nets[0].Blocks
	channels, classes := first[0].In.C, first[len(first)-1].Out.C
	p := protocol{Version: protocolVersion, Networks: true}
	p.Images, err = sendOne(ctx, k.Queue, dir, func(w io.Writer) error {
		return writeTestImages(w, set, header{Channels: channels, Size: size, Classes: classes,
			Mean: orAll(t.Mean, 0, channels), Std: orAll(t.Std, 1, channels)})
	})
	if err != nil {
		return "", nil, err
	}
	for _, net := range nets {
		sha, err := sendNetwork(ctx, k.Queue, dir, net)
		if err != nil {
			return "", nil, err
		}
		of = append(of, sha)
	}
	sha, err = sendOne(ctx, k.Queue, dir, func(w io.Writer) error {
		return json.NewEncoder(w).Encode(p)
	})
	return sha, of, err
}

// orAll are values by channel, or where there are none the same of all.
func orAll(values []float32, v float32, channels int) []float32 {
	if values == nil {
		return slices.Repeat([]float32{v}, channels)
	}
	return values
}

// writeTestImages writes the images of a test, and none to train on.
func writeTestImages(w io.Writer, set trainer.Set, h header) error {
	for i := range set.Len() {
		h.Test = append(h.Test, set.Label(i))
	}
	return h.write(w, nil, set)
}
