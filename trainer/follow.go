package trainer

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
)

// ready is a run that can go on.
type ready struct {
	info  *Info
	data  *data.Dataset
	net   *supernet.Supernet
	state State
}

// begin makes a run ready, or one that was interrupted.
func (j Job) begin(ctx context.Context) (*ready, error) {
	info, d, err := startOrResume(j)
	if err != nil {
		return nil, err
	}
	net := supernet.New(info.Space, info.Config.Seed)
	state, err := loadCheckpoint(j.Dir, info, net, true)
	if err == nil && state.Step == 0 {
		err = info.fill(j, net)
	}
	if err != nil {
		return nil, err
	}
	if !state.Done {
		j.warnUselessCache(d)
	}
	return &ready{info, d, net, state}, j.fillCache(ctx, info, d, state)
}

// beginning is what rank 0 tells the others of a run.
type beginning struct {
	Info  *Info
	State State
}

// share has all ranks of the group begin alike: with the run, the weights and the optimiser's state
// of rank 0, whose own are b, and with the images that each has itself. failed is why rank 0 could
// not begin.
func (j Job) share(b *ready, failed error) (*ready, error) {
	if err := j.together(failed); err != nil {
		return nil, err
	}
	var own []byte
	var err error
	if j.leads() {
		if own, err = json.Marshal(beginning{b.info, b.state}); err != nil {
			return nil, err
		}
	}
	said, err := j.hear(own)
	if err != nil {
		return nil, err
	}
	if !j.leads() {
		b, err = j.follow(said[0])
	}
	if err := j.together(err); err != nil {
		return nil, err
	}
	for _, p := range weights.Params(b.net) {
		nn.FromFirst(j.Group, p.Data)
		nn.FromFirst(j.Group, p.Momentum)
	}
	return b, j.lost()
}

// follow begins what rank 0 told of, with weights yet to come.
func (j Job) follow(told []byte) (*ready, error) {
	var t beginning
	if err := json.Unmarshal(told, &t); err != nil {
		return nil, fmt.Errorf("%w: what rank 0 says of the run cannot be read: %w", ErrRanks, err)
	}
	if t.Info == nil || t.Info.Space == nil {
		return nil, fmt.Errorf("%w: rank 0 says nothing of the run", ErrRanks)
	}
	t.Info.Config.fillIn()
	t.Info.Data.Cache = "" // that is in the folder of rank 0
	d, err := t.Info.openData(j.Dir, j.Data)
	if err != nil {
		return nil, err
	}
	net := supernet.New(t.Info.Space, t.Info.Config.Seed)
	return &ready{t.Info, d, net, t.State}, nil
}

// shareTeacher gives all ranks the frozen teacher that rank 0 has read, or why it could not.
func (j Job) shareTeacher(f *frozen, failed error, space *supernet.Space, pool *nn.Pool) (*frozen,
	error) {
	if j.Group == nil {
		return f, failed
	}
	if err := j.together(failed); err != nil {
		return nil, err
	}
	if f == nil {
		net, err := supernet.NewSubnet(space.Blocks(space.Max()), space.BNEps, 0)
		if err != nil {
			return nil, err
		}
		f = newFrozen(space, net, pool)
	}
	for _, p := range weights.Params(f.net) {
		nn.FromFirst(j.Group, p.Data)
	}
	return f, j.lost()
}

// untilAny gives a context that ends on all ranks at the same step, once it has ended on one.
func (t *training) untilAny(ctx context.Context) (all context.Context, end func()) {
	if t.job.Group == nil {
		return ctx, func() {}
	}
	t.own = ctx
	all, t.end = context.WithCancel(context.WithoutCancel(ctx))
	return all, t.end
}

// agree has the ranks begin a step together, or end together before it.
func (t *training) agree() error {
	g := t.job.Group
	if g == nil {
		return nil
	}
	const size = 16
	all, cuts := make([]byte, g.Size()*size), make([]int, g.Size()+1)
	for r := range cuts {
		cuts[r] = r * size
	}
	own := all[g.Rank()*size:]
	if t.own.Err() != nil {
		own[0] = 1
	}
	binary.LittleEndian.PutUint64(own[size/2:], uint64(t.state.Step))
	g.Gather(all, cuts)
	if err := t.job.lost(); err != nil {
		return err
	}
	for r := range g.Size() {
		said := all[cuts[r]:]
		if step := binary.LittleEndian.Uint64(said[size/2:]); step != uint64(t.state.Step) {
			return fmt.Errorf("%w: rank %d is at step %d, rank %d at %d", ErrRanks, r, step,
				g.Rank(), t.state.Step)
		}
		if said[0] != 0 {
			t.end()
		}
	}
	return nil
}
