package main

import (
	"context"
	"fmt"
	"io"

	"github.com/tailor-nas/tailor/internal/doctor"
	"github.com/tailor-nas/tailor/profiles/device"
)

type doctorCmd struct {
	Data string `help:"Images to open as well." type:"path"`
}

// doctorResult is the JSON of doctor.
type doctorResult struct {
	Program string `json:"program"`
	*doctor.Report
}

// Run looks at this machine.
func (c *doctorCmd) Run(ctx context.Context, g *Globals) error {
	r, err := doctor.Examine(ctx, doctor.Job{Folder: ".", Data: c.Data})
	if err != nil {
		return err
	}
	err = g.result(doctorResult{version(), r}, func(w io.Writer) {
		fmt.Fprintln(w, version())
		printMachine(w, r.Device)
		t := table{}
		for _, check := range r.Checks {
			took := ""
			if check.LatencyMS > 0 {
				took = latency(check.LatencyMS)
			}
			t.row(check.Name, check.State, took)
		}
		fmt.Fprintln(w)
		t.print(w)
		for _, check := range r.Checks {
			for _, text := range []string{check.Found, check.Problem} {
				if text != "" {
					fmt.Fprintf(w, "%s: %s\n", check.Name, inOneLine(text))
				}
			}
		}
	})
	if err != nil {
		return err
	}
	return r.Err()
}

// printMachine says what a latency depends on.
func printMachine(w io.Writer, d device.Device) {
	fmt.Fprintf(w, "%s, %s/%s, %d processors of which %d may be used", d.CPU.Brand, d.OS, d.Arch,
		d.CPU.LogicalCores, d.CPU.UsableCores)
	if d.MemoryBytes > 0 {
		fmt.Fprintf(w, ", %.1f GB of memory", float64(d.MemoryBytes)/1e9)
	}
	fmt.Fprintln(w)
	fmt.Fprintln(w, "instructions:", d.CPU.ISA)
	if d.Emulated {
		fmt.Fprintln(w, "the processor is emulated: times taken here are of no use")
	}
}
