package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/winners"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
)

// checkWidth wants lines that fit.
func checkWidth(t *testing.T, what, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if line = strings.TrimSuffix(line, "\n"); len([]rune(line)) > tableWidth ||
			line != strings.TrimRight(line, " ") {
			t.Errorf("%s has a line of %d columns: %q", what, len(line), line)
		}
	}
}

// TestTable aligns, drops empty columns, and puts below what does not fit.
func TestTable(t *testing.T) {
	right := &table{headings: 1, right: true}
	right.row("", "TOP-1", "NONE", "MACS")
	right.row("before", "9.50 %", "-", "1 M")
	right.row("after", "12.25 %", "", "900 K")
	right.dropEmpty("", "-")
	left := &table{headings: 1}
	left.row("NAME", "MORE", "TEXT")
	left.row("a", "b", strings.Repeat("x", 95))
	var out bytes.Buffer
	right.print(&out)
	left.print(&out)
	want := "          TOP-1   MACS\nbefore   9.50 %    1 M\n after  12.25 %  900 K\nNAME  MORE\n    TEXT\na     b\n    " + strings.Repeat("x", 95) + "\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

// TestTablesFit prints the widest that there is: all columns, long names, the largest networks.
func TestTablesFit(t *testing.T) {
	var all []winners.Winner
	for i := range 2 {
		all = append(all, winners.Winner{
			Device: "jetson-orin-nano", Limits: search.Limits{LatencyMS: 123.4, MACs: 5e8},
			MACs: 566170656, Params: 7664760,
			Predicted: manifest.Predicted{Top1: .762, LatencyMS: 120.3, Top1Bound: .99,
				Top1LikelyBound: .8}, Ranks: &manifest.Ranks{Predicted: 12, Measured: 10 + i},
			Measured:   &manifest.Measured{Top1: .75, Images: 10, LatencyMS: 130, Unstable: true},
			OverBudget: true, Manifest: "/home/somebody/winners/jetson-orin-nano/front-12/manifest.json",
		})
	}
	var out bytes.Buffer
	winnersTable(all, true).print(&out)
	printFront(&out, all, "/home/somebody/winners")
	if !strings.Contains(out.String(), "jetson-orin-nano/front-12\n") {
		t.Errorf("the front's table does not name the folders:\n%s", out.String())
	}
	for _, name := range supernet.Builtins() {
		s, err := supernet.LoadSpace(name)
		if err != nil {
			t.Fatal(err)
		}
		describe(s).print(&out, s)
		ms := map[string]float64{"phone": 12.34, "board": 123.4}
		r := predictResult{Archs: []prediction{{Arch: s.Spec(s.Max()), LatencyMS: ms,
			costs: costsOf(s, s.Max())}}}
		r.print(&out, []string{"phone", "board"})
	}
	checkWidth(t, "a table", out.String())
}

// TestSpacesFit, and print what the documentation says.
func TestSpacesFit(t *testing.T) {
	var out bytes.Buffer
	if code := run(t.Context(), []string{"spaces"}, &out, &out); code != exitDone {
		t.Fatal(out.String())
	}
	checkWidth(t, "tailor spaces", out.String())
	for _, want := range []string{"ofa-mbv3         5.44e20", "222264"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("tailor spaces does not say %q", want)
		}
	}
}

func TestBrief(t *testing.T) {
	for n, want := range map[string]string{"222264": "222264", "543966387314312146275": "5.44e20",
		"9999999999": "1.00e10"} {
		if got := brief(n); got != want {
			t.Errorf("%s is written %s, want %s", n, got, want)
		}
	}
}

func TestArchText(t *testing.T) {
	got := archText(supernet.Spec{KS: []int{3, 5, 0, 7}, E: []float64{0.25, 2, 0, 4},
		D: []int{2, 1}, R: []int{160}})
	if want := "r=160 d=21 ks=357 e=0.25,2,4"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := resolutionsText([]int{128, 132, 136, 140, 144}) +
		fmt.Sprint(resolutionsText([]int{24, 28,
			32})); got != "128 to 144 in steps of 424, 28, 32" {
		t.Error(got)
	}
}

// TestShown: paths inside the working folder are shown from it.
func TestShown(t *testing.T) {
	here := t.TempDir()
	t.Chdir(here)
	for path, want := range map[string]string{
		filepath.Join(here, "winners", "a"): filepath.Join("winners", "a"),
		filepath.Dir(here):                  filepath.Dir(here), "a": "a", here: ".",
	} {
		if got := shown(path); got != want {
			t.Errorf("%s is shown as %s, want %s", path, got, want)
		}
	}
}

// TestTableOfLongNames: names lose their middle before columns leave their line; the last column is
// whole.
func TestTableOfLongNames(t *testing.T) {
	long := strings.Repeat("long name ", 9)
	tab := &table{headings: 1}
	tab.row("DEVICE", "TOP-1", "FOLDER")
	tab.row(long+"one", "61.0 %", "folder")
	tab.row("short", "62.0 %", long+"two")
	var out strings.Builder
	tab.print(&out)
	want := "DEVICE                          TOP-1\n    FOLDER\nlong name long nam... name one  61.0 %\n    folder\nshort                           62.0 %\n    " + long + "two\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
	out.Reset()
	tab = &table{}
	tab.row("1", long, "2")
	tab.print(&out)
	// 96 fit
	if lines := strings.Split(out.String(), "\n"); len(lines) != 2 || strings.Contains(lines[0],
		"...") {
		t.Errorf("a table that fits is cut:\n%s", out.String())
	}
}
