package winners

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/manifest"
)

// TestRank orders winners by what was measured of them. Each is written as top-1 in percent and
// latency in ms, in predicted order, for a limit of 10 ms; the answer lists them from 1.
func TestRank(t *testing.T) {
	for _, c := range []struct{ name, measured, want string }{
		{"by top-1", "70@9 72@8 71@10", "2 3 1"},
		{"as predicted among equals", "70@9 70@8 71@9 70@7", "3 1 2 4"},
		{"over the limit last", "75@11 70@9 76@12 71@9", "4 2 1! 3!"},
		{"none within the limit", "70@11 72@12 71@13", "1! 2! 3!"},
		{"no latency measured", "70@0 72@0", "2 1"},
		{"alone", "70@11", "1!"},
	} {
		g := group{limits: search.Limits{LatencyMS: 10}}
		for i, text := range strings.Fields(c.measured) {
			top1, ms, _ := strings.Cut(text, "@")
			m := &manifest.Measured{Top1: number64(t, top1) / 100, LatencyMS: number64(t, ms),
				Images: 50, Split: "test"}
			g.cuts = append(g.cuts, &cut{manifest: &manifest.Manifest{Limits: g.limits,
				MACs: int64(i + 1), Measured: m}})
		}
		g.rank()
		var got []string
		for i, x := range g.cuts {
			w := x.winner("", "")
			if w.Ranks.Predicted != int(w.MACs) || w.Ranks.Measured != i+1 {
				t.Errorf("%s: place %d has ranks %+v, and was predicted in place %d", c.name, i+1,
					w.Ranks, w.MACs)
			}
			text := strconv.Itoa(int(w.MACs))
			if w.OverBudget {
				text += "!"
			}
			got = append(got, text)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
	}
}

func number64(t *testing.T, text string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestRankWithoutVerification leaves the order and says nothing of ranks, unless all were measured.
func TestRankWithoutVerification(t *testing.T) {
	g := group{}
	for range 3 {
		g.cuts = append(g.cuts, &cut{manifest: &manifest.Manifest{}})
	}
	g.cuts[2].manifest.Measured = &manifest.Measured{Top1: 1, Images: 5}
	before := slices.Clone(g.cuts)
	g.rank()
	if !slices.Equal(g.cuts, before) || g.cuts[2].manifest.Ranks != nil {
		t.Errorf("ranked by what was measured of one in three")
	}
}
