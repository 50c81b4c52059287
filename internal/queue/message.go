package queue

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"time"
)

// Limits of messages.
const (
	maxMessage = 512 << 10 // bytes, below the 1 MB that a NATS server takes by default
	maxText    = 1000      // bytes of an error
)

// ErrMessage is wrapped by errors about messages that are none of this package's.
var ErrMessage = errors.New("not a message of this queue")

var (
	sum      = regexp.MustCompile(`^[0-9a-f]{64}$`)
	kindName = regexp.MustCompile(`^[a-z]{1,32}$`)
	// className is a part of a subject.
	className = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)
)

// Job is a measurement to make: all that its value depends on, by hash. Two of the same are one.
type Job struct {
	Kind     string          `json:"kind"`     // what is measured: "accuracy"
	Class    string          `json:"class"`    // of the machines that give the same value
	Protocol string          `json:"protocol"` // SHA-256 of the file that says how
	Of       json.RawMessage `json:"of"`       // what
	// Again counts the repetitions of a measurement, whose results must be the same.
	Again int `json:"again,omitempty"`
	// Except is the worker that is to leave the job to others while there are any. It is no part of
	// the value.
	Except string `json:"except,omitempty"`
}

// ID is the SHA-256 of a job.
func (j Job) ID() string {
	j.Except = ""
	text, err := json.Marshal(j)
	if err != nil {
		panic("queue: a job is not made of JSON") // its maker checked it
	}
	h := sha256.Sum256(text)
	return hex.EncodeToString(h[:])
}

// subject is where workers look for it.
func (j Job) subject() string { return jobsOf(j.Kind, j.Class) }

func (j Job) check() error {
	switch {
	case !kindName.MatchString(j.Kind):
		return fmt.Errorf("%w: its kind is %.40q", ErrMessage, j.Kind)
	case !className.MatchString(j.Class):
		return fmt.Errorf("%w: its class of machines is %.140q", ErrMessage, j.Class)
	case !IsSHA256(j.Protocol):
		return fmt.Errorf("%w: its protocol is %.70q, expected a SHA-256", ErrMessage, j.Protocol)
	case len(j.Of) == 0:
		return fmt.Errorf("%w: it asks for nothing", ErrMessage)
	case j.Again < 0 || j.Again > 1:
		return fmt.Errorf("%w: it is repetition %d, expected 0 or 1", ErrMessage, j.Again)
	case j.Except != "" && !className.MatchString(j.Except):
		return fmt.Errorf("%w: it names worker %.140q", ErrMessage, j.Except)
	}
	return nil
}

func parseJob(text []byte) (j Job, err error) {
	if err := parse(text, &j); err != nil {
		return j, err
	}
	return j, j.check()
}

// Result is what was measured.
type Result struct {
	Job     string          `json:"job"`    // its ID
	Worker  string          `json:"worker"` // who measured it
	Device  string          `json:"device"` // on what
	At      time.Time       `json:"at"`
	Seconds float64         `json:"seconds"`         // that it took
	Value   json.RawMessage `json:"value,omitempty"` // nil after an error
	Error   string          `json:"error,omitempty"`
}

func (r Result) check() error {
	switch {
	case !IsSHA256(r.Job):
		return fmt.Errorf("%w: a result is of job %.70q, expected a SHA-256", ErrMessage, r.Job)
	case !className.MatchString(r.Worker):
		return fmt.Errorf("%w: a result is of worker %.140q", ErrMessage, r.Worker)
	case len(r.Device) > maxName:
		return fmt.Errorf("%w: the name %.40q of a device has %d bytes, expected %d at most",
			ErrMessage, r.Device, len(r.Device), maxName)
	case !(r.Seconds >= 0 && r.Seconds <= keep.Seconds()):
		return fmt.Errorf("%w: a result took %g s, expected 0 to %g", ErrMessage, r.Seconds,
			keep.Seconds())
	case r.At.UTC().Year() < 1 || r.At.UTC().Year() > 9999:
		return fmt.Errorf("%w: a result is of year %d, expected 1 to 9999", ErrMessage,
			r.At.UTC().Year())
	case len(r.Error) > maxText:
		return fmt.Errorf("%w: an error has %d bytes", ErrMessage, len(r.Error))
	case (r.Error == "") != (len(r.Value) > 0):
		return fmt.Errorf("%w: a result has both a value and an error, or none", ErrMessage)
	}
	return nil
}

func parseResult(text []byte) (r Result, err error) {
	if err := parse(text, &r); err != nil {
		return r, err
	}
	return r, r.check()
}

// Live is a worker that was heard of.
type Live struct {
	Worker  string    `json:"worker"`
	Kind    string    `json:"kind"`    // of jobs that it does
	Classes []string  `json:"classes"` // of machines that it is of
	Device  string    `json:"device"`  // what it is, by its ID
	About   string    `json:"about"`   // the same, in words
	Since   time.Time `json:"since"`
	Busy    int       `json:"busy"` // jobs in hand
	Done    int       `json:"done"`
	// Later is why it handed its last job back, if it did: a device that is in use, say.
	Later string `json:"later,omitempty"`
}

// IsSHA256 says whether a text is a SHA-256, as files and jobs are named by it.
func IsSHA256(text string) bool { return sum.MatchString(text) }

// Does says whether the worker does the jobs of a kind and class.
func (l Live) Does(kind, class string) bool {
	return l.Kind == kind && slices.Contains(l.Classes, class)
}

// Limits of what a worker says of itself.
const (
	maxClasses = 16
	maxName    = 200 // bytes of a device's name
)

func parseLive(text []byte) (l Live, err error) {
	if err := parse(text, &l); err != nil {
		return l, err
	}
	if !className.MatchString(l.Worker) || !kindName.MatchString(l.Kind) ||
		len(l.Classes) < 1 || len(l.Classes) > maxClasses || len(l.Device) > maxName ||
		len(l.About) > maxName || len(l.Later) > maxText || l.Busy < 0 || l.Done < 0 {
		return l, fmt.Errorf("%w: it says who works as %.200q", ErrMessage, text)
	}
	for _, class := range l.Classes {
		if !className.MatchString(class) {
			return l, fmt.Errorf("%w: it says who works as one of class %.140q", ErrMessage, class)
		}
	}
	return l, nil
}

// parse reads a message that is one object and nothing else.
func parse(text []byte, into any) error {
	if len(text) > maxMessage {
		return fmt.Errorf("%w: it has %d bytes, expected %d at most", ErrMessage, len(text),
			maxMessage)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("%w: %w", ErrMessage, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: something follows its end", ErrMessage)
	}
	return nil
}

// shorten keeps the beginning of an error's text.
func shorten(text string) string {
	if len(text) <= maxText {
		return text
	}
	return string(bytes.ToValidUTF8([]byte(text[:maxText-3]), nil)) + "..."
}
