package main

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/tailor-nas/tailor/internal/page"
	"github.com/tailor-nas/tailor/internal/page/sample"
)

// browserFor starts a browser for a test, which is skipped where there is none.
func browserFor(t *testing.T) context.Context {
	t.Helper()
	browser, end, err := start(t.Context())
	if errors.Is(err, errNoBrowser) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(end)
	return browser
}

func saved(t *testing.T, v *page.View) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.html")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := page.Write(f, v); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestPages: on a phone, a desktop and paper, by day and by night, a page has no script error, does
// not scroll sideways, and all its text can be read: one of many networks, and one whose every name
// would like to be a program.
func TestPages(t *testing.T) {
	browser := browserFor(t)
	for name, v := range map[string]*page.View{
		"many": sample.View(5000), "few": sample.View(3), "nothing": sample.View(0),
		"hostile": sample.Named(sample.View(30),
			`</script><script>document.title="ran"</script><img src=x onerror=document.title="ran">`),
	} {
		path, looks := saved(t, v), settings
		if name == "few" || name == "nothing" {
			looks = settings[:1]
		}
		for _, s := range looks {
			o, err := open(browser, path, s)
			if err != nil {
				t.Fatal(err)
			}
			found, err := o.problems()
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range found {
				t.Errorf("%s as %s: %s", name, s.name, f)
			}
			if title := ask[string](t, o, `document.title`); title == "ran" {
				t.Errorf("%s as %s: a name ran", name, s.name)
			}
			t.Logf("%s as %s opens in %v", name, s.name, o.took)
			o.end()
		}
	}
}

func ask[T any](t *testing.T, o *opened, question string) T {
	t.Helper()
	v, err := chromedp.Run(o.tab, chromedp.Evaluate[T](question))
	if err != nil {
		t.Fatalf("%s: %v", question, err)
	}
	return v
}

func do(t *testing.T, o *opened, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(o.tab, steps...); err != nil {
		t.Fatal(err)
	}
}

// chosen is the title of the network that is shown, and how many blocks it has there.
const chosen = `document.querySelector(".detail h4").textContent + ": " +
	document.querySelectorAll(".detail tbody tr").length`

// TestPointsOnScreen: each winner is drawn where its figures say, by the ticks that are drawn.
func TestPointsOnScreen(t *testing.T) {
	browser := browserFor(t)
	v := sample.View(200)
	path := saved(t, v)
	for _, s := range settings {
		o, err := open(browser, path, s)
		if err != nil {
			t.Fatal(err)
		}
		got := ask[[][2]float64](t, o, pointsByTicks)
		i := 0
		for _, n := range v.Tradeoffs[0].Series[0].Networks {
			if n.Kind < page.Winner {
				continue
			}
			x, y := n.Measured.Cost.Value, 100*n.Measured.Top1.Value
			if math.Abs(got[i][0]-x) > 0.05 || math.Abs(got[i][1]-y) > 0.1 {
				t.Errorf("as %s, %s is drawn at %v, want %v ms and %v %%", s.name, n.Name,
					got[i], x, y)
			}
			i++
		}
		if i != len(got) {
			t.Errorf("as %s, %d points of %d winners", s.name, len(got), i)
		}
		o.end()
	}
}

// pointsByTicks reads where winners are on the screen, in the units of the ticks there.
const pointsByTicks = `(() => {
	const plot = document.querySelector(".plot.large");
	const middle = e => { const b = e.getBoundingClientRect(); return [b.x + b.width/2, b.y + b.height/2]; };
	const ticks = [...plot.querySelectorAll("text.tick")].map(e => [Number(e.textContent), ...middle(e),
		e.getAttribute("text-anchor")]);
	const along = (all, i) => { const a = all[0], b = all[all.length-1];
		return p => a[0] + (p[i-1] - a[i]) * (b[0] - a[0]) / (b[i] - a[i]); };
	const x = along(ticks.filter(t => t[3] === "middle"), 1), y = along(ticks.filter(t => t[3] === "end"), 2);
	return [...plot.querySelectorAll(".point .face")].map(middle).map(p => [x(p), y(p)]);
})()`

// TestKeyboard: winners are reached by the Tab key, gone through with the arrow keys, and each
// shows its blocks.
func TestKeyboard(t *testing.T) {
	o, err := open(browserFor(t), saved(t, sample.View(50)), settings[2])
	if err != nil {
		t.Fatal(err)
	}
	defer o.end()
	if got := ask[int](t, o, `document.querySelectorAll('.point[tabindex="0"]').length`); got != 1 {
		t.Errorf("%d points are reached by the Tab key, want 1", got)
	}
	do(t, o, chromedp.Focus(chromedp.CSS(`.point[tabindex="0"]`)))
	if got := ask[string](t, o, chosen); got != "latency-2ms: 20" {
		t.Errorf("the first point shows %s", got)
	}
	for i, want := range []string{"latency-4ms: 20", "pruned: 20", "latency-6ms: 20",
		"latency-8ms: 20", "latency-2ms: 20"} {
		do(t, o, chromedp.KeyEvent("\u0303")) // the key to the right
		if got := ask[string](t, o, chosen); got != want {
			t.Errorf("%d keys to the right show %s, want %s", i+1, got, want)
		}
	}
	do(t, o, chromedp.KeyEvent("\u0304")) // the key up
	if got := ask[string](t, o, chosen); got == "latency-2ms: 20" {
		t.Error("the key up stays at a winner")
	}
}

// TestKeyboardWithoutWinners: all networks are reached, and the best is shown to begin with.
func TestKeyboardWithoutWinners(t *testing.T) {
	v := sample.View(30)
	s := &v.Tradeoffs[0].Series[0]
	s.Networks = s.Networks[:30]
	o, err := open(browserFor(t), saved(t, v), settings[2])
	if err != nil {
		t.Fatal(err)
	}
	defer o.end()
	const place = `document.querySelector(".cursor").getAttribute("cx")`
	before := ask[string](t, o, place)
	do(t, o, chromedp.Focus(chromedp.CSS(".plot.large")), chromedp.KeyEvent("\u0304"))
	if after := ask[string](t, o, place); after == before ||
		ask[int](t, o, `document.querySelectorAll(".detail tbody tr").length`) != 20 {
		t.Errorf("the key up goes from %s to %s", before, after)
	}
}

// TestPointer: pointing at a winner shows its blocks, at a dot those of its network; a table is
// sorted by a click, a series hidden by another.
func TestPointer(t *testing.T) {
	browser, v := browserFor(t), sample.View(50)
	two := v.Tradeoffs[0].Series[0]
	two.Name = "another device"
	v.Tradeoffs[0].Series = append(v.Tradeoffs[0].Series, two)
	path := saved(t, v)
	for _, s := range []setting{settings[0], settings[2]} {
		o, err := open(browser, path, s)
		if err != nil {
			t.Fatal(err)
		}
		do(t, o, chromedp.ScrollIntoView(chromedp.CSS(".plot.large")))
		at := ask[[2]float64](t, o, `(() => { const b =
			document.querySelectorAll(".point .face")[3].getBoundingClientRect();
			return [b.x + b.width/2, b.y + b.height/2]; })()`)
		do(t, o, chromedp.MouseClickXY(at[0], at[1]))
		if got := ask[string](t, o, chosen); got != "latency-8ms: 20" {
			t.Errorf("as %s, pointing at the fourth winner shows %s", s.name, got)
		}
		do(t, o, chromedp.Evaluate[chromedp.Void](
			`document.querySelectorAll("#winners0 thead button")[2].click()`),
			chromedp.Evaluate[chromedp.Void](`document.querySelector(".toggle").click()`))
		if got := ask[string](t, o, `document.querySelector("#winners0 thead [aria-sort]").textContent`); got != "budget" {
			t.Errorf("the table is sorted by %q", got)
		}
		left := ask[int](t, o, `[...document.querySelectorAll(".plot.large .point")]
			.filter(p => getComputedStyle(p).display !== "none").length`)
		if left != 5 {
			t.Errorf("%d points are left when one of two series is hidden, want 5", left)
		}
		o.end()
	}
}

// TestHover: the pointer over a winner shows its blocks; a click keeps them while it goes on.
func TestHover(t *testing.T) {
	o, err := open(browserFor(t), saved(t, sample.View(50)), settings[2])
	if err != nil {
		t.Fatal(err)
	}
	defer o.end()
	do(t, o, chromedp.ScrollIntoView(chromedp.CSS(".plot.large")))
	at := ask[[][2]float64](t, o, `[...document.querySelectorAll(".point .face")].map(e => {
		const b = e.getBoundingClientRect(); return [b.x + b.width/2, b.y + b.height/2]; })`)
	names := ask[[]string](t, o,
		`[...document.querySelectorAll(".point")].map(e => e.getAttribute("aria-label"))`)
	over := func(i int) string {
		t.Helper()
		do(t, o, chromedp.MouseEvent(chromedp.MouseMoved, at[i][0], at[i][1]))
		// the page follows the pointer once a frame
		do(t, o, chromedp.Evaluate[chromedp.Void](
			`new Promise(f => requestAnimationFrame(() => requestAnimationFrame(() => f())))`,
			chromedp.EvalAwaitPromise))
		return ask[string](t, o, `document.querySelector(".detail h4").textContent`)
	}
	for _, i := range []int{2, 0, 3} {
		if got := over(i); got == "" || !strings.Contains(names[i], got) {
			t.Errorf("over %q it shows %q", names[i], got)
		}
	}
	do(t, o, chromedp.MouseClickXY(at[1][0], at[1][1]))
	if got := over(3); !strings.Contains(names[1], got) {
		t.Errorf("%q was clicked, and over another it shows %q", names[1], got)
	}
	if rows := ask[int](t, o, `document.querySelectorAll(".detail tbody tr").length`); rows != 20 {
		t.Errorf("%d blocks are shown, want 20", rows)
	}
}
