// Command shrinking shows what a supernet loses by being trained to shrink: the largest network
// before and after, the smallest, and the best sub-network that a search finds for shares of the
// largest one's MACs, none of them fine-tuned. What ModelOpt published of its own example stands
// beside. With -rank it also says how well what is measured on held-out images orders networks. See
// README.md.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"text/tabwriter"

	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

func main() {
	b := &bench{}
	flag.StringVar(&b.dir, "run", "", "folder of the run")
	flag.StringVar(&b.data, "data", "", "its images; default where they were in training")
	flag.StringVar(&b.accuracy, "accuracy", "", "its accuracy predictor, of tailor fit accuracy")
	flag.StringVar(&b.before, "before", "",
		"run whose largest network is the one before shrinking, such as of --strategy full")
	shares := flag.String("shares", "0.73,0.5", "shares of the largest network's MACs")
	flag.IntVar(&b.random, "rank", 0,
		"random networks to say of how well held-out images order them; 0 for none")
	flag.IntVar(&b.testImages, "rank-images", 3000, "test images that each of these is tested on")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := json.Unmarshal([]byte("["+*shares+"]"), &b.shares)
	if err == nil {
		err = b.run(ctx, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "shrinking:", err)
		os.Exit(1)
	}
}

// bench is what was asked for.
type bench struct {
	dir, data, accuracy, before string
	shares                      []float64
	random, testImages          int
}

// row is a network: its accuracy on images of the named kind.
type row struct {
	name   string
	macs   int64
	top1   float64
	images string
}

func (b *bench) run(ctx context.Context, w io.Writer) error {
	run, err := trainer.OpenRun(b.dir)
	if err != nil {
		return err
	}
	images, e, err := evaluator(run, b.data)
	if err != nil {
		return err
	}
	defer e.Close()
	rows, err := b.beforeRows(ctx, run)
	if err != nil {
		return err
	}
	after, err := b.after(ctx, run, images, e)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s: space %s, %d epochs with %s, %d test images\n\n", b.dir,
		run.Info.Space.Name, run.Info.Config.Epochs, run.Info.Config.Strategy, images.Test.Len())
	if err := show(w, append(rows, after...), len(rows)); err != nil {
		return err
	}
	if _, err = fmt.Fprint(w, "\n"+published); err != nil || b.random == 0 {
		return err
	}
	return b.rank(ctx, w, run, images)
}

// evaluator tests networks of a run as the command line does.
func evaluator(run *trainer.Run, path string) (*trainer.Data, *trainer.Evaluator, error) {
	images, err := run.OpenData(path)
	if err != nil {
		return nil, nil, err
	}
	settings := run.EvalDefaults()
	settings.Workers = runtime.GOMAXPROCS(0)
	e, err := trainer.NewEvaluator(run.Net, images, settings)
	return images, e, err
}

// beforeRows are the largest network before it shrank: of another run, on test images, and in the
// run's own metrics, on images held out of training, there beside the end.
func (b *bench) beforeRows(ctx context.Context, run *trainer.Run) (rows []row, err error) {
	if b.before != "" {
		other, err := trainer.OpenRun(b.before)
		if err != nil {
			return nil, err
		}
		images, e, err := evaluator(other, b.data)
		if err != nil {
			return nil, err
		}
		defer e.Close()
		r, err := tested(ctx, e, images, other, "largest, before shrinking", other.Info.Space.Max())
		if err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	held, err := heldOut(run)
	return append(rows, held...), err
}

// after are the networks of the run itself.
func (b *bench) after(ctx context.Context, run *trainer.Run, images *trainer.Data,
	e *trainer.Evaluator) (rows []row, err error) {
	space := run.Info.Space
	for _, n := range []struct {
		name string
		arch supernet.Arch
	}{{"largest", space.Max()}, {"smallest", space.Min()}} {
		r, err := tested(ctx, e, images, run, n.name, n.arch)
		if err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	if b.accuracy == "" {
		return rows, nil
	}
	accuracy, err := b.loadAccuracy(run)
	if err != nil {
		return nil, err
	}
	for _, share := range b.shares {
		arch, err := best(ctx, space, accuracy, share)
		if err != nil {
			return nil, err
		}
		r, err := tested(ctx, e, images, run, fmt.Sprintf("best of at most %g of the MACs", share),
			arch)
		if err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// loadAccuracy reads the predictor, which must be of the run's weights.
func (b *bench) loadAccuracy(run *trainer.Run) (*predictor.Accuracy, error) {
	accuracy, err := predictor.LoadAccuracy(b.accuracy, run.Info.Space)
	if err != nil {
		return nil, err
	}
	if of := accuracy.Inputs["weights"].SHA256; of != run.State.WeightsSHA256 {
		return nil, fmt.Errorf("%s is of weights %.12s, those of %s are %.12s: fit accuracy again",
			b.accuracy, of, b.dir, run.State.WeightsSHA256)
	}
	return accuracy, nil
}

// best is the network that a search finds within a share of the largest network's MACs.
func best(ctx context.Context, space *supernet.Space, accuracy *predictor.Accuracy,
	share float64) (supernet.Arch, error) {
	config := optimize.Defaults()
	config.Seed = 1
	limits := search.Limits{
		MACs: int64(share * float64(supernet.MACs(space.Blocks(space.Max()))))}
	found, err := search.Find(ctx, search.Query{Space: space, Accuracy: accuracy, Limits: limits},
		config)
	if err != nil {
		return supernet.Arch{}, err
	}
	return found.Best[0].Arch, nil
}

func tested(ctx context.Context, e *trainer.Evaluator, images *trainer.Data, run *trainer.Run,
	name string, a supernet.Arch) (row, error) {
	top1, err := e.Top1(ctx, a, images.Test)
	return row{name, supernet.MACs(run.Info.Space.Blocks(a)), top1, "test"}, err
}

// show prints rows; points are below the first row of the rest on the same images.
func show(w io.Writer, rows []row, before int) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "network\tM MACs\tshare\ttop-1\tbelow the largest\timages\t")
	largest := rows[before]
	for i, r := range rows {
		below := "-"
		if i > before {
			below = fmt.Sprintf("%.2f points", 100*(largest.top1-r.top1))
		}
		fmt.Fprintf(t, "%s\t%.1f\t%.0f %%\t%.2f %%\t%s\t%s\t\n", r.name, float64(r.macs)/1e6,
			100*float64(r.macs)/float64(largest.macs), 100*r.top1, below, r.images)
	}
	return t.Flush()
}

// published is what ModelOpt's authors report.
const published = `ModelOpt (NVIDIA Model Optimizer, examples/pruning/cifar_resnet.ipynb: FastNAS, ResNet20 on CIFAR-10):
81 M FLOPs 90.97 %; cut to 59 M FLOPs, 73 %: 60.4 % (30.57 points below) without fine-tuning,
90.3 % (0.67 points below) after 120 epochs of it.
`
