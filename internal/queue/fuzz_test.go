package queue

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// FuzzMessages: whatever a queue hands over, it is read as a message that can be written again, or
// is an error.
func FuzzMessages(f *testing.F) {
	job := Job{Kind: "accuracy", Class: "amd64-avx2", Protocol: protocol, Of: []byte(`{"d":[2]}`),
		Again: 1, Except: "worker-1"}
	result := Result{Job: job.ID(), Worker: "worker-1", Device: "desk", Seconds: 0.5,
		Value: []byte(`[1]`)}
	live := Live{Worker: "worker-1", Kind: "accuracy", Classes: []string{"amd64-avx2"},
		Busy: 1}
	for _, v := range []any{job, result, live, nil, []int{1}} {
		text, err := json.Marshal(v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"kind":"accuracy","kind":"x"} {}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		roundTrip(t, text, parseJob)
		roundTrip(t, text, parseResult)
		roundTrip(t, text, parseLive)
	})
}

func roundTrip[T any](t *testing.T, text []byte, parse func([]byte) (T, error)) {
	t.Helper()
	v, err := parse(text)
	if err != nil {
		if !errors.Is(err, ErrMessage) {
			t.Errorf("%v is no ErrMessage", err)
		}
		return
	}
	written, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	again, err := parse(written)
	if err != nil {
		t.Fatalf("%s: %v", written, err)
	}
	twice, err := json.Marshal(again)
	if err != nil || !bytes.Equal(written, twice) {
		t.Errorf("%s became %s (%v)", written, twice, err)
	}
	if j, ok := any(v).(Job); ok {
		if strings.ContainsAny(j.subject(), " *>\t\r\n") || strings.Count(j.subject(), ".") != 4 {
			t.Errorf("subject %q", j.subject())
		}
		if len(j.ID()) != 64 {
			t.Errorf("ID %q", j.ID())
		}
	}
}
