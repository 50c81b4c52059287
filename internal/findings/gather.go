package findings

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tailor-nas/tailor/internal/page"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// Query asks for a view.
type Query struct {
	Paths []string // folders and files
	// Page is the folder of the page, for links from it; empty for none.
	Page string
	// Doing is what is under way, for a page that is made again soon.
	Doing string
	// Quick leaves out what takes seconds: cross-validations.
	Quick bool
}

// Gather reads what is below some paths. Files that cannot be read are noted in the view; that
// there are none at all is [ErrNothing].
func Gather(ctx context.Context, q Query) (*page.View, error) {
	docs, unread, err := find(q.Paths)
	if err != nil {
		return nil, err
	}
	l := load(docs)
	l.notes = append(unread, l.notes...)
	l.readBeside()
	h := hrefs{}
	if q.Page != "" {
		h.from = q.Page
	}
	v := &page.View{Title: titleOf(q.Paths), Doing: q.Doing, Trainings: l.trainings(),
		Devices: l.devices(), Changes: l.changes(), Sources: l.sources(h), Commands: l.commands()}
	l.tradeoffs(ctx, v, h)
	for _, a := range l.accuracies {
		v.Predictors = append(v.Predictors, l.accuracyPredictor(ctx, a, q.Quick))
	}
	for _, b := range l.latencies {
		v.Predictors = append(v.Predictors, l.latencyPredictor(b))
	}
	v.Notes = l.notes
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(v.Sources) == 0 {
		return nil, fmt.Errorf("%w: no document in %s can be read: %s", ErrNothing,
			strings.Join(q.Paths, ", "), strings.Join(l.notes, "; "))
	}
	return v, nil
}

func titleOf(paths []string) string {
	var names []string
	for _, p := range paths {
		names = append(names, base(p))
	}
	if len(names) > 3 {
		names = append(names[:3:3], "...")
	}
	return strings.Join(names, ", ")
}

// tradeoffs adds the charts of accuracy against cost, and of where time goes.
func (l *library) tradeoffs(ctx context.Context, v *page.View, h hrefs) {
	for _, group := range l.groups() {
		t := page.Tradeoff{Cost: group[0].cost, Title: l.chartTitle(group)}
		for _, s := range group {
			g := l.gathering(s)
			out := page.Series{Name: s.name(group), Timed: s.latency != nil,
				Networks: g.networks(ctx, sampled/len(group))}
			out.Networks = append(out.Networks, g.winnersFrom(len(out.Networks), h)...)
			out.Front, out.FrontOf = l.front(s, out.Networks)
			for _, n := range out.Networks {
				if n.Kind == page.Winner && n.Budget > 0 {
					out.Budgets = append(out.Budgets, n.Budget)
				}
			}
			if len(out.Networks)+len(out.Front) > 0 {
				t.Series = append(t.Series, out)
			}
		}
		if len(t.Series) > 0 {
			t.About = about(group[0].cost)
			v.Tradeoffs = append(v.Tradeoffs, t)
			v.Times = append(v.Times, l.times(group)...)
		}
	}
}

// chartTitle names the data and the space of a group.
func (l *library) chartTitle(group []*series) string {
	s := group[0]
	switch {
	case s.run != nil && s.run.doc.Info.Data.Name != "":
		return s.space.Name + " on " + dataName(s.run.doc.Info.Data)
	case s.space != nil:
		return s.space.Name
	case len(s.winners) > 0:
		return s.winners[0].doc.SpaceName
	}
	return "networks"
}

// dataName is what images are called: by their own name, or the file or folder that they are in.
func dataName(d trainer.DataInfo) string {
	if d.Name == "folder" && d.Path != "" {
		return filepath.Base(d.Path)
	}
	return d.Name
}

func about(c page.Cost) string {
	dots := "networks as predicted or measured"
	if c == page.MACs {
		dots = "networks with their top-1 as predicted or measured"
	}
	return "Up and to the left is better. Dots are " + dots + ", on images held out of " +
		"training. Numbers are winners as measured on test images, with 95 % intervals; a " +
		"line leads there from the prediction."
}

const (
	maxBars    = 12
	maxDevices = 4
)

// times says where the time of a group's winners goes, on each device whose blocks are known.
func (l *library) times(group []*series) []page.TimeChart {
	c := page.TimeChart{Title: l.chartTitle(group)}
	devices := func(s *series) string {
		if len(group) == 1 {
			return "" // there is no other to tell it from
		}
		return s.deviceName()
	}
	for _, s := range group {
		for _, m := range spread(different(s.sorted()), maxBars/min(len(group), maxDevices)) {
			for i, other := range group {
				if i >= maxDevices || other.latency == nil || len(c.Rows) >= maxBars ||
					other.space == nil || m.doc.SpaceSHA256 != other.latency.doc.SpaceSHA256 {
					continue
				}
				g := l.gathering(other)
				row := page.TimeRow{Network: l.names[m.path], Device: devices(other),
					Blocks: g.winnerBlocks(m.doc), RestMS: max(other.latency.doc.Intercept, 0)}
				if known(row.Blocks) {
					c.Rows = append(c.Rows, row)
				}
			}
		}
	}
	if len(c.Rows) == 0 {
		return nil
	}
	return []page.TimeChart{c}
}

// different are the manifests of different networks: the first of each.
func different(all []at[manifest.Manifest]) (some []at[manifest.Manifest]) {
	for _, m := range all {
		if !slices.ContainsFunc(some, func(other at[manifest.Manifest]) bool {
			return slices.Equal(other.doc.Blocks, m.doc.Blocks)
		}) {
			some = append(some, m)
		}
	}
	return some
}

// spread are at most n of a list, from its first to its last.
func spread[T any](all []T, n int) []T {
	if len(all) <= n || n < 2 {
		return all[:min(len(all), max(n, 0))]
	}
	var some []T
	for i := range n {
		some = append(some, all[i*(len(all)-1)/(n-1)])
	}
	return some
}

// known says whether every block that does work has a time.
func known(blocks []page.Block) bool {
	for _, b := range blocks {
		if b.MS <= 0 && b.Kind != string(supernet.Pool) {
			return false
		}
	}
	return true
}
