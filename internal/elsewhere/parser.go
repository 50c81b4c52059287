package elsewhere

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/tailor-nas/tailor/internal/textfile"
)

// parser reads a text line by line. What a line says is added to the run that is open; a line that
// only the next run can have closes it.
type parser struct {
	file   string
	of     Quantity
	known  map[string]bool
	ofFile string // the network that the file is called by
	first  int    // line that is not blank
	line   int
	open   openRun
	text   Text

	session int
}

// openRun is what is known so far of a run.
type openRun struct {
	network string
	model   string // of a file that is none of the networks
	tool    Tool
	marked  bool // between two lines of measure.sh
	regular bool // within the profile of the runs that count
	failed  int  // line that says so
	line    int  // of the time
	ms      times
}

// times are those that a run may give, 0 where it does not.
type times struct {
	median, mean float64
	counted      float64 // mean of the runs that median is of
	operators    float64 // sum over operators, of a profile of them
}

// best is the one to go by. A median forgives single slow inferences. The last "count=" line is
// that of the runs that count unless the tool was stopped: its mean tells.
func (t times) best() float64 {
	switch {
	case t.median > 0 && (t.counted == 0 || t.mean == 0 || near(t.counted, t.mean)):
		return t.median
	case t.mean > 0:
		return t.mean
	}
	return t.operators
}

func near(a, b float64) bool { return math.Abs(a-b) <= 0.01*b }

// done says whether the open run has a time of its own. Some tools go on to say a better one.
func (o openRun) done() bool {
	return o.ms.mean > 0 || o.ms.operators > 0 || o.ms.median > 0 && o.ms.counted == 0
}

// next begins a run, if the open one is complete. Lines of measure.sh tell better, where they are.
func (p *parser) next() error {
	if p.open.marked || !p.open.done() && p.open.failed == 0 {
		return nil
	}
	return p.finish()
}

// finish adds the open run, if it is one. What is not between lines of measure.sh is of the same
// network until another is named.
func (p *parser) finish() error {
	o := p.open
	if p.open = (openRun{network: o.network}); o.marked {
		p.open.network = ""
	}
	if o.marked && o.failed == 0 { // the text ends, or goes on, before the run did
		return nil
	}
	network := o.network
	if network == "" {
		network = p.ofFile
	}
	if o.failed > 0 {
		what := cmp.Or(network, o.model, "no network named")
		p.text.Failed = append(p.text.Failed,
			fmt.Sprintf("%s:%d (%s)", p.file, o.failed, what))
		return nil
	}
	if !o.done() {
		return nil
	}
	return p.add(Run{network, o.ms.best(), p.file, o.line, p.session, o.tool}, o.model)
}

// add adds a run of a network that there is.
func (p *parser) add(r Run, model string) error {
	err := p.checkName(r.Network)
	switch {
	case r.Network == "" && model != "":
		err = fmt.Errorf("%.80q is none of the networks in %s", model, NetworksFile)
	case r.Network == "":
		err = fmt.Errorf("nothing says whose time this is: print the name of the network's file " +
			"before it, or call this file by it")
	case err == nil && len(p.text.Runs) == maxRuns:
		err = fmt.Errorf("there are more than %d runs", maxRuns)
	}
	if err != nil {
		return &textfile.LineError{Line: r.Line, Err: err}
	}
	p.text.Runs = append(p.text.Runs, r)
	return nil
}

func (p *parser) checkName(network string) error {
	if network != "" && !p.known[network] {
		return fmt.Errorf("%s is none of the networks in %s: name that of the folder that was "+
			"measured with --networks", network, NetworksFile)
	}
	return nil
}

// named notes which network a line is about.
func (p *parser) named(network string) error {
	if err := p.checkName(network); err != nil {
		return err
	}
	if p.open.network != "" && p.open.network != network {
		if p.open.marked {
			return fmt.Errorf("the run is of %s, but this line of %s", p.open.network, network)
		}
		if err := p.next(); err != nil {
			return err
		}
	}
	p.open.network, p.open.model = network, ""
	return nil
}

// note keeps a time. A second one of its kind, of the same run, is the next run's.
func (p *parser) note(at func(*times) *float64, text string, perMS float64) error {
	ms, err := amount("time", text, perMS)
	if err != nil {
		return err
	}
	if *at(&p.open.ms) != 0 {
		if p.open.marked {
			return fmt.Errorf("a second time of one run of %s", p.open.network)
		}
		if err := p.finish(); err != nil {
			return err
		}
	}
	*at(&p.open.ms), p.open.line = ms, p.line
	return nil
}

// amount reads a time or an energy of which so many are a millisecond or a millijoule.
func amount(what, text string, per float64) (float64, error) {
	text = strings.TrimRight(text, ",;.")
	v, err := strconv.ParseFloat(text, 64)
	switch v /= per; {
	case err == nil && v >= minMS && v <= maxMS:
		return v, nil
	case err == nil && v > 0:
		return 0, fmt.Errorf("the %s is %.40q, expected %g to %g", what, text, minMS*per, maxMS*per)
	}
	return 0, fmt.Errorf("the %s is %.40q, expected a number above 0", what, text)
}

// No inference takes less or more milliseconds, or millijoules.
const (
	minMS = 1e-6
	maxMS = 1e9
)
