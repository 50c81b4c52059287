package supernet_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
)

func TestArchRoundTrip(t *testing.T) {
	eachSpace(t, func(t *testing.T, s *supernet.Space) {
		r := newRand(4)
		for range 100 {
			a := s.Random(r)
			text, err := json.Marshal(s.Spec(a))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := s.ParseArch(text); err != nil || got != a {
				t.Fatalf("%s comes back as %s, %v", text, show(s, got), err)
			}
		}
	})
}

// spellings are the space everything's arch with depths 1, 2, 1 at 12 pixels, in every way that one
// may write it.
var spellings = []string{
	`{"ks":[5,0,3,3,0,5,0],"e":[3,0,4,4,0,2,0],"d":[1,2,1],"r":[12]}`,
	`{"ks":[5,0,3,3,0,5,0],"e":[3,0,4,4,0,2,0],"d":[1,2,1],"r":12}`,
	`{"ks":[5,0,3,3,0,5,0],"e":[3,0,4,4,0,2,0],"d":[1,2,1],"image_size":12}`,
	`{"ks":[5,0,3,3,0,5,0],"e":[3,0,4,4,0,2,0],"d":[1,2,1],"image_size":[12],"wid":null}`,
	// the depth decides
	`{"ks":[5,0,3,3,0,5,0],"e":[3.0,0,0,0,0,2,0],"d":[1,2,1],"r":12}`,
	// OFA fills inactive genes
	`{"ks":[5,7,3,3,5,5,5],"e":[3,1,4,4,2,2,4],"d":[1,2,1],"r":12}`,
	`{"ks":[5,99,3,3,-1,5,1000],"e":[3,-7,4,4,1e9,2,0.3],"d":[1,2,1],"r":[12.0]}`,  // with anything
	"{ \"r\" : 12,\n\"d\":[1,2,1], \"e\":[3,0,4,4,0,2,0], \"ks\":[5,0,3,3,0,5,0]}", // in any layout
}

func TestSpellings(t *testing.T) {
	s := parse(t, everything)
	want := supernet.Arch{Resolution: 12}
	copy(want.Depth[:], []uint8{1, 2, 1})
	copy(want.Kernel[:], []uint8{5, 0, 3, 3, 0, 5, 0})
	copy(want.Expand[:], []float32{3, 0, 0, 0, 0, 2, 0})
	for _, text := range spellings {
		if got, err := s.ParseArch([]byte(text)); err != nil || got != want {
			t.Errorf("%s gives %+v, %v", text, got, err)
		}
	}
	if got, _ := json.Marshal(s.Spec(want)); string(got) != spellings[0] {
		t.Errorf("written as %s, want %s", got, spellings[0])
	}
}

// TestOneForAll: a single number stands for a list.
func TestOneForAll(t *testing.T) {
	s := builtin(t, "ofa-mbv3")
	for _, text := range []string{`{"ks":7,"e":6,"d":4,"r":224}`,
		`{"ks":[7],"e":[6],"d":[4],"r":[224]}`} {
		if got, err := s.ParseArch([]byte(text)); err != nil || got != s.Max() {
			t.Errorf("%s gives %s, %v", text, show(s, got), err)
		}
	}
	fixed := builtin(t, "compofa")
	if got, err := fixed.ParseArch(
		[]byte(`{"ks":[3,3,3,3,5,5,5,5,3,3,3,3,3,3,3,3,5,5,5,5],"d":2,"r":128}`)); err != nil ||
		got != fixed.Min() {
		t.Errorf("CompOFA's smallest is %s, %v", show(fixed, got), err)
	}
}

// TestResolutionMayBeMissing where there is one.
func TestResolutionMayBeMissing(t *testing.T) {
	s := builtin(t, "mbv3-cifar")
	if got, err := s.ParseArch([]byte(`{"ks":7,"e":6,"d":4}`)); err != nil || got != s.Max() {
		t.Errorf("got %s, %v", show(s, got), err)
	}
}

// TestParseArchErrors: what is wrong is named, with what would be right.
func TestParseArchErrors(t *testing.T) {
	s := parse(t, everything)
	for text, want := range map[string]string{
		``:                                    "ends too early",
		`[]`:                                  "array",
		`{"ks":5`:                             "ends too early",
		`{"ks":5,"e":2,"d":1,"r":12,"x":1}`:   `unknown field "x"`,
		`{"ks":5,"e":2,"d":1,"r":12,"wid":1}`: "wid must be null",
		`{"ks":5,"e":2,"d":1}`:                "r has 0 values, expected one of [12 16]",
		`{"ks":5,"e":2,"d":1,"r":[12,16]}`:    "r has 2 values, expected one of [12 16]",
		`{"ks":5,"e":2,"d":1,"r":14}`:         "resolution 14 is not in space everything ([12 16])",
		`{"ks":5,"e":2,"d":1,"r":12.5}`:       "r: 12.5 is not a whole number",
		`{"ks":5,"e":2,"d":1,"r":-12}`:        "resolution -12 is not in space",
		`{"ks":5,"e":2,"d":1,"r":70000}`:      "resolution 70000 is not in space",
		`{"ks":5,"e":2,"d":1,"r":"12"}`:       "expected a number or a list of numbers",
		`{"e":2,"d":1,"r":12}`:                "ks has 0 values, expected 7 (or one for all)",
		`{"ks":[5,5],"e":2,"d":1,"r":12}`:     "ks has 2 values, expected 7",
		`{"ks":5,"e":[2,2],"d":1,"r":12}`:     "e has 2 values, expected 7",
		`{"ks":5,"e":2,"d":[1,1],"r":12}`:     "d has 2 values, expected 3",
		`{"ks":5,"e":2,"r":12}`:               "d has 0 values, expected 3",
		`{"ks":4,"e":2,"d":1,"r":12}`:         "kernel 4 of elastic block 0 is not one of [3 5 7]",
		// 5 in a byte
		`{"ks":261,"e":2,"d":1,"r":12}`:                 "kernel 261 of elastic block 0 is not one of [3 5 7]",
		`{"ks":-5,"e":2,"d":1,"r":12}`:                  "kernel -5 of elastic block 0",
		`{"ks":5.5,"e":2,"d":1,"r":12}`:                 "ks: 5.5 is not a whole number",
		`{"ks":1e99,"e":2,"d":1,"r":12}`:                "ks: 1e+99 is not a whole number",
		`{"ks":5,"e":[2.5,2,2,2,2,2,2],"d":1,"r":12}`:   "expand ratio 2.5 of elastic block 0 is not one of [1 2 3]",
		`{"ks":5,"e":[1e300,2,2,2,2,2,2],"d":1,"r":12}`: "of elastic block 0 is not one of [1 2 3]",
		`{"ks":5,"d":1,"r":12}`:                         "expand ratio 0 of elastic block 0 is not one of [1 2 3]",
		`{"ks":5,"e":2,"d":[1,9,1],"r":12}`:             "depth 9 of elastic stage 1 is not one of [1 2 3]",
		`{"ks":5,"e":2,"d":[1,0,1],"r":12}`:             "depth 0 of elastic stage 1",
		// 1 in a byte
		`{"ks":5,"e":2,"d":[1,257,1],"r":12}`:                      "depth 257 of elastic stage 1 is not one of [1 2 3]",
		`{"ks":5,"e":2,"d":[1,-1,1],"r":12}`:                       "depth -1 of elastic stage 1",
		`{"ks":5,"e":[2,2,3,2,2,2,2],"d":1,"r":12}`:                "expand ratio 3 of elastic block 2: depth 1 decides 2",
		`{"ks":5,"e":2,"d":1,"r":12} {}`:                           "after top-level value",
		"{\"ks\":5,\"e\":2,\"d\":1,\"r\":12,\"wid\":[1,\n\n\n 2]}": "wid must be null",
	} {
		_, err := s.ParseArch([]byte(text))
		if !errors.Is(err, supernet.ErrArch) || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%.60s: %v, want ...%s...", text, err, want)
			continue
		}
		oneLine(t, err)
	}
}
