package trainer

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/safetensors"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
)

// settled is a configuration with the phases that a space has.
func settled(t *testing.T, space string, change func(*Config)) Config {
	t.Helper()
	s, err := supernet.LoadSpace(space)
	if err != nil {
		t.Fatal(err)
	}
	c := changed(t, change)
	if err := c.settlePhases(s, false); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestPhasesOfPapers: in as many epochs as the papers have, the phases are theirs: epochs, epochs
// of rising rate, rates for 2.6 at the start, networks a step, and choices.
func TestPhasesOfPapers(t *testing.T) {
	type row struct {
		epochs, rise, rate        float64
		networks, depths, expands int
	}
	for s, want := range map[Strategy][]row{
		Progressive: {{180, 5, 2.6, 0, 0, 0}, {125, 5, 0.96, 1, 1, 1}, {25, 0, 0.08, 2, 2, 1},
			{125, 5, 0.24, 2, 0, 1}, {25, 0, 0.08, 4, 0, 2}, {125, 5, 0.24, 4, 0, 0}},
		CompOFA: {{180, 5, 2.6, 0, 0, 0}, {25, 0, 0.08, 4, 2, 2}, {125, 5, 0.24, 4, 0, 0}},
	} {
		c := settled(t, "ofa-mbv3", func(c *Config) {
			c.Strategy, c.LR, c.LRWarmupEpochs = s, 2.6, 5
			c.Epochs = map[Strategy]int{Progressive: 605, CompOFA: 330}[s]
		})
		if len(c.Phases) != len(want) {
			t.Fatalf("%s: phases %+v", s, c.Phases)
		}
		for i, p := range c.Phases {
			got := row{math.Round(p.Epochs*1e9) / 1e9, math.Round(p.LRWarmupEpochs*1e9) / 1e9,
				math.Round(p.LR*c.LR*1e9) / 1e9, p.Networks, p.Depths, p.Expands}
			if got != want[i] || (p.Teacher == 1) != (i > 0) {
				t.Errorf("%s: phase %d is %+v with teacher %g, want %+v", s, i, got, p.Teacher,
					want[i])
			}
		}
	}
}

// TestPhasesOfSpace: what gives a space no further choice is left out.
func TestPhasesOfSpace(t *testing.T) {
	for space, want := range map[string]string{
		"ofa-mbv3":   "largest alone, kernel, depth 1, depth 2, expand 1, expand 2",
		"mbv3-cifar": "largest alone, depth 1, depth 2, expand 1, expand 2",
		"mbv3-tiny":  "largest alone, kernel, depth 2, expand 1, expand 2",
		"compofa":    "largest alone, depth 1, expand 2",
	} {
		c := settled(t, space, func(c *Config) { c.Strategy = Progressive })
		var names []string
		epochs := 0.0
		for _, p := range c.Phases {
			names, epochs = append(names, p.Name), epochs+p.Epochs
		}
		if got := strings.Join(names, ", "); got != want || math.Abs(epochs-20) > 1e-9 {
			t.Errorf("%s: phases %s of %g epochs, want %s of 20", space, got, epochs, want)
		}
	}
}

// TestPhasedRates: each phase has a cosine of its own from its rate to 0, which it may rise to.
func TestPhasedRates(t *testing.T) {
	c := changed(t, func(c *Config) {
		c.Strategy, c.Epochs, c.LR = Progressive, 6, 0.5
		c.Phases = []PhaseSettings{{Name: "a", Epochs: 2, LR: 1},
			{Name: "b", Epochs: 4, LR: 0.2, LRWarmupEpochs: 1, Networks: 2, Teacher: 1}}
	})
	s := newSchedule(c, 10)
	for step, want := range map[int]float64{0: 0.5, 10: 0.25, 20: 0.1 / 10, 40: 0.05,
		59: 0.05 * (1 + math.Cos(math.Pi*39/40))} {
		if got := s.rate(step); math.Abs(got-want) > 1e-15 {
			t.Errorf("rate at step %d is %g, want %g", step, got, want)
		}
	}
	if s.shrinkFrom != 20 || s.phaseAt(19).name != "a" || s.phaseAt(20).name != "b" {
		t.Errorf("schedule %+v", s)
	}
}

func TestPhasesRefused(t *testing.T) {
	alone, some := PhaseSettings{Epochs: 1, LR: 1}, PhaseSettings{Epochs: 1, LR: 1, Networks: 2}
	for want, change := range map[string]func(*Config){
		"phases are of strategies": func(c *Config) { c.Phases = []PhaseSettings{alone} },
		"phase 2: lr is 0": func(c *Config) {
			c.Strategy, c.Phases = CompOFA, []PhaseSettings{alone, {Epochs: 1}}
		},
		"but the largest network alone": func(c *Config) {
			c.Strategy, c.Phases = CompOFA, []PhaseSettings{{Epochs: 1, LR: 1, Teacher: 1}}
		},
		"0 phases of 0 epochs": func(c *Config) {
			c.Strategy, c.Phases = CompOFA, []PhaseSettings{}
		},
		"nothing was trained for": func(c *Config) {
			c.Strategy, c.Phases = CompOFA, []PhaseSettings{some}
		},
		`distill is "in-place", expected one of [teacher none] with strategy progressive`: func(
			c *Config) {
			c.Strategy, c.Distill = Progressive, InPlace
		},
		"phase 1: LR warm-up epochs is 3, expected 0 to 1": func(c *Config) {
			c.Strategy, c.LRWarmupEpochs = Progressive, 3
		},
		`distill is "teacher"`:    func(c *Config) { c.Distill = Teacher },
		`sampling is "some"`:      func(c *Config) { c.Sampling = "some" },
		`aggregation is "x"`:      func(c *Config) { c.Aggregation = "x" },
		`resolution is "x"`:       func(c *Config) { c.Resolution = "x" },
		"random multiplier is -1": func(c *Config) { c.Multipliers.Random = -1 },
	} {
		j := microJob(t, filepath.Join(t.TempDir(), "run"))
		change(&j.Config)
		_, err := Train(t.Context(), j)
		if !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want ErrConfig with %q", err, want)
		}
		if _, err := os.Stat(filepath.Join(j.Dir, runFile)); err == nil {
			t.Errorf("%s: a run was begun", want)
		}
	}
}

// TestPhasesResume interrupts a run with a frozen teacher at steps of every phase, before, at and
// after those where one begins, and goes on each time from the checkpoint.
func TestPhasesResume(t *testing.T) {
	for s, begin := range map[Strategy][]int{Progressive: {13, 22, 31}, CompOFA: {24}} {
		j := microJob(t, t.TempDir())
		j.Config.Strategy = s
		want := train(t, j)
		var from []int
		for _, p := range want.Info.schedule(10).phases()[1:] {
			from = append(from, p.from)
		}
		if !slices.Equal(from, begin) {
			t.Errorf("%s: phases begin at %v, want %v", s, from, begin)
		}
		j.Dir = t.TempDir()
		for at := 3; at < 40; at += 1 + at%3 {
			j.Resume = at != 3
			interruptAt(t, j, at)
		}
		if got := train(t, j); got.State.WeightsSHA256 != want.State.WeightsSHA256 {
			t.Errorf("%s: interrupted and resumed: weights %.12s, uninterrupted %.12s", s,
				got.State.WeightsSHA256, want.State.WeightsSHA256)
		}
	}
}

func interruptAt(t *testing.T, j Job, step int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	j.Progress = func(p Progress) {
		if p.Step == step {
			cancel()
		}
	}
	if _, err := Train(ctx, j); !errors.Is(err, ErrInterrupted) {
		t.Fatalf("%s: interrupted at step %d: error is %v", j.Config.Strategy, step, err)
	}
}

// TestLostTeacher: a run cannot go on with another teacher than its own, and says so; it can still
// be read. Nor can it go on for more epochs.
func TestLostTeacher(t *testing.T) {
	j := microJob(t, t.TempDir())
	j.Config.Strategy = CompOFA
	interruptAt(t, j, 30)
	j.Resume = true
	path := filepath.Join(j.Dir, teacherFile)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)-1] ^= 1
	for what, damage := range map[string]func() error{
		"is not the file": func() error { return os.WriteFile(path, text, 0o644) },
		"does not exist":  func() error { return os.Remove(path) },
	} {
		if err := damage(); err != nil {
			t.Fatal(err)
		}
		_, err := Train(t.Context(), j)
		if err == nil || !strings.Contains(err.Error(), "the teacher is lost") ||
			!strings.Contains(err.Error(), what) {
			t.Errorf("error %v, want one with %q", err, what)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := OpenRun(j.Dir); err != nil {
		t.Error(err)
	}
	j.Config.Epochs = 5
	if _, err := Train(t.Context(), j); !errors.Is(err, ErrConfig) ||
		!strings.Contains(err.Error(), "--init") {
		t.Errorf("more epochs: error %v, want ErrConfig", err)
	}
}

// TestOwnTeacher: without distillation there is no frozen teacher, with it the weights are others.
func TestOwnTeacher(t *testing.T) {
	j := microJob(t, t.TempDir())
	j.Config.Strategy = Progressive
	with := train(t, j).State
	j.Dir, j.Config.Distill = t.TempDir(), NoDistill
	without := train(t, j).State
	if with.TeacherSHA256 == "" || without.TeacherSHA256 != "" ||
		with.WeightsSHA256 == without.WeightsSHA256 {
		t.Errorf("with a teacher %.12s the weights are %.12s, without %.12s they are %.12s",
			with.TeacherSHA256, with.WeightsSHA256, without.TeacherSHA256, without.WeightsSHA256)
	}
	if _, err := os.Stat(filepath.Join(j.Dir, teacherFile)); err == nil {
		t.Error("a teacher was written that nobody asks")
	}
}

// TestChangePhase: where a phase adds widths, the networks of the phase before compute what they
// did, and the momentum is gone.
func TestChangePhase(t *testing.T) {
	c := settled(t, "mbv3-tiny", func(c *Config) { c.Strategy = Progressive })
	space, err := supernet.LoadSpace("mbv3-tiny")
	if err != nil {
		t.Fatal(err)
	}
	net := supernet.New(space, 1)
	tr := &training{net: net, lessons: curriculum{c, space, newSchedule(c, 10)}}
	var phases []PhaseSettings
	for _, p := range c.Phases {
		if strings.HasPrefix(p.Name, "expand") {
			phases = append(phases, p)
		}
	}
	first := func() (all []float32) {
		for _, p := range weights.Params(net) {
			if p.Name == "stages.1.0.project.weight" {
				all = slices.Clone(p.Data)
			}
		}
		return all
	}
	for _, p := range weights.Params(net) {
		for i := range p.Momentum {
			p.Momentum[i] = 1
		}
	}
	drawn := first()
	tr.changePhase(c.Phases[2], phases[0])
	once := first()
	tr.changePhase(phases[0], phases[1])
	twice := first()
	tr.changePhase(phases[1], phases[1])
	if slices.Equal(drawn, once) || !slices.Equal(once, twice) || !slices.Equal(twice, first()) {
		t.Error("the first change of widths must sort, and those after it find all in order")
	}
	for _, p := range weights.Params(net) {
		if slices.Max(p.Momentum) > 0 {
			t.Fatalf("the momentum of %s is left", p.Name)
		}
	}
}

// TestPhasesOfTrained: a network that is trained needs no phase for it, and is the teacher.
func TestPhasesOfTrained(t *testing.T) {
	j := microJob(t, t.TempDir())
	j.Config.Strategy, j.Config.Epochs = Full, 1
	source := train(t, j)
	j = microJob(t, t.TempDir())
	j.From = &Origin{Path: source.Dir, Open: func() (*Trained, error) { return source.Trained() }}
	j.Config.Strategy, j.Config.Epochs, j.Config.Init = CompOFA, 1, InitDefaults()
	j.Config.Phases = []PhaseSettings{{Name: "all", Epochs: 1, LR: 0.1, Networks: 2, Teacher: 1}}
	run := train(t, j)
	f, err := safetensors.Read(filepath.Join(run.Dir, teacherFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range source.Net.Tensors() {
		if got, ok := f.Lookup(want.Name); ok && !slices.Equal(got.Data, want.Data) {
			t.Errorf("the teacher has another %s", want.Name)
		}
	}
	j.Dir, j.Config.Init.FreezeEpochs = t.TempDir(), 0.5
	if _, err := Train(t.Context(), j); !errors.Is(err, ErrConfig) {
		t.Errorf("freezing what is to be sorted: error %v, want ErrConfig", err)
	}
}
