package protocol

// Version is of the protocol. Both sides must have the same.
const Version = 1

// What a request can ask for.
const (
	Hello  = "hello"  // what the agent is, and which runtimes it finds
	Load   = "load"   // make a session of a model, whose file follows
	Input  = "input"  // set a session's input, which follows as float32
	Run    = "run"    // run a session once
	Output = "output" // give what the latest run computed
	Time   = "time"   // run a session many times, and say how long that took
	Close  = "close"  // end a session
	Bye    = "bye"    // end the agent
)

// Request is a line from tailor. Fields that an operation has no use for are absent.
type Request struct {
	ID int64  `json:"id"` // of this request; the answer repeats it
	Op string `json:"op"`
	// DeadlineMS is how long the answer may take; then the agent ends itself. 0 is for ever.
	DeadlineMS int64 `json:"deadline_ms,omitempty"`

	Version   int               `json:"version,omitempty"`   // of hello
	Runtimes  []string          `json:"runtimes,omitempty"`  // of hello: look for these alone
	Libraries map[string]string `json:"libraries,omitempty"` // of hello: their files, by runtime

	Model   *Model `json:"model,omitempty"`   // of load
	Session int64  `json:"session,omitempty"` // of all that follows load
	Runs    int    `json:"runs,omitempty"`    // of time

	Bytes int64 `json:"bytes,omitempty"` // that follow the line
}

// Model says what to load and how.
type Model struct {
	Runtime string `json:"runtime"`
	SHA256  string `json:"sha256"` // of the bytes that follow
	Threads int    `json:"threads"`
	Input   []int  `json:"input"`  // shape
	Output  []int  `json:"output"` // shape
}

// Answer is a line from the agent.
type Answer struct {
	ID      int64  `json:"id"`
	Error   *Error `json:"error,omitempty"`
	Agent   *Agent `json:"agent,omitempty"`   // to hello
	Session int64  `json:"session,omitempty"` // to load
	TookNS  int64  `json:"took_ns,omitempty"` // to time: all runs together
	Bytes   int64  `json:"bytes,omitempty"`   // that follow the line
}

// Agent says what answers, and where it runs.
type Agent struct {
	Version  int       `json:"version"` // of the protocol
	Program  string    `json:"program"` // which build of tailor-agent
	OS       string    `json:"os"`
	Arch     string    `json:"arch"`
	ISA      []string  `json:"isa,omitempty"`
	Runtimes []Runtime `json:"runtimes"`
}

// Runtime is one that the agent knows. It was found if there is a version; else Missing says where
// it was looked for and how to install it.
type Runtime struct {
	Name    string            `json:"name"`
	Format  string            `json:"format"` // of models: "onnx", "tflite"
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
)

// Error is an answer that says why there is no other.
type Error struct {
	Kind string `json:"kind"`
	Text string `json:"text"`
}

func (e *Error) Error() string { return e.Text }
