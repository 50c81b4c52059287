package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tailor-nas/tailor/internal/genesearch"
	"github.com/tailor-nas/tailor/internal/winners"
	"github.com/tailor-nas/tailor/predictor/genes"
	"github.com/tailor-nas/tailor/search/optimize"
)

// genesSearchFlags are those of searches in a table of genes, which has no networks.
type genesSearchFlags struct {
	Genes      string        `help:"Or genes, where there are other things than networks to choose: the number of choices of each, or a YAML file." placeholder:"5,5,5|FILE" xor:"space" required:"" type:"source" without:"report|max-macs|max-params|max-memory|max-size|energy|max-energy|cost|bound|plot|verify|export|continue|device"`
	Max        []string      `help:"With --genes, limits of what --latency predicts, by the names of its files: latency=5ms, energy=3.5." placeholder:"NAME=LIMIT,..." with:"genes" without:"max-latency"`
	RunCommand string        `help:"With --genes, run this command on configurations that a model chooses, with {GENE} where choices belong; the last line that it prints is the value. No shell reads it." oneof:"objective" with:"genes" without:"accuracy|latency|max|confidence|pareto|exhaustive"`
	Maximize   bool          `help:"Look for the largest value of --run-command, not the smallest." with:"run-command"`
	Repeats    int           `help:"Runs of each configuration; their median counts." default:"1" range:"1..1000" with:"run-command"`
	Timeout    time.Duration `help:"Time of a run, after which it failed." default:"10m" range:"1ms..240h" with:"run-command"`
	Results    string        `help:"File that keeps the result of each run; the same command goes on from it. Default --out with .jsonl behind it." type:"path" with:"run-command"`
}

// searchGenes searches a table of genes by predictors.
func (c *searchCmd) searchGenes(ctx context.Context, g *Globals) error {
	q, d, err := c.geneQuery(g)
	if err != nil {
		return err
	}
	budgets, err := c.geneBudgets(q.Costs)
	if err != nil {
		return err
	}
	config, err := c.geneConfig(g, q.Space)
	if err != nil {
		return err
	}
	begin := time.Now()
	var unmet error
	for _, limits := range budgets {
		q.Costs = limits
		answer, err := genesearch.Find(ctx, *q, config)
		switch {
		case errors.Is(err, optimize.ErrInfeasible):
			unmet = both(unmet, err)
			continue
		case err != nil:
			return err
		}
		if answer.Within == 1 && len(answer.Limits) > 0 {
			g.warn("all configurations that were looked at are within %s, which limits nothing",
				limitsText(answer.Limits))
		}
		if c.Pareto {
			answer.Found = spreadOver(answer.Found, c.Points)
		}
		d.Answers = append(d.Answers, *answer)
	}
	if len(d.Answers) == 0 {
		return unmet
	}
	if err := d.Save(c.Out); err != nil {
		return err
	}
	r := geneSearchResult{c.Out, d.Answers, time.Since(begin).Seconds()}
	if err := g.result(r, func(w io.Writer) { r.print(w, d) }); err != nil {
		return err
	}
	return unmet
}

// both puts two errors behind one another.
func both(first, second error) error {
	if first == nil {
		return second
	}
	return fmt.Errorf("%w; %w", first, second)
}

// geneQuery loads what is predicted.
func (c *searchCmd) geneQuery(g *Globals) (*genesearch.Query, *genesearch.Document, error) {
	if c.Accuracy == "" && len(c.Latency) == 0 {
		return nil, nil, usagef("--genes needs --accuracy or --latency, files that fit wrote, or --run-command; see tailor search --help")
	}
	space, err := loadGenes(c.Genes)
	if err != nil {
		return nil, nil, err
	}
	q := &genesearch.Query{Space: space, Confidence: c.Confidence, Pareto: c.Pareto}
	d := genesearch.NewDocument(space, g.Seed)
	d.Confidence = c.Confidence
	if c.Accuracy != "" {
		if q.Accuracy, err = genes.LoadPredictor(c.Accuracy, space, genes.Accuracy); err != nil {
			return nil, nil, err
		}
		d.From("accuracy", c.Accuracy, q.Accuracy)
	}
	for _, path := range c.Latency {
		p, err := genes.LoadPredictor(path, space, genes.Latency)
		if err != nil {
			return nil, nil, err
		}
		name, role := winners.DeviceName(path), "latency"
		if len(c.Latency) > 1 {
			role = "latency " + name
		}
		if slices.ContainsFunc(q.Costs, func(c genesearch.Cost) bool { return c.Name == name }) {
			return nil, nil, usagef("--latency has two files called %s: rename one", name)
		}
		d.From(role, path, p)
		q.Costs = append(q.Costs, genesearch.Cost{Name: name, Predictor: p})
	}
	if q.Pareto && (q.Accuracy == nil || len(q.Costs) == 0) {
		return nil, nil, usagef("--pareto needs --accuracy and --latency")
	}
	return q, d, nil
}

// geneBudgets are the costs with the limits of each search.
func (c *searchCmd) geneBudgets(costs []genesearch.Cost) (all [][]genesearch.Cost, err error) {
	if len(c.MaxLatency) > 0 && len(costs) > 1 {
		return nil, usagef("--max-latency is of one predictor, and --latency names %d: write --max %s=LIMIT,...", len(costs), costs[0].Name)
	}
	for _, l := range c.MaxLatency {
		if l.share > 0 {
			return nil, usagef("--max-latency is a share, which it cannot be with --genes: write a time, such as 5ms")
		}
		limited := slices.Clone(costs)
		limited[0].Limit = l.ms(0)
		if slices.ContainsFunc(all, func(other []genesearch.Cost) bool {
			return other[0].Limit == limited[0].Limit
		}) {
			return nil, usagef("--max-latency has %s twice", latency(limited[0].Limit))
		}
		all = append(all, limited)
	}
	if len(all) > 0 {
		return all, nil
	}
	limited := slices.Clone(costs)
	for _, text := range c.Max {
		if err := setLimit(limited, text); err != nil {
			return nil, err
		}
	}
	return [][]genesearch.Cost{limited}, nil
}

// setLimit reads "NAME=LIMIT".
func setLimit(costs []genesearch.Cost, text string) error {
	at := strings.LastIndex(text, "=")
	if at < 0 {
		return usagef("--max is %.60q, expected NAME=LIMIT", text)
	}
	name, number := text[:at], text[at+1:]
	var names []string
	for i := range costs {
		if names = append(names, costs[i].Name); costs[i].Name != name {
			continue
		}
		limit, err := strconv.ParseFloat(number, 64)
		if d, notTime := time.ParseDuration(number); err != nil && notTime == nil {
			limit, err = float64(d)/float64(time.Millisecond), nil
		}
		if err != nil || !(limit > 0 && limit <= 1e12) {
			return usagef("--max %s: the limit is %.40q, expected a number above 0, in the unit of what was measured, or a time such as 5ms", name, number)
		}
		if costs[i].Limit > 0 {
			return usagef("--max has %s twice", name)
		}
		costs[i].Limit = limit
		return nil
	}
	if len(names) == 0 {
		return usagef("--max needs --latency, whose files it names")
	}
	return usageError{&genes.UnknownError{What: "file of --latency", Word: name, Known: names}}
}

// geneConfig is how the search goes.
func (c *searchCmd) geneConfig(g *Globals, s *genes.Space) (optimize.Config, error) {
	config := optimize.Defaults()
	config.Seed, config.Top = g.Seed, c.Top
	give(&config.Evaluations, c.Evaluations)
	if c.Exhaustive {
		if n := s.Count(); !n.IsInt64() || n.Int64() > exhaustiveLimit {
			return config, usagef("the genes have %v configurations, and --exhaustive looks at %d at most; leave it out for the best that is found", n, exhaustiveLimit)
		}
		config.Evaluations = exhaustiveLimit
	}
	if c.RunCommand == "" { // predictions are cheap: no model of them is needed
		config.Modelled = 0
	}
	return config, nil
}

// spreadOver are about so many of a front, evenly by their places, with both ends.
func spreadOver(front []genesearch.Found, points int) []genesearch.Found {
	if len(front) <= points {
		return front
	}
	var some []genesearch.Found
	for i := range points {
		some = append(some, front[i*(len(front)-1)/max(points-1, 1)])
	}
	return some
}

// geneSearchResult is the JSON.
type geneSearchResult struct {
	Search  string              `json:"search"`
	Answers []genesearch.Answer `json:"answers"`
	Seconds float64             `json:"seconds"`
}

func (r *geneSearchResult) print(w io.Writer, d *genesearch.Document) {
	t := &table{headings: 1, right: true}
	first := r.Answers[0].Found[0]
	heading := []string{"LIMITS"}
	if first.Accuracy != nil {
		heading = append(heading, "ACCURACY", "AT LEAST")
	}
	for _, c := range first.Costs {
		heading = append(heading, strings.ToUpper(c.Name), "AT MOST")
	}
	t.row(append(heading, "GENES")...)
	evaluations, most, exact := 0, 0, true
	for _, a := range r.Answers {
		evaluations, most = evaluations+a.Evaluations, max(most, a.Evaluations)
		exact = exact && a.Exact
		for _, f := range a.Found {
			row := []string{limitsText(a.Limits)}
			if f.Accuracy != nil {
				row = append(row, fmt.Sprintf("%.2f %%", 100*f.Accuracy.Predicted),
					fmt.Sprintf("%.2f %%", 100*f.Accuracy.AtLeast))
			}
			for _, c := range f.Costs {
				row = append(row, fmt.Sprintf("%.4g", c.Predicted), fmt.Sprintf("%.4g", c.AtMost))
			}
			t.row(append(row, genesText(d.Genes, f.Genes))...)
		}
	}
	t.dropEmpty("", "-")
	t.print(w)
	if d.Confidence > 0 {
		fmt.Fprintf(w, "AT LEAST and AT MOST hold with %.4g %% confidence\n", 100*d.Confidence)
	}
	how := "looked at"
	if exact {
		how, evaluations = "looked at all", most // the same ones for each limit
	}
	fmt.Fprintf(w, "%s %d configurations in %.2f s\nwrote %s\n", how, evaluations, r.Seconds,
		shown(r.Search))
}

func limitsText(limits map[string]float64) string {
	var all []string
	for name, v := range limits {
		all = append(all, fmt.Sprintf("%s <= %.5g", name, v))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// genesText lists choices by the names of their genes.
func genesText(all []genes.Gene, named map[string]string) string {
	words := make([]string, len(all))
	for i, g := range all {
		words[i] = g.Name + "=" + named[g.Name]
	}
	return strings.Join(words, " ")
}

// runsResult is the JSON of a search that ran a command.
type runsResult struct {
	Search  string `json:"search"`
	Results string `json:"results"`
	*genesearch.Runs
	Seconds float64 `json:"seconds"`
}

// runCommand searches by running a command.
func (c *searchCmd) runCommand(ctx context.Context, g *Globals) error {
	space, err := loadGenes(c.Genes)
	if err != nil {
		return err
	}
	command, err := genesearch.ParseCommand(c.RunCommand, space)
	if err != nil {
		return err
	}
	config, err := c.geneConfig(g, space)
	if err != nil {
		return err
	}
	r := genesearch.Runner{Space: space, Command: command, Results: c.Results, Maximize: c.Maximize,
		Repeats: c.Repeats, Timeout: c.Timeout,
		Progress: func(done, total int, _ float64) {
			g.progress("run", float64(done), float64(total))
		}}
	if r.Results == "" {
		r.Results = c.Out + ".jsonl"
	}
	begin := time.Now()
	runs, err := r.Search(ctx, config)
	if err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("interrupted, the same command goes on from %s: %w", shown(r.Results),
				err)
		}
		return err
	}
	d := genesearch.NewDocument(space, g.Seed)
	d.Runs = runs
	if err := d.FromResults(r.Results); err != nil {
		return err
	}
	if err := d.Save(c.Out); err != nil {
		return err
	}
	if runs.Failed > 0 {
		g.warn("%d of %d configurations failed; %s says why", runs.Failed, runs.Evaluations,
			shown(r.Results))
	}
	result := runsResult{c.Out, r.Results, runs, time.Since(begin).Seconds()}
	return g.result(result, func(w io.Writer) { result.print(w, space) })
}

func (r *runsResult) print(w io.Writer, s *genes.Space) {
	t := &table{headings: 1, right: true}
	t.row("VALUE", "GENES")
	for _, b := range r.Best {
		t.row(fmt.Sprintf("%.6g", b.Value), genesText(s.Genes, b.Genes))
	}
	t.print(w)
	all := ""
	if r.Exact {
		all = "all "
	}
	fmt.Fprintf(w, "evaluated %s%d configurations of %v: %d runs in %.1f s, %d runs from before\n", all,
		r.Evaluations, s.Count(), r.Ran, r.Seconds, r.Resumed)
	fmt.Fprintf(w, "wrote %s and %s\n", shown(r.Search), shown(r.Results))
}
