package data

import (
	"fmt"
	"path"
	"runtime"
	"sync"

	"github.com/tailor-nas/tailor/internal/bug"
)

// found is what lies in a folder or tar of images.
type found struct {
	where    string
	pictures []*picture
	problems []problem
	folders  map[string]bool // all folders, of images or not; slash-separated
	leftOut  tally           // files that are no images
	only     only            // classes to take in
	listing  *listing        // classes of images by a list; nil without
}

// intake prepares pictures on all processors while they are being found.
type intake struct {
	found
	size       int
	lim        limits
	gate       gate
	jobs       chan *picture
	wg         sync.WaitGroup
	compressed int64 // bytes of pictures that stay compressed
	taken      int   // pictures so far

	mu      sync.Mutex
	damaged map[int]problem // by number of the picture
}

// newIntake starts one goroutine a processor; the finder of the pictures, mostly waiting for the
// disk or for gzip, is one more. The caller must call finish.
func newIntake(where string, size int, lim limits) *intake {
	in := &intake{
		found: found{where: where, folders: map[string]bool{}, leftOut: tally{}}, size: size,
		lim: lim, gate: newGate(),
		jobs: make(chan *picture, 64), damaged: map[int]problem{},
	}
	for range runtime.GOMAXPROCS(0) {
		in.wg.Go(func() {
			for p := range in.jobs {
				if err := bug.Catch(func() error { return p.prepare(size, in.gate) }); err != nil {
					in.mu.Lock()
					in.damaged[p.number] = damagedImage(p.origin, err)
					in.mu.Unlock()
				}
			}
		})
	}
	return in
}

// add takes a picture from the single goroutine that finds them.
func (in *intake) add(p *picture) error {
	if in.taken++; in.taken > in.lim.entries {
		return fmt.Errorf("data: %q: more than %d images: split the data set", p.where,
			in.lim.entries)
	}
	p.number = len(in.pictures)
	// Decided by the number alone, at the most a picture can take, so that it does not depend on
	// timing.
	p.eager = int64(p.number+1)*int64(3*in.size*in.size) <= in.lim.decoded
	if !p.eager {
		if in.compressed += int64(len(p.raw)); in.compressed > in.lim.compressed {
			return fmt.Errorf("data: %q: images past the first %d MiB of pixels take more than %d MiB compressed: unpack it to a folder and open that",
				p.where, in.lim.decoded>>20, in.lim.compressed>>20)
		}
	}
	in.pictures = append(in.pictures, p)
	in.jobs <- p
	return in.checkProblems()
}

// refuse takes an image file that cannot be read.
func (in *intake) refuse(p problem) error {
	in.mu.Lock()
	in.problems = append(in.problems, p)
	in.mu.Unlock()
	return in.checkProblems()
}

// checkProblems ends a search that finds nothing but damage.
func (in *intake) checkProblems() error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(in.damaged)+len(in.problems) > maxProblems {
		return fmt.Errorf("data: %q has more than %d files that cannot be read as images", in.where,
			maxProblems)
	}
	return nil
}

// folder notes a folder and those that it lies in.
func (in *intake) folder(name string) error {
	for ; name != "." && name != "/" && name != "" && !in.folders[name]; name = path.Dir(name) {
		if len(in.folders) >= maxFolders {
			return fmt.Errorf("data: %q: more than %d folders: split the data set", in.where,
				maxFolders)
		}
		in.folders[name] = true
	}
	return nil
}

// finish waits for the last picture. The error is that of the search, nil when all was found; what
// is damaged has left the pictures for the problems.
func (in *intake) finish(err error) (found, error) {
	close(in.jobs)
	in.wg.Wait()
	whole := in.pictures[:0]
	for _, p := range in.pictures {
		if d, ok := in.damaged[p.number]; ok {
			in.problems = append(in.problems, d)
		} else {
			whole = append(whole, p)
		}
	}
	clear(in.pictures[len(whole):])
	in.pictures = whole
	return in.found, err
}
