package blocktimes

import (
	"github.com/tailor-nas/tailor/supernet"
)

// Network is a whole network that was timed.
type Network struct {
	Resolution int // of its images, in pixels
	Blocks     []supernet.Block
	MS         float64
}

// part is a block as numbers: its work, and its features by the numbers of their groups.
type part struct {
	work    work
	columns []int
	amounts []feature
}

// data are networks as numbers.
type data struct {
	known  Known
	groups []string
	parts  [][]*part // by network
	loads  []workload
}

// at is a block in networks of a resolution.
type at struct {
	resolution int
	block      supernet.Block
}

func newData(networks []Network, before Known) *data {
	d := &data{before, []string{onceGroup}, make([][]*part, len(networks)),
		make([]workload, len(networks))}
	numbers, parts := map[string]int{onceGroup: 0}, map[at]*part{}
	for i, n := range networks {
		d.loads[i].ms = n.MS
		d.loads[i].work[once] = 1
		for _, b := range n.Blocks {
			b.Name = ""
			p := parts[at{n.Resolution, b}]
			if p == nil {
				p = d.part(n.Resolution, b, numbers)
				parts[at{n.Resolution, b}] = p
			}
			d.parts[i] = append(d.parts[i], p)
			d.loads[i].work = d.loads[i].add(p.work)
		}
	}
	return d
}

func (d *data) part(resolution int, b supernet.Block, numbers map[string]int) *part {
	p := &part{work: workAt(d.known, resolution, b), amounts: features(resolution, b)}
	for _, f := range p.amounts {
		n, ok := numbers[f.group]
		if !ok {
			n = len(d.groups)
			numbers[f.group] = n
			d.groups = append(d.groups, f.group)
		}
		p.columns = append(p.columns, n)
	}
	return p
}

// fit is a model of the networks, its corrections by number.
type fit struct {
	data        *data
	prices      work
	mean        float64
	corrections []float64 // nil for prices alone
}

// price fits prices alone to the networks of the given rows.
func (d *data) price(rows []int) (*fit, error) {
	loads := make([]workload, len(rows))
	for i, row := range rows {
		loads[i] = d.loads[row]
	}
	prices, err := fitPrices(loads)
	if err != nil {
		return nil, err
	}
	sum, blocks := 0.0, 0
	for _, row := range rows {
		sum += d.loads[row].dot(prices) - prices[once]
		blocks += len(d.parts[row])
	}
	return &fit{data: d, prices: prices, mean: sum / float64(blocks)}, nil
}

// predict is what the model says of a network.
func (f *fit) predict(row int) float64 {
	if f.corrections == nil {
		return f.data.loads[row].dot(f.prices)
	}
	ms := f.prices[once] + f.corrections[0]*f.mean
	for _, p := range f.data.parts[row] {
		price := p.work.dot(f.prices)
		corrected := price
		for i, a := range p.amounts {
			corrected += f.corrections[p.columns[i]] * (a.ofPrice*price + a.ofMeans*f.mean)
		}
		ms += max(corrected, 0)
	}
	return ms
}

// problem is the least squares problem of corrections: relative errors of the prices over relative
// amounts of the features.
func (f *fit) problem(rows []int) *problem {
	x, y := make([]sparse, len(rows)), make([]float64, len(rows))
	for i, row := range rows {
		ms := f.data.loads[row].ms
		y[i] = 1 - f.data.loads[row].dot(f.prices)/ms
		sums := map[int]float64{0: f.mean / ms}
		for _, p := range f.data.parts[row] {
			price := p.work.dot(f.prices)
			for j, a := range p.amounts {
				sums[p.columns[j]] += (a.ofPrice*price + a.ofMeans*f.mean) / ms
			}
		}
		x[i] = sparseOf(sums)
	}
	return newProblem(x, len(f.data.groups), y)
}

// with is the model with other corrections.
func (f *fit) with(corrections []float64) *fit {
	c := *f
	c.corrections = corrections
	return &c
}

// model is what the fit says of blocks of other networks, too.
func (f *fit) model() *Model {
	m := &Model{known: f.data.known, prices: f.prices, mean: f.mean}
	if f.corrections != nil {
		m.corrections = make(map[string]float64, len(f.corrections))
		for i, v := range f.corrections {
			m.corrections[f.data.groups[i]] = v
		}
	}
	return m
}
