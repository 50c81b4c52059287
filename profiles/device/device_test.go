package profiles_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/profiles"
)

func describe(t *testing.T) profiles.Device {
	t.Helper()
	d, err := profiles.Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDescribe(t *testing.T) {
	d := describe(t)
	if !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(d.ID) {
		t.Errorf("ID %q", d.ID)
	}
	if again := describe(t); again.ID != d.ID {
		t.Errorf("ID %s, then %s", d.ID, again.ID)
	}
	c := d.CPU
	if c.UsableCores < 1 || c.LogicalCores > 0 && (c.UsableCores > c.LogicalCores || c.PhysicalCores > c.LogicalCores) {
		t.Errorf("cores: %+v", c)
	}
	if !slices.IsSorted(c.ISA) || c.MinMHz > c.MaxMHz && c.MaxMHz > 0 {
		t.Errorf("processor: %+v", c)
	}
	for _, cache := range c.Caches {
		if cache.Level < 1 || cache.SizeBytes <= 0 || cache.Type == "" || cache.SharedBy > c.LogicalCores {
			t.Errorf("cache %+v", cache)
		}
	}
}

// Every field that may be left out is either there or explained.
func TestDescribeExplainsWhatIsMissing(t *testing.T) {
	d := describe(t)
	var known, missing []string
	collect := func(prefix string, v reflect.Value) {
		for i := range v.NumField() {
			name, optional := strings.CutSuffix(v.Type().Field(i).Tag.Get("json"), ",omitempty")
			switch {
			case !optional || name == "unavailable":
			case v.Field(i).IsZero():
				missing = append(missing, prefix+name)
			default:
				known = append(known, prefix+name)
			}
		}
	}
	collect("", reflect.ValueOf(d))
	collect("cpu.", reflect.ValueOf(d.CPU))
	for _, key := range missing {
		if d.Unavailable[key] == "" {
			t.Errorf("%s is missing without a reason", key)
		}
	}
	for _, key := range known {
		if reason, ok := d.Unavailable[key]; ok {
			t.Errorf("%s is known and unavailable: %s", key, reason)
		}
	}
	for key, reason := range d.Unavailable {
		if reason == "" || strings.Contains(reason, "\n") {
			t.Errorf("%s: reason %q", key, reason)
		}
	}
}

func TestDeviceSurvivesJSON(t *testing.T) {
	d := describe(t)
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var back profiles.Device
	if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(back, d) {
		t.Errorf("%v\n%+v\n%+v", err, d, back)
	}
}

func TestDescribeStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := profiles.Describe(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestCheckTiming(t *testing.T) {
	if err := (profiles.Device{Arch: "arm64", Emulated: true}).CheckTiming(); !errors.Is(err, profiles.ErrEmulated) {
		t.Errorf("emulated: %v", err)
	}
	if err := (profiles.Device{Arch: "arm64"}).CheckTiming(); err != nil {
		t.Errorf("real: %v", err)
	}
}

// A subject of three milliseconds against a reference of one, on a clock that
// the subjects move themselves.
func ExampleMeasure() {
	m := &machine{slow: quietMachine(nil)}
	reference := profiles.Subject{Name: "reference", Run: func() error { m.now += 1e6; return nil }}
	block := profiles.Subject{Name: "block", Run: func() error { m.now += 3e6; return nil }}
	timings, session, err := profiles.Measure(context.Background(), reference, []profiles.Subject{block}, given(profiles.Settings{Clock: m}))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, t := range timings {
		fmt.Printf("%s: %.1f ms, %.1f times the %s, unstable %v\n", t.Name, t.LatencyMS, t.RatioMedian, session.ReferenceName, t.Unstable)
	}
	// Output: block: 3.0 ms, 3.0 times the reference, unstable false
}
