package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tailor-nas/tailor/internal/bug"
	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/profiles/device"
)

// What a check can find.
const (
	Works   = "works"
	Missing = "missing" // it is not installed; tailor works without
	Fails   = "fails"
)

// Check is what became of trying one thing.
type Check struct {
	Name  string `json:"name"`
	State string `json:"state"`
	Found string `json:"found,omitempty"` // what it is, and where
	// Problem says what is missing or fails, and what to do.
	Problem string `json:"problem,omitempty"`
	// LatencyMS is what the smallest network of mbv3-tiny took, of runtimes.
	LatencyMS float64 `json:"latency_ms,omitempty"`
}

// Report is what was found.
type Report struct {
	Device device.Device `json:"device"`
	Checks []Check       `json:"checks"`
}

// Job says where to look.
type Job struct {
	Folder string // whose disk is tried
	Data   string // images to open; none if empty
}

// Examine looks at this machine.
func Examine(ctx context.Context, j Job) (*Report, error) {
	here, err := device.Describe(ctx)
	if err != nil {
		return nil, err
	}
	r := &Report{Device: here}
	r.Checks = append(r.Checks, native(ctx))
	r.Checks = append(r.Checks, runtimes(ctx)...)
	r.Checks = append(r.Checks, try("disk", func() (string, error) { return disk(j.Folder) }))
	if j.Data != "" {
		r.Checks = append(r.Checks, try("data", func() (string, error) { return images(j.Data) }))
	}
	return r, ctx.Err()
}

// Err says which checks fail, if any does.
func (r *Report) Err() error {
	var failed []string
	for _, c := range r.Checks {
		if c.State == Fails {
			failed = append(failed, c.Name)
		}
	}
	if len(failed) == 0 {
		return nil
	}
	return fmt.Errorf("%s: %w", strings.Join(failed, ", "), ErrFails)
}

// ErrFails says that something that is there does not work.
var ErrFails = errors.New("it does not work here, see above")

// try makes a check of a function that says what it found.
func try(name string, f func() (string, error)) Check {
	c := Check{Name: name, State: Works}
	err := bug.Catch(func() (err error) {
		c.Found, err = f()
		return err
	})
	if err != nil {
		c.State, c.Problem = Fails, err.Error()
	}
	return c
}

// images opens those of a path.
func images(path string) (string, error) {
	set, err := data.Open(path, data.Options{})
	if err != nil {
		return "", err
	}
	return fmt.Sprint(set.Report), nil
}
