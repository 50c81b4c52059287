package elsewhere

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// fact is a kind of line that says something, and what is done with the groups that it matches.
type fact struct {
	line *regexp.Regexp
	do   func(p *parser, groups []string) error
}

// marks are the lines of measure.sh.
var marks = []fact{
	{regexp.MustCompile(`^# tailor begin\b`), (*parser).begin},
	{regexp.MustCompile(`^# tailor device (.+)`), (*parser).device},
	{regexp.MustCompile(`^# tailor run network=(\S+)`), (*parser).mark},
	{regexp.MustCompile(`^# tailor end network=(\S+) .*\bstatus=(\d+)`), (*parser).end},
}

// facts are looked at in this order, and all that match count. Prefixes of lines (INFO:, those of
// Android's log) do no harm.
var facts = []fact{
	// The beginnings of a run.
	{regexp.MustCompile(`\bSTARTING!|\bLog parameter values verbos|\bSession creation time cost:` +
		`|\bGraph: \[|--graph=`), func(p *parser, _ []string) error { return p.next() }},
	{regexp.MustCompile(`\bGraph: \[([^\]]*)\]`), (*parser).model},
	{names, func(p *parser, g []string) error { return p.named(g[0]) }},

	// What benchmark_model is and does.
	{regexp.MustCompile(`(?:Num threads|#threads used for CPU inference): \[(\d+)\]`),
		(*parser).threads},
	{regexp.MustCompile(`Created TensorFlow Lite (\w+) delegate`), (*parser).delegate},
	{regexp.MustCompile(`Created TensorFlow Lite delegate for (\w+)`), (*parser).delegate},
	{regexp.MustCompile(`Explicitly applied (\w+) delegate`), (*parser).delegate},
	{regexp.MustCompile(`Use gpu: \[1\]()`), func(p *parser, _ []string) error {
		p.open.tool.with("GPU")
		return nil
	}},
	{regexp.MustCompile(`(?:^|[:\s])count=\d+ .*\bavg=(\S+)(?:.*\bmedian=(\S+))?`),
		(*parser).counted},
	{regexp.MustCompile(`nference timings in us:`), (*parser).timings},
	{regexp.MustCompile(`Profiling Info for (.*)`), (*parser).profile},
	{regexp.MustCompile(`Timings \(microseconds\): count=\d+.* avg=(\S+)`), (*parser).operators},
	{regexp.MustCompile(`Benchmarking failed|Failed to (?:load|mmap|read) model|terminate called`),
		(*parser).failure},

	// What onnxruntime_perf_test is and does.
	{regexp.MustCompile(`Setting intra_op_num_threads to (\d+)`), (*parser).threads},
	{regexp.MustCompile(`\busing (\w+)ExecutionProvider`), (*parser).delegate},
	{regexp.MustCompile(`Average (?:inference )?time cost(?: total)?: ?(\S+) ?ms`),
		(*parser).average},
	{regexp.MustCompile(`\bP50 Latency(?::| is) ?([0-9.eE+-]+) ?s`), (*parser).percentile},
}

// Names of the tools.
const (
	benchmarkModel = "benchmark_model"
	perfTest       = "onnxruntime_perf_test"
)

// read takes in a line.
func (p *parser) read(text string) error {
	all := facts
	if strings.HasPrefix(text, "# tailor ") {
		all = marks
	}
	for _, f := range all {
		if groups := f.line.FindStringSubmatch(text); groups != nil {
			if err := f.do(p, append(groups, text)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *parser) begin([]string) error {
	p.session++
	err := p.finish()
	p.open = openRun{}
	return err
}

func (p *parser) device(g []string) error {
	p.text.Device = strings.TrimSpace(g[1])
	return nil
}

func (p *parser) mark(g []string) error {
	if err := p.finish(); err != nil {
		return err
	}
	p.open = openRun{marked: true}
	return p.named(g[1])
}

// end closes a run: measure.sh says whether it went well.
func (p *parser) end(g []string) error {
	if !p.open.marked || p.open.network != g[1] {
		return fmt.Errorf("a run of %.40q ends that did not begin", g[1])
	}
	switch {
	case g[2] != "0" || p.open.failed > 0:
		p.open.failed = cmp.Or(p.open.failed, p.line)
	case !p.open.done():
		return fmt.Errorf("the run of %s went well, and says no time", g[1])
	}
	p.open.marked = false
	err := p.finish()
	p.open = openRun{}
	return err
}

// model notes a file that benchmark_model ran. If it is one of the networks, its name tells.
func (p *parser) model(g []string) error {
	if names.MatchString(g[1]) {
		return nil
	}
	p.open.model, p.open.network = g[1], ""
	return nil
}

func (p *parser) threads(g []string) error {
	if err := p.next(); err != nil {
		return err
	}
	n, err := strconv.Atoi(g[1])
	if err != nil || n > 4096 {
		return nil // no number of threads
	}
	p.open.tool.Threads = n
	return nil
}

func (p *parser) delegate(g []string) error {
	p.open.tool.with(g[1])
	return nil
}

// counted is what benchmark_model says of some runs: their mean and, of late, their median.
func (p *parser) counted(g []string) error {
	if strings.Contains(g[len(g)-1], "Timings (micro") { // of operators
		return nil
	}
	if err := p.next(); err != nil {
		return err
	}
	mean, err := amount("time", g[1], 1e3)
	if err != nil {
		return err
	}
	if p.open.ms.median, p.open.ms.counted = 0, mean; g[2] == "" {
		return nil
	}
	p.open.ms.median, err = amount("time", g[2], 1e3)
	return err
}

// inferences are the mean of what counts, in microseconds, as versions of benchmark_model print it.
var inferences = regexp.MustCompile(`\bInference \(avg\): (\S+)|\bno stats: (\S+)`)

func (p *parser) timings(g []string) error {
	found := inferences.FindStringSubmatch(g[len(g)-1])
	if found == nil {
		return fmt.Errorf(`there is no time behind "Inference (avg): "`)
	}
	err := p.note(func(t *times) *float64 { return &t.mean }, found[1]+found[2], 1e3)
	p.open.tool.Name = benchmarkModel
	return err
}

func (p *parser) profile(g []string) error {
	p.open.regular = !strings.Contains(g[1], "Initialization")
	return nil
}

// operators is the sum over the operators of a network, as the tool's profile of them ends with. A
// file of the profile alone has no other time.
func (p *parser) operators(g []string) error {
	if !p.open.regular || p.open.ms.mean > 0 {
		return nil
	}
	p.open.regular = false
	err := p.note(func(t *times) *float64 { return &t.operators }, g[1], 1e3)
	p.open.tool.Name = benchmarkModel
	return err
}

func (p *parser) failure([]string) error {
	p.open.failed = p.line
	return nil
}

func (p *parser) average(g []string) error {
	err := p.note(func(t *times) *float64 { return &t.mean }, g[1], 1)
	p.open.tool.Name = perfTest
	return err
}

func (p *parser) percentile(g []string) error {
	err := p.note(func(t *times) *float64 { return &t.median }, g[1], 1e-3)
	p.open.tool.Name = perfTest
	return err
}
