package device_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/profiles/device"
)

func describe(t *testing.T) device.Device {
	t.Helper()
	d, err := device.Describe(t.Context())
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
	if c.UsableCores < 1 || c.LogicalCores > 0 && (c.UsableCores > c.LogicalCores ||
		c.PhysicalCores > c.LogicalCores) {
		t.Errorf("cores: %+v", c)
	}
	if !slices.IsSorted(c.ISA) || c.MinMHz > c.MaxMHz && c.MaxMHz > 0 {
		t.Errorf("processor: %+v", c)
	}
	for _, cache := range c.Caches {
		if cache.Level < 1 || cache.SizeBytes <= 0 || cache.Type == "" ||
			cache.SharedBy > c.LogicalCores {
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
	var back device.Device
	if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(back, d) {
		t.Errorf("%v\n%+v\n%+v", err, d, back)
	}
}

func TestDescribeStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := device.Describe(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestCheckTiming(t *testing.T) {
	if err := (device.Device{Arch: "arm64", Emulated: true}).CheckTiming(); !errors.Is(err,
		device.ErrEmulated) {
		t.Errorf("emulated: %v", err)
	}
	if err := (device.Device{Arch: "arm64"}).CheckTiming(); err != nil {
		t.Errorf("real: %v", err)
	}
}
