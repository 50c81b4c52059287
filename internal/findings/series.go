package findings

import (
	"cmp"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tailor-nas/tailor/internal/page"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// maxSeries is how many a chart has: more cannot be told apart.
const maxSeries = 6

// pair is a supernet on a device: the hashes of the predictors that say what its networks reach.
type pair struct{ accuracy, latency string }

// series is all that is known of a pair.
type series struct {
	pair
	space    *supernet.Space // nil where nobody has it
	accuracy *at[predictor.Accuracy]
	latency  *at[predictor.Latency]
	run      *at[trainer.Record]
	winners  []at[manifest.Manifest]
	cost     page.Cost
	data     string // hash of the images that accuracies are of, else of the space
}

// pairs are the series to show: those with winners first, then those that predictors could serve.
func (l *library) pairs() (all []*series) {
	byPair := map[pair]*series{}
	add := func(p pair) *series {
		if s := byPair[p]; s != nil {
			return s
		}
		s := &series{pair: p, accuracy: l.accuracy(p.accuracy), latency: l.latency(p.latency)}
		byPair[p] = s
		all = append(all, s)
		return s
	}
	for _, m := range l.manifests {
		s := add(l.pairOf(m.doc))
		s.winners = append(s.winners, m)
	}
	for _, f := range l.fronts {
		add(pair{f.doc.Inputs["accuracy"].SHA256, f.doc.Inputs["latency"].SHA256})
	}
	for i := range l.accuracies {
		a := &l.accuracies[i]
		served := false
		for j := range l.latencies {
			if b := &l.latencies[j]; a.doc.SpaceSHA256 == b.doc.SpaceSHA256 {
				served = true
				add(pair{a.doc.SHA256, b.doc.SHA256})
			}
		}
		if !served {
			add(pair{a.doc.SHA256, ""})
		}
	}
	for _, s := range all {
		l.complete(s)
	}
	slices.SortStableFunc(all, func(a, b *series) int {
		return -cmp.Compare(min(1, len(a.winners)), min(1, len(b.winners)))
	})
	return append(all, l.unfitted()...)
}

// unfitted are runs whose networks were tested, or whose accuracy nobody has predicted yet.
func (l *library) unfitted() (all []*series) {
	for i := range l.runs {
		r := &l.runs[i]
		if sha := r.doc.State.WeightsSHA256; sha != "" && !l.predicted(sha) &&
			exists(filepath.Join(r.dir(), measurementsFile)) {
			s := &series{run: r}
			l.complete(s)
			all = append(all, s)
		}
	}
	return all
}

func (l *library) predicted(weights string) bool {
	return slices.ContainsFunc(l.accuracies, func(a at[predictor.Accuracy]) bool {
		return a.doc.Inputs["weights"].SHA256 == weights
	})
}

// pairOf is the pair of a manifest: of one that was made from another, that one's.
func (l *library) pairOf(m *manifest.Manifest) pair {
	for range len(l.manifests) {
		parent := l.manifest(m.Inputs[manifest.ParentRole].SHA256)
		if parent == nil {
			break
		}
		m = parent.doc
	}
	return pair{m.Inputs["accuracy"].SHA256, m.Inputs["latency"].SHA256}
}

// complete fills in what follows from the pair.
func (l *library) complete(s *series) {
	weights := ""
	if s.accuracy != nil {
		weights, s.data = s.accuracy.doc.Inputs["weights"].SHA256,
			s.accuracy.doc.Inputs["data"].SHA256
		s.space = l.spaces[s.accuracy.doc.SpaceSHA256]
	}
	for _, m := range s.winners {
		weights = cmp.Or(weights, m.doc.Inputs["weights"].SHA256)
		s.data = cmp.Or(s.data, m.doc.Inputs["data"].SHA256)
		if s.space == nil {
			s.space = l.space(m.doc.SpaceName, m.doc.SpaceSHA256)
		}
		s.data = cmp.Or(s.data, m.doc.SpaceSHA256)
	}
	if s.run == nil {
		s.run = l.runOf(weights)
	}
	if s.run != nil {
		s.space = s.run.doc.Info.Space
		s.data = cmp.Or(s.data, s.run.doc.Info.Data.SHA256)
	}
	if s.space != nil {
		s.data = cmp.Or(s.data, s.space.SHA256())
	}
	s.cost = page.MACs
	if s.latency != nil || slices.ContainsFunc(s.winners, timed) {
		s.cost = page.Latency
	}
}

func timed(m at[manifest.Manifest]) bool {
	return m.doc.Predicted.LatencyMS > 0 || m.doc.Measured != nil && m.doc.Measured.LatencyMS > 0
}

// groups are the series of a chart each: of the same images and the same cost. More than a chart
// can show are left out, with a note.
func (l *library) groups() (all [][]*series) {
	type key struct {
		data string
		cost page.Cost
	}
	byKey := map[key][]*series{}
	var order []key
	for _, s := range l.pairs() {
		k := key{s.data, s.cost}
		if byKey[k] == nil {
			order = append(order, k)
		}
		byKey[k] = append(byKey[k], s)
	}
	for _, k := range order {
		group := byKey[k]
		if len(group) > maxSeries {
			l.say("a chart shows %d of %d pairs of predictors, those with winners first: name "+
				"fewer files to see the others", maxSeries, len(group))
			group = group[:maxSeries]
		}
		all = append(all, group)
	}
	return all
}

// name tells a series from others of its group: by the run, by the device, or by both.
func (s *series) name(group []*series) string {
	var runs, devices []string
	for _, g := range group {
		runs, devices = append(runs, g.runName()), append(devices, g.deviceName())
	}
	switch run, device := s.runName(), s.deviceName(); {
	case distinct(devices) > 1 && distinct(runs) > 1:
		return run + ", " + device
	case distinct(runs) > 1 && run != "":
		return run
	default:
		return cmp.Or(device, run, "networks")
	}
}

func distinct(all []string) int {
	set := map[string]bool{}
	for _, s := range all {
		set[s] = true
	}
	return len(slices.Collect(maps.Keys(set)))
}

func (s *series) runName() string {
	switch {
	case s.run != nil:
		return base(s.run.dir())
	case s.accuracy != nil:
		return strings.TrimSuffix(base(s.accuracy.path), ".json")
	}
	return ""
}

func (s *series) deviceName() string {
	if s.latency != nil {
		name := strings.TrimSuffix(base(s.latency.path), ".json")
		if name == "latency" { // which says nothing
			name = base(s.latency.dir()) + "/" + name
		}
		return name
	}
	for _, m := range s.winners {
		if x := m.doc.Measured; x != nil && x.Runtime != "" {
			return x.Runtime
		}
	}
	return ""
}

// front is the front of the series: one that a search wrote, else the best of its networks as they
// are predicted.
func (l *library) front(s *series, networks []page.Network) (points []page.XY, of string) {
	for _, f := range l.fronts {
		if (pair{f.doc.Inputs["accuracy"].SHA256, f.doc.Inputs["latency"].SHA256}) != s.pair {
			continue
		}
		for _, p := range f.doc.Points {
			switch {
			case f.doc.Cost == search.Latency && s.cost == page.Latency:
				points = append(points, page.XY{X: p.LatencyMS, Y: p.Top1})
			case f.doc.Cost == search.MACs && s.cost == page.MACs:
				points = append(points, page.XY{X: float64(p.MACs), Y: p.Top1})
			}
		}
		if points != nil {
			return points, "front, predicted"
		}
	}
	return best(networks), "best of those shown, predicted"
}

// best are the networks to which no other is at least equal in both ways.
func best(networks []page.Network) (front []page.XY) {
	var all []page.XY
	for i := range networks {
		p := networks[i].Predicted
		if networks[i].Kind != page.Changed && p.Cost.Known() && p.Top1.Known() {
			all = append(all, page.XY{X: p.Cost.Value, Y: p.Top1.Value})
		}
	}
	slices.SortFunc(all, func(a, b page.XY) int {
		return cmp.Or(cmp.Compare(a.X, b.X), -cmp.Compare(a.Y, b.Y))
	})
	top := math.Inf(-1)
	for _, p := range all {
		if p.Y > top {
			top = p.Y
			front = append(front, p)
		}
	}
	return front
}
