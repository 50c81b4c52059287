// Command pagecheck opens pages that tailor report wrote in Chromium, on a phone, a desktop and
// paper, by day and by night. It prints their weight, how long they take to open, and what is wrong
// with them. With --shots it writes pictures of them. README.md says more.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/tailor-nas/tailor/internal/page"
	"github.com/tailor-nas/tailor/internal/page/sample"
	"github.com/tailor-nas/tailor/internal/store"
)

func main() {
	shots := flag.String("shots", "", "folder for pictures of the pages")
	only := flag.String("only", "", "a setting, such as desktop-light; default all")
	element := flag.String("element", "", "picture of the element that this selector names alone")
	invented := flag.Int("invented", 0, "write and open a page of so many invented networks, too")
	flag.Parse()
	pages := flag.Args()
	err := error(nil)
	if *invented > 0 {
		pages = append(pages, filepath.Join(os.TempDir(), fmt.Sprintf("invented-%d.html", *invented)))
		err = invent(pages[len(pages)-1], *invented)
	}
	if err == nil {
		err = run(pages, *shots, *only, *element)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "pagecheck:", err)
		os.Exit(1)
	}
}

// invent writes a page of invented networks.
func invent(path string, networks int) error {
	return store.WriteFile(path, func(w io.Writer) error {
		return page.Write(w, sample.View(networks))
	})
}

func run(pages []string, shots, only, element string) error {
	if len(pages) == 0 {
		return fmt.Errorf("name a page that tailor report wrote")
	}
	browser, end, err := start(context.Background())
	if err != nil {
		return err
	}
	defer end()
	wrong := 0
	for _, page := range pages {
		info, err := os.Stat(page)
		if err != nil {
			return err
		}
		fmt.Printf("%s: %d bytes\n", page, info.Size())
		for _, s := range settings {
			if only != "" && s.name != only {
				continue
			}
			n, err := look(browser, page, s, shots, element)
			if err != nil {
				return err
			}
			wrong += n
		}
	}
	if wrong > 0 {
		return fmt.Errorf("%d problems", wrong)
	}
	return nil
}

// look opens a page in one setting, and gives how many problems it has.
func look(browser context.Context, page string, s setting, shots, element string) (int, error) {
	o, err := open(browser, page, s)
	if err != nil {
		return 0, err
	}
	defer o.end()
	found, err := o.problems()
	if err != nil {
		return 0, err
	}
	fmt.Printf("  %-14s opens in %d ms, in which it works %d ms; %d problems\n", s.name,
		o.took.Milliseconds(), o.busy.Milliseconds(), len(found))
	for _, f := range found {
		fmt.Println("   ", f)
	}
	if shots == "" {
		return len(found), nil
	}
	if err := os.MkdirAll(shots, 0o755); err != nil {
		return 0, err
	}
	name := strings.TrimSuffix(filepath.Base(page), filepath.Ext(page))
	return len(found), o.shot(filepath.Join(shots, name+"-"+s.name+".png"), element)
}
