package elsewhere

import (
	"math"
	"strings"
	"testing"
)

// runsOf makes runs of one file and session from network numbers and milliseconds.
func runsOf(pairs ...float64) (all []Run) {
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, Run{Network: known[int(pairs[i])].Name, Value: pairs[i+1], File: "log",
			Line: i + 1})
	}
	return all
}

// TestSummarize: a device that slows down by half slows no network against the reference.
func TestSummarize(t *testing.T) {
	s, err := Summarize(known, runsOf(2, 10, 0, 20, 2, 10, 1, 5, 2, 10,
		0, 30, 2, 15, 1, 7.5, 2, 15))
	if err != nil {
		t.Fatal(err)
	}
	if !s.Relative || len(s.Missing)+len(s.Once) > 0 {
		t.Errorf("%+v", s)
	}
	// The second run of network 0 was between 10 and 15 ms of the reference: 30/12.5 against 20/10.
	want := map[string]float64{known[0].Name: 10 * (2 + 2.4) / 2, known[1].Name: 5,
		known[2].Name: 10}
	for _, l := range s.Latencies {
		if math.Abs(l.MS-want[l.Network]) > 1e-9 {
			t.Errorf("%s: %g ms, want %g", l.Network, l.MS, want[l.Network])
		}
	}
	if strings.Join(s.Unsteady, " ") != known[0].Name {
		t.Errorf("unsteady: %v", s.Unsteady)
	}
}

// TestSummarizeAlone: without the reference beside it a network's time is the median.
func TestSummarizeAlone(t *testing.T) {
	runs := runsOf(0, 10, 0, 11, 0, 10.2, 1, 3)
	s, err := Summarize(known, runs)
	if err != nil {
		t.Fatal(err)
	}
	if s.Relative || s.Latencies[0].MS != 10.2 || s.Latencies[0].Runs != 3 ||
		strings.Join(s.Once, "") != known[1].Name || strings.Join(s.Missing, "") != known[2].Name ||
		len(s.Unsteady) != 0 {
		t.Errorf("%+v", s)
	}
}

// TestSummarizeInTurn: the reference as one among others is beside two of them by chance.
func TestSummarizeInTurn(t *testing.T) {
	s, err := Summarize(known, runsOf(0, 10, 0, 10, 0, 10, 1, 5, 2, 8, 0, 10, 0, 10, 1, 5, 2, 16))
	if err != nil || s.Relative || s.Latencies[1].MS != 5 || s.Latencies[2].MS != 12 {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestSummarizeSessions: a reference of another session, or of another file, tells nothing.
func TestSummarizeSessions(t *testing.T) {
	runs := runsOf(2, 100, 0, 10, 2, 100)
	runs[0].Session, runs[2].File = 1, "other"
	s, err := Summarize(known, runs)
	if err != nil || s.Relative || s.Latencies[0].MS != 10 {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestSummarizeRefuses runs of different tools, but not what says less.
func TestSummarizeRefuses(t *testing.T) {
	runs := runsOf(0, 10, 0, 11)
	runs[0].Tool, runs[1].Tool = Tool{"a", "XNNPACK", 1}, Tool{"a", "XNNPACK", 4}
	if _, err := Summarize(known, runs); err == nil ||
		!strings.Contains(err.Error(), "log:3 was measured with a XNNPACK threads=4") {
		t.Error(err)
	}
	runs[1].Tool = Tool{"a", "", 0}
	if s, err := Summarize(known, runs); err != nil || s.Tool != runs[0].Tool {
		t.Error(s, err)
	}
}
