package protocol

import "github.com/tailor-nas/tailor/profiles/device"

// Version is of the protocol. Both sides must have the same.
const Version = 2

// What a request can ask for.
const (
	Hello   = "hello"   // what the agent is, and what device it runs on
	Lock    = "lock"    // make this connection the only one that measures on the device
	Put     = "put"     // keep a file that follows, until the agent ends
	Look    = "look"    // look for runtimes and open their libraries
	Load    = "load"    // make a session of a model, whose file follows
	Input   = "input"   // set a session's input, which follows as float32
	Run     = "run"     // run a session once
	Output  = "output"  // give what the latest run computed
	Sample  = "sample"  // time runs of sessions, one after the other
	Observe = "observe" // read the counters of the system
	Close   = "close"   // end a session
	Bye     = "bye"     // end the agent
)

// Request is a line from tailor. Fields that an operation has no use for are absent.
type Request struct {
	ID int64  `json:"id"` // of this request; the answer repeats it
	Op string `json:"op"`
	// DeadlineMS is how long the answer may take; then the agent ends itself. 0 is for ever.
	DeadlineMS int64 `json:"deadline_ms,omitempty"`

	Version int `json:"version,omitempty"` // of hello
	// IdleMS, of hello, is how long the agent waits for a next request; then it ends itself. 0 is
	// for ever.
	IdleMS int64 `json:"idle_ms,omitempty"`

	Owner *Owner `json:"owner,omitempty"` // of lock
	File  *File  `json:"file,omitempty"`  // of put

	Runtimes  []string          `json:"runtimes,omitempty"`  // of look: for these alone
	Libraries map[string]string `json:"libraries,omitempty"` // of look: their files, by runtime

	Model   *Model `json:"model,omitempty"`   // of load
	Session int64  `json:"session,omitempty"` // of input, run, output and close
	Plan    []Runs `json:"plan,omitempty"`    // of sample

	Bytes int64 `json:"bytes,omitempty"` // that follow the line
}

// Owner says for whom a device is locked.
type Owner struct {
	Name string `json:"name"` // for people
	// Token is of one run of tailor: an agent of it that lost its connection gives way.
	Token string `json:"token"`
}

// File is what is put on the device.
type File struct {
	Name   string `json:"name"`   // without folders
	SHA256 string `json:"sha256"` // of the bytes that follow
}

// Model says what to load and how.
type Model struct {
	Runtime string `json:"runtime"`
	SHA256  string `json:"sha256"` // of the bytes that follow
	Threads int    `json:"threads"`
	Input   []int  `json:"input"`  // shape
	Output  []int  `json:"output"` // shape
}

// Runs is a sample to take: so many runs of a session, one right after the other, timed together.
type Runs struct {
	Session int64 `json:"session"`
	Runs    int   `json:"runs"`
	Settle  bool  `json:"settle,omitempty"` // run it once before, untimed
}

// Answer is a line from the agent.
type Answer struct {
	ID       int64               `json:"id"`
	Error    *Error              `json:"error,omitempty"`
	Agent    *Agent              `json:"agent,omitempty"`       // to hello
	Path     string              `json:"path,omitempty"`        // to put
	Runtimes []Runtime           `json:"runtimes,omitempty"`    // to look
	Session  int64               `json:"session,omitempty"`     // to load
	TookNS   []int64             `json:"took_ns,omitempty"`     // to sample
	Observed *device.Observation `json:"observation,omitempty"` // to observe
	Bytes    int64               `json:"bytes,omitempty"`       // that follow the line
}

// Agent says what answers, and where it runs.
type Agent struct {
	Version int           `json:"version"` // of the protocol
	Program string        `json:"program"` // which build of tailor-agent
	Device  device.Device `json:"device"`
}

// Runtime is one that the agent knows. It was found if there is a version; else Missing says where
// it was looked for and how to install it.
type Runtime struct {
	Name    string            `json:"name"`
	Format  string            `json:"format"` // of models: "onnx", "tflite", "tailor"
	Version string            `json:"version,omitempty"`
	Library string            `json:"library,omitempty"` // path
	Options map[string]string `json:"options,omitempty"` // settings that times depend on
	Missing string            `json:"missing,omitempty"`
}

// Found says whether the runtime can be used.
func (r Runtime) Found() bool { return r.Version != "" }

// Kinds of errors in answers.
const (
	Failed  = "failed"  // the runtime, or its library, could not do it
	Refused = "refused" // the request breaks the rules
	Closed  = "closed"  // there is no such session
	BadData = "input"   // not an input of the model
	Order   = "order"   // a run without input, an output without run
	Busy    = "busy"    // another connection has the lock
)

// Error is an answer that says why there is no other.
type Error struct {
	Kind string `json:"kind"`
	Text string `json:"text"`
}

func (e *Error) Error() string { return e.Text }
