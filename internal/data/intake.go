package data

import (
	"fmt"
	"runtime"
	"sync"

	"github.com/tailor-nas/tailor/internal/bug"
)

// intake prepares pictures on all processors while they are being found.
type intake struct {
	size       int
	lim        limits
	pictures   []*picture
	jobs       chan *picture
	wg         sync.WaitGroup
	first      firstError
	compressed int64 // bytes of pictures that stay compressed
}

// newIntake starts one goroutine a processor; the finder of the pictures, mostly waiting for the
// disk or for gzip, is one more. The caller must call finish.
func newIntake(size int, lim limits) *intake {
	in := &intake{size: size, lim: lim, jobs: make(chan *picture, 64)}
	for range runtime.GOMAXPROCS(0) {
		in.wg.Go(func() {
			for p := range in.jobs {
				if err := bug.Catch(func() error { return p.prepare(size) }); err != nil {
					in.first.set(p.number, err)
				}
			}
		})
	}
	return in
}

// add takes a picture from the single goroutine that finds them. It stops the search by the error
// of an earlier picture.
func (in *intake) add(p *picture) error {
	// Damage ends the search at once, rather than after the rest of a large tar.
	if err := in.first.get(); err != nil {
		return err
	}
	if len(in.pictures) >= in.lim.entries {
		return fmt.Errorf("data: %q: more than %d images: split the data set", p.where, in.lim.entries)
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
	return nil
}

// finish waits for the last picture; found is the error of the search, nil when all was found. A
// damaged picture comes before it, because it lies earlier.
func (in *intake) finish(found error) ([]*picture, error) {
	close(in.jobs)
	in.wg.Wait()
	if in.first.err != nil {
		return nil, in.first.err
	}
	return in.pictures, found
}
