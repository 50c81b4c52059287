package page

import "math"

// View is what a page shows. What is empty has no section.
type View struct {
	Title string
	// Doing says what is under way, of a page that is written again and again meanwhile: it then
	// loads itself anew every few seconds. Empty when all is done.
	Doing      string
	Notes      []string // what was left out, and why
	Tradeoffs  []Tradeoff
	Times      []TimeChart
	Trainings  []Training
	Predictors []Predictor
	Devices    []Device
	Changes    []Change
	Commands   []Command
	Sources    []Source
}

// Cost is what accuracy is traded against.
type Cost string

// The costs.
const (
	Latency Cost = "latency" // milliseconds
	MACs    Cost = "macs"
	Params  Cost = "params"
)

// Tradeoff is accuracy against a cost, of networks whose accuracy is of the same images.
type Tradeoff struct {
	Title  string
	About  string
	Cost   Cost
	Series []Series
}

// Series is what is known of one supernet on one device: it has one colour.
type Series struct {
	Name    string
	Front   []XY // cost and top-1 rise: the best that is known at each cost
	FrontOf string
	Budgets []float64
	// Networks are drawn in this order; winners stand out.
	Networks []Network
	Timed    bool // blocks have times
}

// XY is a point.
type XY struct{ X, Y float64 }

// Kind says what is known of a network.
type Kind int

// The kinds, by how much they stand out.
const (
	Predicted Kind = iota // nobody has run it
	Timed                 // its latency was measured
	Tested                // its accuracy was measured
	Winner                // a search chose it
	Changed               // a winner that was pruned or trained further
)

// Network is a sub-network with what is known of it.
type Network struct {
	Name      string // of a winner
	Kind      Kind
	Predicted Figures
	Measured  Figures
	MACs      int64
	Params    int64
	Blocks    []Block
	Facts     []Fact // more of a winner
	Files     []File
	Over      bool // measured to be over a budget
	Budget    float64
	// From is the index in the series of the network that a changed one was made of, -1 for none.
	From int
}

// Figures are what a network reaches; what is not known is NaN.
type Figures struct{ Cost, Top1 Range }

// Range is a value with its interval, whose ends are the value where none is known.
type Range struct{ Value, Low, High float64 }

// Unknown is a range that nobody knows.
func Unknown() Range { return Range{math.NaN(), math.NaN(), math.NaN()} }

// Exactly is a value without an interval.
func Exactly(v float64) Range { return Range{v, v, v} }

// Known says whether there is a value.
func (r Range) Known() bool { return !math.IsNaN(r.Value) && !math.IsInf(r.Value, 0) }

// wide says whether there is an interval.
func (r Range) wide() bool { return r.Known() && r.High > r.Low }

// Block is a block of a network: what it does, and what that costs.
type Block struct {
	Name    string
	Kind    string
	Side    int // of what it takes, pixels
	In, Mid int // channels
	Out     int
	Kernel  int
	Stride  int
	Expand  float64
	Zeros   int // percent of the weights
	MACs    int64
	MS      float64 // 0: not known
}

// TimeChart is where the time of networks goes, all on one scale.
type TimeChart struct {
	Title string
	Rows  []TimeRow
}

// TimeRow is the time of one network on one device. Rest is what no block accounts for.
type TimeRow struct {
	Network, Device string
	Blocks          []Block
	RestMS          float64
}

// Fact is a line of a list of facts.
type Fact struct{ Name, Value string }

// File is a file that belongs to a network. Href leads there from the page; empty where nothing
// does.
type File struct {
	Name string
	Href string `text:"whole"`
}

// Training is how a run went.
type Training struct {
	Title  string
	About  string
	Facts  []Fact
	Panels []Panel
}

// Panel is a chart of lines and dots.
type Panel struct {
	Title string
	About string
	X, Y  string // of the axes
	LogX  bool
	EndX  float64 // the axis reaches this far at least
	Lines []Line
	Dots  []Dots
	Marks []Mark
	Bands []Band
	// Diagonal draws where X is Y.
	Diagonal bool
	Table    Table // the same as figures
}

// Line is a line of a panel.
type Line struct {
	Name   string
	Points []XY
}

// Dots are points of a panel.
type Dots struct {
	Name   string
	Points []XY
	Strong bool // drawn larger
}

// Mark is a place on the X axis.
type Mark struct {
	At   float64
	Name string
}

// Band is a stretch of the X axis.
type Band struct {
	From, To float64
	Name     string
}

// Table is rows of cells, numbers in all columns but the first where Numbers says so.
type Table struct {
	Head    []string
	Rows    [][]string
	Numbers bool
	Note    string
}

// Predictor is how good a predictor is.
type Predictor struct {
	Title   string
	About   string
	Facts   []Fact
	Panels  []Panel
	Weakest Table
}

// Device is what a profile was measured on, and how quiet that was.
type Device struct {
	Title   string
	Verdict string
	Quiet   bool
	Facts   []Fact
	Session []Fact
}

// Change is what pruning or further training made of a network.
type Change struct {
	Title   string
	About   string
	Figures Table
	Blocks  []BlockChange
}

// BlockChange is a block before and after.
type BlockChange struct {
	Name          string
	Before, After int // channels in the middle
	Zeros         int // percent
}

// Command is a command line that asks for the same again, for a shell.
type Command struct {
	What string
	Line string `text:"whole"`
}

// Source is a file that the page was made from.
type Source struct {
	Kind, Path, SHA256 string
	Href               string `text:"whole"`
	Inputs             []Input
	Seed               string
}

// Input is what a file was made from.
type Input struct{ Role, Path, SHA256 string }
