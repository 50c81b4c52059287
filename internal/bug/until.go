package bug

import "context"

// CatchUntil is [Catch] that waits for f no longer than until ctx ends, and then gives the error of
// that. It is for work that cannot be interrupted everywhere. f runs on meanwhile: nothing that it
// sets may be read then, and what it writes must be where nobody looks.
func CatchUntil(ctx context.Context, f func() error) error {
	done := make(chan error, 1)
	go func() { done <- Catch(f) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
