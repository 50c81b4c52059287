package main

import (
	"context"
	_ "embed" // what is asked of a page
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

//go:embed check.js
var questions string

// errNoBrowser says that there is nothing to open a page with.
var errNoBrowser = errors.New("no Chromium: install chromium, or name one in CHROME")

// browsers are the names that Chromium goes by.
var browsers = []string{"chromium", "chromium-browser", "google-chrome", "chrome"}

// findBrowser gives the path of a Chromium: what CHROME names, else one of the usual names.
func findBrowser() (string, error) {
	if named := os.Getenv("CHROME"); named != "" {
		return exec.LookPath(named)
	}
	for _, name := range browsers {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errNoBrowser
}

// start starts a browser, which end ends.
func start(ctx context.Context) (browser context.Context, end func(), err error) {
	path, err := findBrowser()
	if err != nil {
		return nil, nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path),
		chromedp.NoSandbox, chromedp.DisableGPU)
	all, endAll := chromedp.NewExecAllocator(ctx, options...)
	browser, endOne := chromedp.NewContext(all)
	end = func() { endOne(); endAll() }
	if err := chromedp.Do(browser); err != nil {
		end()
		return nil, nil, fmt.Errorf("start %s: %w", path, err)
	}
	return browser, end, nil
}

// setting is how a page is looked at.
type setting struct {
	name          string
	width, height int64
	dark, print   bool
}

// settings are a phone, a desktop and paper, by day and by night.
var settings = []setting{
	{"phone-light", 360, 740, false, false}, {"phone-dark", 360, 740, true, false},
	{"desktop-light", 1280, 900, false, false}, {"desktop-dark", 1280, 900, true, false},
	{"print", 794, 1123, false, true},
}

// opened is a page in a tab.
type opened struct {
	tab  context.Context
	end  func()
	took time.Duration // until it was drawn and its script had run
	busy time.Duration // of that the page worked, whatever else the machine did meanwhile

	mu     sync.Mutex
	faults []string // of scripts, and what the browser refused
}

// open opens a page in a tab of its own. The page must not take longer than half a minute.
func open(browser context.Context, page string, s setting) (*opened, error) {
	page, err := filepath.Abs(page)
	if err != nil {
		return nil, err
	}
	o := &opened{}
	tab, endTab := chromedp.NewContext(browser, chromedp.WithListener(o.listen))
	if err := chromedp.Do(tab); err != nil { // the tab lives as long as this context
		endTab()
		return nil, err
	}
	limited, endTime := context.WithTimeout(tab, 30*time.Second)
	o.tab, o.end = limited, func() { endTime(); endTab() }
	if err := o.load(page, s); err != nil {
		o.end()
		return nil, fmt.Errorf("open %s as %s: %w", page, s.name, err)
	}
	return o, nil
}

// load sets the tab up, and loads the page.
func (o *opened) load(page string, s setting) error {
	scheme, media := "light", "screen"
	if s.dark {
		scheme = "dark"
	}
	if s.print {
		media = "print"
	}
	_, enabled := chromedp.Call(o.tab, log.Enable, cdp.Empty{})
	_, sized := chromedp.Call(o.tab, emulation.SetDeviceMetricsOverride,
		emulation.SetDeviceMetricsOverrideParams{Width: s.width, Height: s.height,
			DeviceScaleFactor: 1, Mobile: s.width < 500})
	_, coloured := chromedp.Call(o.tab, emulation.SetEmulatedMedia,
		emulation.SetEmulatedMediaParams{Media: media, Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}}})
	_, counted := chromedp.Call(o.tab, performance.Enable, performance.EnableParams{
		TimeDomain: performance.EnableTimeDomainThreadTicks})
	if err := errors.Join(enabled, sized, coloured, counted); err != nil {
		return err
	}
	where := url.URL{Scheme: "file", Path: filepath.ToSlash(page)}
	begun := time.Now()
	err := chromedp.Do(o.tab, chromedp.Navigate(where.String()),
		// Two frames later all is drawn.
		chromedp.Evaluate[chromedp.Void](
			`new Promise(f => requestAnimationFrame(() => requestAnimationFrame(f)))`,
			chromedp.EvalAwaitPromise))
	o.took = time.Since(begun)
	if err != nil {
		return err
	}
	return o.count()
}

// count asks how long the page worked.
func (o *opened) count() error {
	all, err := chromedp.Call(o.tab, performance.GetMetrics, cdp.Empty{})
	if err != nil {
		return err
	}
	for _, m := range all.Metrics {
		if m.Name == "TaskDuration" {
			o.busy = time.Duration(m.Value * float64(time.Second))
		}
	}
	return nil
}

// listen keeps what went wrong.
func (o *opened) listen(event any) {
	fault := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		fault = e.ExceptionDetails.Text
		if x := e.ExceptionDetails.Exception; x != nil {
			fault += " " + x.Description
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			fault = e.Entry.Text
		}
	}
	if fault != "" {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.faults = append(o.faults, fault)
	}
}

// problems are script errors, text that is too pale, and a page that is wider than its window.
func (o *opened) problems() ([]string, error) {
	found, err := chromedp.Run(o.tab, chromedp.Evaluate[[]string](questions+"; problems()"))
	if err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return append(found, o.faults...), nil
}

// shot writes a picture of the whole page, or of the element that a selector names.
func (o *opened) shot(path, selector string) error {
	take := chromedp.FullScreenshot(100)
	if selector != "" {
		take = chromedp.Screenshot(chromedp.CSS(selector))
	}
	picture, err := chromedp.Run(o.tab, take)
	if err != nil {
		return err
	}
	return os.WriteFile(path, picture, 0o644)
}
