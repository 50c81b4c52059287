package winners

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/micro"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/optimize"
)

// TestContinue begins a short search with the front of an earlier one: its best within the budget
// is found. Of two budgets, one out of reach, the other has its winner all the same.
func TestContinue(t *testing.T) {
	space, dir := micro.ParseSpace(t, micro.SpaceYAML), t.TempDir()
	j := Job{Config: optimize.Defaults(), Space: space, Dir: dir,
		Accuracy: micro.Accuracy(t, space, strings.Repeat("5", 64)),
		Devices:  []Device{{Latency: micro.Latency(t, space)}}, Pareto: true, Points: 2}
	if _, err := Search(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	known, err := ReadKnown(dir, space)
	if err != nil {
		t.Fatal(err)
	}
	link := t.TempDir() + "/link"
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	if linked, err := ReadKnown(link, space); err != nil || len(linked) != len(known) {
		t.Errorf("by a link: %d networks, %v", len(linked), err)
	}
	front, err := search.ReadFront(dir + "/" + search.FrontFile)
	if err != nil || len(known) != len(front.Points) {
		t.Fatalf("%d networks known, of a front of %d (%v)", len(known), len(front.Points), err)
	}
	at := front.Points[len(front.Points)/2]
	j.Pareto, j.Dir, j.Known = false, t.TempDir(), known
	j.Limits = []search.Limits{{LatencyMS: 1e-9}, {LatencyMS: at.LatencyMS * (1 + 1e-9)}}
	j.Config.Evaluations, j.Config.Population = len(known)+4, 4
	result, err := Search(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Winners) != 1 || result.Winners[0].Predicted.Top1 < at.Top1 {
		t.Errorf("%+v, known is a top-1 of %g", result.Winners, at.Top1)
	}
	var out *search.UnreachableError
	if len(result.Unreachable) != 1 || !errors.As(result.Unreachable[0].Err, &out) {
		t.Errorf("out of reach: %+v", result.Unreachable)
	}
	other := micro.ParseSpace(t, micro.OtherYAML)
	var stale *store.StaleError
	if _, err := ReadKnown(dir, other); !errors.As(err, &stale) {
		t.Errorf("of another space: %v", err)
	}
	if _, err := ReadKnown(t.TempDir(), space); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("of an empty folder: %v", err)
	}
}
