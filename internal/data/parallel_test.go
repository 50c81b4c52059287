package data

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
)

func TestForEach(t *testing.T) {
	var sum, calls atomic.Int64
	if err := forEach(1000, func(i int) error {
		sum.Add(int64(i))
		calls.Add(1)
		return nil
	}); err != nil || sum.Load() != 499_500 || calls.Load() != 1000 {
		t.Errorf("error %v, %d calls, sum %d", err, calls.Load(), sum.Load())
	}
	if err := forEach(0, func(int) error { return errors.New("called") }); err != nil {
		t.Error(err)
	}
	for range 50 {
		err := forEach(1000, func(i int) error {
			if i%7 == 6 {
				return fmt.Errorf("index %d", i)
			}
			return nil
		})
		if err == nil || err.Error() != "index 6" {
			t.Fatalf("error %v: want that of the lowest index, 6", err)
		}
	}
}
