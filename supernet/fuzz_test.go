package supernet_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
)

// FuzzParseSpace: no text makes the parser panic, what it refuses is one line with a SpaceError,
// and what it accepts is sound and says the same when it is written and read again.
func FuzzParseSpace(f *testing.F) {
	f.Add(everything)
	f.Add(bare)
	f.Add(efficient)
	for _, c := range badSpaces {
		f.Add(strings.Replace(everything, c.old, c.new, 1))
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<14 {
			return
		}
		s, err := supernet.ParseSpace("fuzz.yaml", []byte(text))
		if err != nil {
			var bad *supernet.SpaceError
			if !errors.As(err, &bad) || strings.ContainsAny(err.Error(), "\r\n") {
				t.Fatalf("%T: %q", err, err)
			}
			return
		}
		again, err := supernet.ParseSpace("again.yaml", []byte(format(s)))
		if err != nil {
			t.Fatalf("what was accepted is refused when written again: %v\n%s", err, format(s))
		}
		if again.SHA256() != s.SHA256() || format(again) != format(s) {
			t.Fatalf("it changes:\n%s\n%s", format(s), format(again))
		}
		sound(t, s)
	})
}

// sound exercises a space: its extremes are networks of it.
func sound(t *testing.T, s *supernet.Space) {
	t.Helper()
	if s.Count().Sign() <= 0 {
		t.Fatalf("%s networks", s.Count())
	}
	for _, a := range []supernet.Arch{s.Min(), s.Max(), s.Random(newRand(1))} {
		if err := s.Check(a); err != nil {
			t.Fatal(err)
		}
		if err := supernet.CheckBlocks(s.Blocks(a)); err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(s.Spec(a))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := s.ParseArch(text); err != nil || got != a {
			t.Fatalf("%s comes back as %s, %v", text, show(s, got), err)
		}
	}
}

// format writes a space as a file.
func format(s *supernet.Space) string {
	var b strings.Builder
	fmt.Fprintf(&b, "tailor: space/1\nname: %s\ntitle: %s\nclasses: %d\nchannels: %d\nresolutions: %s\n", quote(s.Name), quote(s.Title),
		s.Classes, s.Channels, list(s.Resolutions))
	fmt.Fprintf(&b, "width_multiplier: %v\nkernel_transform: %v\nbn_eps: %v\n", s.WidthMultiplier,
		s.KernelTransform, s.BNEps)
	if s.Padding != "" {
		fmt.Fprintf(&b, "padding: %s\n", s.Padding)
	}
	fmt.Fprintf(&b, "stem: {width: %d, stride: %d, act: %s}\nstages:\n", s.Stem.Width,
		s.Stem.Stride, s.Stem.Act)
	for _, st := range s.Stages {
		fmt.Fprintf(&b, "  - width: %d\n    stride: %d\n    act: %s\n    se: %s\n", st.Width,
			st.Stride, st.Act, excitation(st.SE))
		fmt.Fprintf(&b, "    depth: %s\n    kernel: %s\n", list(st.Depth), list(st.Kernel))
		if st.ExpandByDepth == nil {
			fmt.Fprintf(&b, "    expand: %s\n", list(st.Expand))
			continue
		}
		b.WriteString("    expand_by_depth:\n")
		for _, d := range st.Depth {
			fmt.Fprintf(&b, "      %d: %v\n", d, st.ExpandByDepth[d])
		}
	}
	fmt.Fprintf(&b, "head: {expand: %d, features: %d, act: %s, dropout: %v}\n", s.Head.Expand,
		s.Head.Features, quote(string(s.Head.Act)), s.Head.Dropout)
	return b.String()
}

// excitation writes what a space file has in its place: JSON is YAML.
func excitation(e supernet.Excitation) string {
	text, err := json.Marshal(e)
	if e.None() || err != nil {
		return "false"
	}
	return string(text)
}

// quote writes a YAML string; JSON's are a subset.
func quote(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	return string(text)
}

func list[T any](v []T) string {
	return strings.ReplaceAll(fmt.Sprint(v), " ", ", ")
}

// FuzzParseArch: no text makes the parser panic, what it refuses is one line with ErrArch, and what
// it accepts is canonical.
func FuzzParseArch(f *testing.F) {
	for _, text := range spellings {
		f.Add(text)
	}
	f.Add(`{"ks":5,"e":2,"d":1,"r":12}`)
	f.Add(`{"ks":1e99,"e":-0,"d":[1,1,1],"r":12,"wid":[1,2]}`)
	f.Add(`null`)
	s := parse(f, everything)
	f.Fuzz(func(t *testing.T, text string) {
		a, err := s.ParseArch([]byte(text))
		if err != nil {
			if !errors.Is(err, supernet.ErrArch) || strings.ContainsAny(err.Error(), "\r\n") {
				t.Fatalf("%q", err)
			}
			return
		}
		if err := s.Check(a); err != nil {
			t.Fatal(err)
		}
		written, err := json.Marshal(s.Spec(a))
		if err != nil {
			t.Fatal(err)
		}
		if again, err := s.ParseArch(written); err != nil || again != a {
			t.Fatalf("%s comes back as %s, %v", written, show(s, again), err)
		}
	})
}
