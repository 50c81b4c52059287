// Command ssgd compares SSGD with its rivals: how wrong a network is after pruning, by what was
// removed and how.
//
//	go run ./tools/bench/ssgd --network lenet-300-100 --data MNIST --out ssgd-lenet300.jsonl
//	go run ./tools/bench/ssgd --manifest winners/latency-5ms --structure channels \
//		--out ssgd-channels.jsonl
//
// Every recipe gets as many settings to try and as many epochs as the others. Settings are tried
// with seed 0 at a few sparsities and chosen by the images held out of training alone; what is
// reported are fresh seeds on test images, which nothing was chosen by. A network of the literature
// is first trained whole, a manifest's is trained already. Each finished run is a line of the
// output, so that the command can be interrupted and repeated. --table prints what is there as
// Markdown, --plot draws it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"

	"github.com/tailor-nas/tailor/supernet"
)

func main() {
	b := &bench{}
	var structure, sparsities, recipes, tune string
	flag.StringVar(&b.network, "network", "", "lenet-300-100 or lenet-5-caffe, trained here first")
	flag.StringVar(&b.manifest, "manifest", "",
		"or the manifest of a trained `network`, or its folder")
	flag.StringVar(&b.dataPath, "data", "",
		"`folder` of the images; of a manifest by default where they were")
	flag.StringVar(&structure, "structure", "weights", "weights, vectors8, vectors16 or channels")
	flag.StringVar(&sparsities, "sparsities", "0.5,0.7,0.8,0.9,0.95,0.98,0.99",
		"shares to remove; Nx leaves one in N")
	flag.StringVar(&tune, "tune", "0.8,0.95,0.99",
		"shares at which settings are tried; the nearest decides")
	flag.StringVar(&recipes, "recipes", "", "some of the recipes, separated by commas; default all")
	flag.StringVar(&b.setting, "setting", "",
		"the one setting to use, which was chosen before; default try all")
	flag.IntVar(&b.tries, "tries", 0, "of each recipe's settings, how many are tried; default all")
	flag.IntVar(&b.seeds, "seeds", 3, "fresh seeds")
	flag.Uint64Var(&b.first, "first-seed", 1, "of these; 0 is for trying settings")
	flag.Float64Var(&b.rate, "rate", 0, "learning rate of pruning; default what suits the network")
	flag.Float64Var(&b.end, "end", 0,
		"part of training at which removal is complete, and the rate begins to fall; default as usual")
	flag.StringVar(&b.criterion, "criterion", "", "how layers are compared; default as the recipe")
	flag.Float64Var(&b.regrow, "regrow", 0, "share of what is left that is exchanged each time")
	flag.IntVar(&b.epochs, "epochs", 10, "of pruning")
	flag.IntVar(&b.denseEpochs, "dense-epochs", 10, "of training the whole network first")
	flag.IntVar(&b.shift, "shift", 1, "pixels by which training images are moved at random")
	flag.Float64Var(&b.distill, "distill", 0,
		"share of the target that is the whole network's answer")
	flag.StringVar(&b.work, "work", "",
		"`folder` for the whole networks; default beside the output")
	flag.StringVar(&b.out, "out", "", "`file` of results, one JSON object a line")
	flag.IntVar(&b.parallel, "parallel", 1, "runs at a time, one worker each")
	flag.BoolVar(&b.table, "table", false, "print the results as Markdown, run nothing")
	flag.StringVar(&b.plot, "plot", "", "draw them to this .svg or .png, run nothing")
	flag.Parse()
	err := b.parse(structure, sparsities, tune, recipes)
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		defer stop()
		err = b.do(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "ssgd:", err)
		os.Exit(1)
	}
}

// bench is the command.
type bench struct {
	network, manifest, dataPath, work, out, plot string
	structure                                    supernet.Structure
	sparsities, tune                             []float64
	recipes                                      []recipe
	seeds, epochs, denseEpochs, shift, parallel  int
	tries                                        int
	distill, rate, end, regrow                   float64
	setting, criterion                           string
	first                                        uint64
	table                                        bool
}

func (b *bench) parse(structure, sparsities, tune, recipes string) (err error) {
	b.structure = supernet.Structure(structure)
	if err := b.structure.Check(); err != nil {
		return err
	}
	if b.sparsities, err = shares(sparsities); err != nil {
		return err
	}
	if b.tune, err = shares(tune); err != nil {
		return err
	}
	for _, r := range recipesFor(b.network, b.structure) {
		r.settings = slices.DeleteFunc(r.settings, func(s setting) bool {
			return b.setting != "" &&
				s.name != b.setting
		})
		if b.tries > 0 {
			r.settings = r.settings[:min(b.tries, len(r.settings))]
		}
		if len(r.settings) > 0 && (recipes == "" || strings.Contains(","+recipes+",", ","+r.name+
			",")) {
			b.recipes = append(b.recipes, r)
		}
	}
	if b.out == "" || len(b.recipes) == 0 || (b.network == "") == (b.manifest == "") && !b.table &&
		b.plot == "" {
		return fmt.Errorf("expected --out FILE, recipes that exist, and one of --network and --manifest; see --help")
	}
	return nil
}

// shares reads 0.9,68x.
func shares(list string) (all []float64, err error) {
	for _, text := range strings.Split(list, ",") {
		number, times := strings.CutSuffix(text, "x")
		v, err := strconv.ParseFloat(number, 64)
		if times {
			v = 1 - 1/v
		}
		if err != nil || !(v > 0 && v < 1) {
			return nil, fmt.Errorf("%q is no share to remove, such as 0.9 or 68x", text)
		}
		all = append(all, v)
	}
	return all, nil
}

func (b *bench) do(ctx context.Context) error {
	switch {
	case b.table:
		return b.printTable(os.Stdout)
	case b.plot != "":
		return b.draw()
	}
	return b.compare(ctx)
}
