package page_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tailor-nas/tailor/internal/page"
	"github.com/tailor-nas/tailor/internal/page/sample"
	"github.com/tailor-nas/tailor/internal/visible"
)

func written(t *testing.T, v *page.View) string {
	t.Helper()
	var b bytes.Buffer
	if err := page.Write(&b, v); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func values(t *testing.T, text string) []float64 {
	t.Helper()
	var all []float64
	for _, s := range strings.Fields(text) {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

// ruler gives the value at a place of an axis, from two of its ticks as they are written.
func ruler(t *testing.T, html string, tick *regexp.Regexp) func(place float64) float64 {
	t.Helper()
	all := tick.FindAllStringSubmatch(html, -1)
	if len(all) < 2 {
		t.Fatalf("%v finds %d ticks", tick, len(all))
	}
	a := values(t, all[0][1]+" "+all[0][2])
	b := values(t, all[len(all)-1][1]+" "+all[len(all)-1][2])
	return func(place float64) float64 { return a[1] + (place-a[0])*(b[1]-a[1])/(b[0]-a[0]) }
}

var (
	xTick = regexp.MustCompile(`class="tick" x="([\d.]+)%" y="100%"[^>]*>([\d.]+)<`)
	yTick = regexp.MustCompile(`class="tick" x="0" y="([\d.]+)%"[^>]*>([\d.]+)<`)
	spot  = regexp.MustCompile(`<g class="point[^>]*data-n="(\d+)"[^>]*aria-label="([^"]*)">` +
		`<circle class="hit" cx="([\d.]+)%" cy="([\d.]+)%"`)
)

// TestPoints: each winner is where its figures say, by the ticks that the page has; in the data
// that its number names is the same.
func TestPoints(t *testing.T) {
	v := sample.View(300)
	html := written(t, v)
	chart, _, _ := strings.Cut(html, "</figure>")
	x, y := ruler(t, chart, xTick), ruler(t, chart, yTick)
	found := spot.FindAllStringSubmatch(html, -1)
	wanted := 0
	for _, n := range v.Tradeoffs[0].Series[0].Networks {
		if n.Kind < page.Winner {
			continue
		}
		m := found[wanted]
		wanted++
		at := values(t, m[3]+" "+m[4])
		if gotX, gotY := x(at[0]), y(at[1]); math.Abs(gotX-n.Measured.Cost.Value) > 0.01 ||
			math.Abs(gotY-100*n.Measured.Top1.Value) > 0.02 {
			t.Errorf("%s stands at %v ms, %v %%, want %v, %v", n.Name, gotX, gotY,
				n.Measured.Cost.Value, 100*n.Measured.Top1.Value)
		}
		if !strings.Contains(m[2], n.Name) {
			t.Errorf("%s is called %q", n.Name, m[2])
		}
		number, _ := strconv.Atoi(m[1])
		d := dataOf(t, html)
		if got := d.Nets[number]; got[8] != n.Measured.Cost.Value || int64(got[4].(float64)) !=
			n.MACs || len(got[10].([]any)) != len(n.Blocks) {
			t.Errorf("%s has the data %v", n.Name, got)
		}
		for i, b := range d.Nets[number][10].([]any) {
			if got := d.Blocks[int(b.(float64))]; got[0] != n.Blocks[i].Name ||
				int64(got[10].(float64)) != n.Blocks[i].MACs {
				t.Errorf("block %d of %s is %v", i, n.Name, got)
			}
		}
	}
	if len(found) != wanted || wanted < 3 {
		t.Errorf("%d points for %d winners", len(found), wanted)
	}
}

type pageData struct {
	Blocks, Nets [][]any
	Extra        []struct {
		Net   int
		Name  string
		Facts [][2]string
		Files [][2]string
	}
}

var dataElement = regexp.MustCompile(`(?s)<script type="application/json"[^>]*>(.*?)</script>`)

func dataOf(t *testing.T, html string) (d pageData) {
	t.Helper()
	if err := json.Unmarshal([]byte(dataElement.FindStringSubmatch(html)[1]), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// hostile are names that would do something, if they were taken for more than names.
var hostile = []string{`</script><script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`,
	`' onmouseover='alert(1)`, `</style><svg onload=alert(1)>`, `{{.}}`, `javascript:alert(1)`,
	"\u2028<!--", `</title><script>alert(1)</script>`}

// TestHostileNames: names stay text, everywhere.
func TestHostileNames(t *testing.T) {
	plain := written(t, sample.View(20))
	for _, name := range hostile {
		html := written(t, sample.Named(sample.View(20), name))
		for _, element := range []string{"<script", "<img", "<svg", "<style", "<iframe", "<!--",
			" onerror=", " onload=", " onmouseover=", `href="javascript`} {
			got, want := strings.Count(html, element), strings.Count(plain, element)
			if got != want && !strings.HasPrefix(element, " ") {
				t.Errorf("%q makes %d of %s, want %d", name, got, element, want)
			}
		}
		if regexp.MustCompile(`<[^>]*\son(error|load|mouseover)\s*=`).MatchString(
			regexp.MustCompile(`"[^"]*"`).ReplaceAllString(html, `""`)) {
			t.Errorf("%q becomes an attribute", name)
		}
		if got, want := dataOf(t, html).Extra[0].Name, visible.Text(name, ""); got != want {
			t.Errorf("in the data %q is %q", name, got)
		}
	}
}

// TestUnreadableNames: what would turn or hide what follows is written out, and what is longer than
// anybody reads is cut; command lines are left whole.
func TestUnreadableNames(t *testing.T) {
	name := "\u202egnp\x1b[31m\n" + strings.Repeat("猫", 10_000)
	v := sample.Named(sample.View(20), name)
	v.Commands = []page.Command{{What: name, Line: strings.Repeat("x", 1000)}}
	html := written(t, v)
	if got := dataOf(t, html).Extra[0].Name; !strings.HasPrefix(got, `\u202egnp\x1b[31m\n猫`) ||
		utf8.RuneCountInString(got) > 500 {
		t.Errorf("the name is %.60q", got)
	}
	if i := strings.IndexAny(html, "\u202e\x1b"); i >= 0 {
		t.Errorf("the page has characters that are obeyed: %q", html[max(0, i-100):i+50])
	}
	if !strings.Contains(html, v.Commands[0].Line) {
		t.Error("a command line is cut")
	}
}

// TestPolicy: the page allows its own style and script by their hashes, and nothing else.
func TestPolicy(t *testing.T) {
	html := written(t, sample.View(20))
	policy := regexp.MustCompile(`Content-Security-Policy" content="([^"]*)"`).
		FindStringSubmatch(html)[1]
	policy = strings.NewReplacer("&#39;", "'", "&#43;", "+").Replace(policy)
	if !strings.HasPrefix(policy, "default-src 'none'; ") {
		t.Errorf("the policy is %s", policy)
	}
	for _, element := range []string{`(?s)<style>(.*?)</style>`, `(?s)<script>(.*?)</script>`} {
		sum := sha256.Sum256([]byte(regexp.MustCompile(element).FindStringSubmatch(html)[1]))
		if hash := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(
			policy, hash) {
			t.Errorf("the policy %s has no %s", policy, hash)
		}
	}
	html = strings.ReplaceAll(html, "http://www.w3.org/2000/svg", "")
	for _, outside := range []string{"http://", "https://", "src=", "@import", "url("} {
		if strings.Contains(html, outside) {
			t.Errorf("the page has %s", outside)
		}
	}
}

// TestWeight: a page of a run of 5,000 networks can be sent by mail.
func TestWeight(t *testing.T) {
	if n := len(written(t, sample.View(5000))); n > 3<<20 {
		t.Errorf("a page of 5,000 networks has %d bytes, want at most 3 MiB", n)
	}
}

// TestSameView: one view gives the same bytes.
func TestSameView(t *testing.T) {
	first := written(t, sample.View(50))
	if second := written(t, sample.View(50)); first != second {
		t.Error("two pages of one view differ")
	}
}

// TestDoing: a page that is written as work goes on loads itself, and no other does.
func TestDoing(t *testing.T) {
	v := sample.View(20)
	if strings.Contains(written(t, v), `http-equiv="refresh"`) {
		t.Error("a page of what is done loads itself")
	}
	v.Doing = "epoch 3"
	if html := written(t, v); !strings.Contains(html, `http-equiv="refresh"`) ||
		!strings.Contains(html, "epoch 3") {
		t.Error("a page of what is under way does not load itself")
	}
}

// TestNothing: an empty view, and one of networks of which nothing is known, are pages too.
func TestNothing(t *testing.T) {
	unknown := page.Figures{Cost: page.Unknown(), Top1: page.Unknown()}
	for _, v := range []*page.View{{}, {Tradeoffs: []page.Tradeoff{{}}},
		{Tradeoffs: []page.Tradeoff{{Cost: page.Latency, Series: []page.Series{{
			Networks: []page.Network{{Kind: page.Winner, From: -1, Predicted: unknown,
				Measured: unknown}}}}}}},
		{Trainings: []page.Training{{Panels: []page.Panel{{}}}}},
		{Times: []page.TimeChart{{Rows: []page.TimeRow{{}}}}}} {
		if html := written(t, v); strings.Contains(html, "NaN") || strings.Contains(html, "Inf") {
			t.Errorf("a page of %+v has numbers that are none", v)
		}
	}
}

// TestFigures draws each chart in both formats, with a table of what it shows.
func TestFigures(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	drawn, err := page.DrawFigures(dir, sample.View(50))
	if err != nil || len(drawn) != 4 {
		t.Fatalf("drew %v (%v), want 4 figures", drawn, err)
	}
	for _, path := range drawn {
		for _, format := range []string{".svg", ".png", ".csv"} {
			if info, err := os.Stat(strings.TrimSuffix(path, ".svg") + format); err != nil ||
				info.Size() < 10 {
				t.Errorf("%s as %s: %v", path, format, err)
			}
		}
	}
}
