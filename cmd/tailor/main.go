package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"reflect"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/tailor-nas/tailor/internal/bug"
	"github.com/tailor-nas/tailor/internal/genesearch"
	"github.com/tailor-nas/tailor/internal/suggest"
	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/trainer"
)

// Exit statuses.
const (
	exitDone = iota
	exitFailed
	exitUsage
	exitInfeasible
)

// cli is the command line, a field a subcommand.
type cli struct {
	Globals
	Version kong.VersionFlag `help:"Print which tailor this is."`

	Quickstart quickstartCmd `cmd:"" help:"The whole walk, small, on built-in data: train, profile, fit, search, prune, manifests."`
	Doctor     doctorCmd     `cmd:"" help:"Say what this machine has for tailor, and try each for a second: its processor, runtimes, disk."`
	Spaces     spacesCmd     `cmd:"" help:"List search spaces, or show one: genes, count, range of MACs and parameters."`
	Train      trainCmd      `cmd:"" help:"Train a supernet."`
	Eval       evalCmd       `cmd:"" help:"Measure the top-1 accuracy of sub-networks of a run, or measure the network of a manifest again."`
	Profile    profileCmd    `cmd:"" help:"Measure this device: what it is, and how long blocks and networks take on it."`
	Devices    devicesCmd    `cmd:"" help:"List known profiles, and the workers of a queue with what they lend; compare two profiles."`
	Fit        fitCmd        `cmd:"" help:"Learn to predict accuracy or latency from measurements."`
	Predict    predictCmd    `cmd:"" help:"Predict accuracy and latency of sub-networks."`
	Import     importCmd     `cmd:"" help:"Take over predictors that others published."`
	Adopt      adoptCmd      `cmd:"" help:"Make a run of somebody's trained network: the largest of a new space."`
	Search     searchCmd     `cmd:"" help:"Find the best sub-network within limits and write its manifest."`
	Prune      pruneCmd      `cmd:"" help:"Remove weights or channels of a network, train what is left, and write its manifest."`
	Finetune   finetuneCmd   `cmd:"" help:"Train the network of a winner further, on its own images or on others with other classes."`
	Export     exportCmd     `cmd:"" help:"Write the network of a manifest as a file that other programs run: ONNX, TensorFlow Lite."`
	Run        runCmd        `cmd:"" help:"Classify images with the network of a winner."`
	Verify     verifyCmd     `cmd:"" help:"Check all that a winner claims: hashes, exported files, accuracy, latency."`
	Report     reportCmd     `cmd:"" help:"Write a page of what folders hold: accuracy against latency, winners block by block, training, predictors, devices."`
	Serve      serveCmd      `cmd:"" help:"Run a queue of measurements, which other machines work for."`
	Work       workCmd       `cmd:"" help:"Lend this machine to a queue, to measure the accuracy of networks for others, or a device, to be profiled."`
	Help       helpCmd       `cmd:"" help:"Print the help of a command."`
	Completion completionCmd `cmd:"" help:"Print the script that completes tailor's command lines in a shell."`
	Man        manCmd        `cmd:"" help:"Print the manual page: tailor man > tailor.1"`
}

func main() {
	// So that writing to a closed pipe is an error like any other, rather than the end.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	ctx := untilSignal(os.Stderr, os.Exit)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program without its process: it returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c cli
	results := &resultWriter{w: stdout}
	err := bug.Catch(func() error { return c.run(ctx, args, results, stderr) })
	c.Globals.clearProgress()
	return finish(err, results.err, stderr)
}

// finish says in one line what went wrong, if anything did, and gives the exit status. unwritten is
// why results are not where they should be.
func finish(err, unwritten error, stderr io.Writer) int {
	var fault *bug.Error
	switch {
	case unwritten != nil:
		fmt.Fprintln(stderr, "tailor: results could not be written:", inOneLine(unwritten.Error()))
		return exitFailed
	case err == nil:
		return exitDone
	case errors.As(err, &fault):
		fmt.Fprintf(stderr, "tailor: this is a fault of tailor, please report it with the command line at %s: %v\n", issues, fault)
		return exitFailed
	}
	listProblems(stderr, err)
	fmt.Fprintln(stderr, "tailor:", inOneLine(err.Error()))
	return status(err)
}

// issues is where faults are reported.
const issues = "https://github.com/tailor-nas/tailor/issues"

func (c *cli) run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	exited := false
	parser, err := newParser(c, stdout, stderr, func(int) { exited = true })
	if err != nil {
		return err
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	if args[0] == completeArg {
		complete(stdout, parser.Model.Node, args[1:])
		return nil
	}
	args = joinNegatives(args)
	if err := checkArgs(args); err != nil {
		return err
	}
	parsed, err := parser.Parse(helpArgs(args))
	if exited {
		return nil
	}
	if err != nil {
		return usagef("%s; see %s", parseError(err), helpOf(err))
	}
	c.Globals.start(stdout, stderr)
	c.Globals.saving = savingOf(ctx)
	parsed.BindTo(ctx, (*context.Context)(nil))
	if err := checkRanges(parsed); err != nil {
		return err
	}
	if err := checkCompany(parsed); err != nil {
		return err
	}
	if err := checkOutputs(parsed); err != nil {
		return err
	}
	c.Globals.noteMarks(parsed.Selected())
	return skipAdvice(parsed.Selected(), interrupted(ctx, parsed.Run(&c.Globals)))
}

// newParser makes the parser of command lines; exit is called after help, or the version, was
// printed.
func newParser(c *cli, stdout, stderr io.Writer, exit func(int)) (*kong.Kong, error) {
	parser, err := kong.New(c,
		kong.Name("tailor"),
		kong.Description("One network, cut to fit every device: train a supernet once, then search the best sub-network for each device."),
		kong.Writers(stdout, stderr),
		kong.Exit(exit),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		kong.UsageOnError(),
		kong.KindMapper(reflect.Int, kong.MapperFunc(numberMapper)),
		kong.KindMapper(reflect.Uint64, kong.MapperFunc(numberMapper)),
		kong.NamedMapper("path", kong.MapperFunc(pathMapper)),
		kong.NamedMapper("source", kong.MapperFunc(sourceMapper)),
		kong.Help(printHelp),
		kong.Vars{"version": version()},
		kong.PostBuild(nameDefaults),
	)
	if err != nil {
		return nil, err
	}
	namePlaceholders(parser.Model.Node)
	return parser, nil
}

// status is the exit status that an error stands for.
func status(err error) int {
	var usage usageError
	var unknown *suggest.UnknownError
	switch {
	case errors.Is(err, optimize.ErrInfeasible), errors.Is(err, errMissed):
		return exitInfeasible
	case errors.As(err, &usage), errors.As(err, &unknown), errors.Is(err, trainer.ErrConfig),
		errors.Is(err, genesearch.ErrCommand):
		return exitUsage
	}
	return exitFailed
}

// usageError is a wrong use that the parser cannot see.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }
