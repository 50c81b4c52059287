package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/runtime/conformance"
	"github.com/tailor-nas/tailor/internal/runtime/remote"
	"github.com/tailor-nas/tailor/profiles"
)

// asAgent makes the test binary the agent.
const asAgent = "TAILOR_TEST_AS_AGENT"

func TestMain(m *testing.M) {
	if os.Getenv(asAgent) == "" {
		os.Exit(m.Run())
	}
	if err := serve(nil, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// TestConformance: the runtimes whose libraries are installed compute what tailor's engine does.
func TestConformance(t *testing.T) {
	t.Setenv("TAILOR_AGENT", os.Args[0])
	t.Setenv(asAgent, "1")
	for _, e := range engines() {
		t.Run(e.Name(), func(t *testing.T) {
			r, err := remote.Open(t.Context(), remote.Config{Runtime: e.Name()})
			if errors.Is(err, remote.ErrMissing) {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			conformance.Run(t, func(threads, batch int) (profiles.Runtime, error) {
				r, err := remote.Open(t.Context(),
					remote.Config{Runtime: e.Name(), Threads: threads, Batch: batch})
				if err == nil {
					t.Cleanup(func() {
						if err := r.Close(); err != nil {
							t.Error(err)
						}
					})
				}
				return r, err
			})
		})
	}
}

// TestServe: the program answers a request, and says what is wrong with its use.
func TestServe(t *testing.T) {
	var out bytes.Buffer
	in := `{"id":1,"op":"hello","version":2}` + "\n" + `{"id":2,"op":"bye"}` +
		"\n"
	if err := serve(nil, strings.NewReader(in), &out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), `"version":2,"program":"tailor-agent`) ||
		strings.Count(out.String(), "\n") != 2 {
		t.Errorf("answers: %s", out.String())
	}
	err := serve([]string{"--help"}, strings.NewReader(""), &out)
	if err == nil || !strings.Contains(err.Error(), "started by tailor") {
		t.Errorf("%v, expected what the program is for", err)
	}
}
