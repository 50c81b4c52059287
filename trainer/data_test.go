package trainer

import (
	"errors"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
)

// otherLabels are images of classes that do not exist.
type otherLabels struct{ Set }

func (otherLabels) Label(int) int { return 99 }

// microEvaluator evaluates the networks of a space that nobody trained, on drawn images.
func microEvaluator(t *testing.T) (*Evaluator, *Data, *supernet.Space) {
	t.Helper()
	d, err := OpenData("synthetic", DataOptions{Size: 16, Train: 40, Test: 20, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	space := microJob(t, t.TempDir()).Space.For(len(d.Classes), d.Channels)
	e, err := NewEvaluator(supernet.New(space, 1), d, EvalSettings{CalibrationImages: 20, Batch: 10,
		Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e, d, space
}

// TestOwnData: images that a program fills in itself give what opened ones do.
func TestOwnData(t *testing.T) {
	e, d, space := microEvaluator(t)
	want, err := e.Top1(t.Context(), space.Max(), d.Test)
	if err != nil {
		t.Fatal(err)
	}
	own := &Data{Classes: d.Classes, Channels: d.Channels, Size: d.Size, Train: d.Train}
	again, err := NewEvaluator(supernet.New(space, 1), own, e.settings)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if got, err := again.Top1(t.Context(), space.Max(), d.Test); got != want || err != nil {
		t.Errorf("top-1 is %v, %v, want %v", got, err, want)
	}
}

// TestEvaluatorRefuses: what a program may get wrong is an error, and no panic.
func TestEvaluatorRefuses(t *testing.T) {
	e, d, space := microEvaluator(t)
	ctx, net := t.Context(), supernet.New(space, 1)
	labels, empty := *d, *d
	labels.Test, empty.Train = otherLabels{d.Test}, nil
	for name, err := range map[string]error{
		"no supernet":    second(NewEvaluator(nil, d, e.settings)),
		"empty supernet": second(NewEvaluator(&supernet.Supernet{}, d, e.settings)),
		"no data":        second(NewEvaluator(net, nil, e.settings)),
		"nothing in it":  second(NewEvaluator(net, &Data{}, e.settings)),
		"no training":    second(NewEvaluator(net, &empty, e.settings)),
		"labels":         second(NewEvaluator(net, &labels, e.settings)),
		"no set":         second(e.Top1(ctx, space.Max(), Sample(nil, 1, 1))),
		"labels of set":  second(e.Confusion(ctx, space.Max(), labels.Test)),
		"no subnet":      second(e.SubnetTop1(ctx, nil, d.Test)),
		"empty subnet":   second(e.SubnetTop1(ctx, &supernet.Subnet{}, d.Test)),
	} {
		if !errors.Is(err, ErrConfig) {
			t.Errorf("%s: got %v, want one that wraps ErrConfig", name, err)
		}
	}
	if err := second(e.Extract(ctx, supernet.Arch{})); !errors.Is(err, supernet.ErrArch) {
		t.Errorf("an arch of no space: got %v", err)
	}
	e.Close()
	if err := second(e.Top1(ctx, space.Max(), d.Test)); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: got %v", err)
	}
}

func second[T any](_ T, err error) error { return err }
