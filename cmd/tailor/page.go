package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tailor-nas/tailor/internal/findings"
	"github.com/tailor-nas/tailor/internal/page"
)

// pageFlags are those of commands that write a page as they go.
type pageFlags struct {
	Report string `help:"Write a page of the results here, and again as the work goes on: a browser that is left open on it shows how far it is." type:"path" out:"page"`
}

const (
	// pageEvery is how often a page is written, at most; it may take pageShare of the time.
	pageEvery = 5 * time.Second
	pageShare = 20
)

// livePage is a page that is written as work goes on. A nil one is none.
type livePage struct {
	ctx   context.Context
	path  string
	paths []string
	next  time.Time // it is written again
	warn  func(format string, args ...any)
}

// withPage does some work while a page of what it finds in some paths is written. Without a path
// for the page it only works.
func (g *Globals) withPage(ctx context.Context, path string, paths []string,
	work func() error) error {
	if path == "" {
		return work()
	}
	g.page = &livePage{ctx: ctx, path: path, paths: paths, warn: g.warn}
	g.page.update(time.Now(), "begins", 0)
	err := work()
	live := g.page
	g.page = nil
	if err != nil {
		live.warned(live.write(findings.Query{Quick: true}, "The work ended early: "+err.Error()))
		return err
	}
	if err := live.write(findings.Query{}); err != nil {
		return err
	}
	g.say("wrote %s", shown(path))
	return nil
}

// update writes the page again, if it is time. That it cannot be written stops no work.
func (l *livePage) update(now time.Time, what string, share float64) {
	if l == nil || now.Before(l.next) {
		return
	}
	doing := fmt.Sprintf("At work: %s, %.0f %%", what, 100*min(max(share, 0), 1))
	l.warned(l.write(findings.Query{Doing: doing, Quick: true}))
	l.next = time.Now().Add(max(pageEvery, pageShare*time.Since(now)))
}

func (l *livePage) warned(err error) {
	if err != nil {
		l.warn("the page is not written: %v", err)
	}
}

// write gathers what there is, and writes the page. That there is nothing yet is no error.
func (l *livePage) write(q findings.Query, notes ...string) error {
	q.Page, q.Paths = folderOf(l.path), slices.DeleteFunc(slices.Clone(l.paths), missing)
	v := &page.View{Title: "tailor", Doing: q.Doing}
	if len(q.Paths) > 0 {
		// An interrupted command still writes its page.
		found, err := findings.Gather(context.WithoutCancel(l.ctx), q)
		if err != nil && !errors.Is(err, findings.ErrNothing) {
			return err
		}
		if err == nil {
			v = found
		}
	}
	v.Notes = append(v.Notes, notes...)
	_, err := writePage(l.path, v)
	return err
}
