package protocol

import (
	"bytes"
	"errors"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"
)

// pipe is a connection to oneself.
func pipe(text string) (*Conn, *bytes.Buffer) {
	var out bytes.Buffer
	return NewConn(strings.NewReader(text), &out), &out
}

// TestRoundTrip: what is written is read again, in order.
func TestRoundTrip(t *testing.T) {
	model := &Model{Runtime: "r", SHA256: "ab", Threads: 2, Input: []int{1, 2}, Output: []int{3}}
	requests := []Request{
		{ID: 1, Op: Look, Libraries: map[string]string{"r": "/a b\n.so"}},
		{ID: 2, Op: Load, Model: model}, {ID: 3, Op: Sample, Plan: []Runs{{1, 7, true}},
			DeadlineMS: 5},
	}
	data := [][]byte{nil, []byte("{\n\"op\":\"bye\"}\n"), bytes.Repeat([]byte("x"), 1<<21)}
	c, sent := pipe("")
	for i, r := range requests {
		if err := c.WriteRequest(r, data[i]); err != nil {
			t.Fatal(err)
		}
	}
	c, _ = pipe(sent.String())
	for i, want := range requests {
		got, follows, err := c.ReadRequest()
		want.Bytes = int64(len(data[i]))
		if err != nil || !reflect.DeepEqual(got, want) || !bytes.Equal(follows, data[i]) {
			t.Errorf("%+v with %d bytes (%v), expected %+v with %d", got, len(follows), err, want,
				len(data[i]))
		}
	}
	if _, _, err := c.ReadRequest(); err != io.EOF {
		t.Errorf("at the end: %v, expected EOF", err)
	}
}

func TestAnswers(t *testing.T) {
	c, sent := pipe("")
	want := Answer{ID: 1, Error: &Error{Failed, "no"}, TookNS: []int64{5}, Bytes: 3}
	if err := c.WriteAnswer(want, []byte("abc")); err != nil {
		t.Fatal(err)
	}
	c, _ = pipe(sent.String())
	got, data, err := c.ReadAnswer()
	if err != nil || !reflect.DeepEqual(got, want) || string(data) != "abc" {
		t.Errorf("%+v, %q (%v)", got, data, err)
	}
}

// TestNotUnderstood: what is not of the protocol is said to be that, and takes no memory.
func TestNotUnderstood(t *testing.T) {
	for _, text := range []string{
		"hello\n", "[]\n", `{"id":"one"}` + "\n", `{"id":1}`, `{"id":1,"bytes":-1}` + "\n",
		`{"id":1,"bytes":9223372036854775807}` + "\n", `{"id":1,"bytes":2147483648}` + "\nabc",
		`{"id":1,"bytes":4}` + "\nabc", strings.Repeat(" ", maxLine+1) + "{}\n",
	} {
		c, _ := pipe(text)
		if _, _, err := c.ReadAnswer(); !errors.Is(err, ErrFormat) {
			t.Errorf("%.40q gives %v, expected ErrFormat", text, err)
		}
	}
}

func TestFloats(t *testing.T) {
	want := []float32{0, -1.5, math.MaxFloat32, float32(math.Inf(1))}
	got := make([]float32, 4)
	if err := Floats(got, Bytes(want)); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v (%v), expected %v", got, err, want)
	}
	if err := Floats(got[1:], Bytes(want)); !errors.Is(err, ErrFormat) {
		t.Errorf("one too many: %v", err)
	}
}

func TestLen(t *testing.T) {
	if n, err := Len([]int{2, 3, 4}); n != 24 || err != nil {
		t.Errorf("%d (%v), expected 24", n, err)
	}
	for _, shape := range [][]int{
		nil, {0}, {-1, -1}, {1 << 40}, {1 << 20, 1 << 20}, {1 << 32, 1 << 32},
		make([]int, 9),
	} {
		if _, err := Len(shape); !errors.Is(err, ErrFormat) {
			t.Errorf("%v gives %v, expected ErrFormat", shape, err)
		}
	}
}

// FuzzReadAnswer: whatever comes is an answer or an error, and an answer is read again from what it
// is written as.
func FuzzReadAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"id":1,"agent":{"version":2,"device":{"id":"a","cpu":{"family":6}}}}` + "\n",
		`{"id":2,"took_ns":[1,-5],"bytes":1}` + "\nx", `{"observation":{"at":"x"}}` + "\n",
		`{"id":3,"observation":{"at":"2026-01-02T03:04:05Z","load_average_1min":1e300}}` + "\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, sent := pipe(string(text))
		a, data, err := c.ReadAnswer()
		if err != nil {
			return
		}
		if err := c.WriteAnswer(a, data); err != nil {
			return // such as a time that JSON cannot have
		}
		c, _ = pipe(sent.String())
		again, follows, err := c.ReadAnswer()
		if err != nil || !bytes.Equal(follows, data) || again.ID != a.ID {
			t.Errorf("%+v is read again as %+v (%v)", a, again, err)
		}
	})
}

// FuzzRead: whatever comes is a message or an error, and a message is read again from what it is
// written as.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		`{"id":1,"op":"load","model":{"runtime":"x","input":[1,2]},"bytes":2}` + "\nab",
		`{"id":1,"error":{"kind":"failed","text":"\u0000"}}` + "\n", "\n\n", `{"bytes":1e9}` + "\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, sent := pipe(string(text))
		r, data, err := c.ReadRequest()
		if err != nil {
			return
		}
		if err := c.WriteRequest(r, data); err != nil {
			t.Fatal(err)
		}
		c, _ = pipe(sent.String())
		again, follows, err := c.ReadRequest()
		if err != nil || !bytes.Equal(follows, data) || again.ID != r.ID || again.Op != r.Op {
			t.Errorf("%+v is read again as %+v (%v)", r, again, err)
		}
	})
}
