package measurements

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var subject = Subject{"top1", "s", "w", "d", "5000 images"}

func measurement(i int) Measurement {
	return Measurement{fmt.Sprintf(`{"r":%d}`, i), float64(i) / 1000, 0.5,
		time.Unix(1700000000, int64(i)).UTC(), "here"}
}

func open(t *testing.T, path string) *Log {
	t.Helper()
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func values(t *testing.T, s *Log, about Subject) map[string]Measurement {
	t.Helper()
	v, err := s.Values(t.Context(), about)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestKeepsWhatWasMeasured(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b?#%.sqlite")
	s := open(t, path)
	for i := range 3 {
		if err := s.Put(t.Context(), subject, measurement(i)); err != nil {
			t.Fatal(err)
		}
	}
	again := measurement(1)
	again.Value = 0.99
	if err := s.Put(t.Context(), subject, again); err != nil {
		t.Fatal(err)
	}
	s.Close()
	got := values(t, open(t, path), subject)
	if len(got) != 3 {
		t.Fatalf("%d measurements, want 3", len(got))
	}
	for i := range 3 {
		if m := measurement(i); got[m.Arch] != m {
			t.Errorf("%+v, want %+v", got[m.Arch], m)
		}
	}
}

// A measurement that could not be read again is not kept: the file would be refused from then on.
func TestRefusesYears(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.sqlite")
	s := open(t, path)
	for _, at := range []string{"9999-12-31T23:59:59-01:00", "0000-01-01T00:00:00+01:00"} {
		m := measurement(1)
		var err error
		if m.At, err = time.Parse(time.RFC3339, at); err != nil {
			t.Fatal(err)
		}
		if err = s.Put(t.Context(), subject, m); err == nil ||
			!strings.Contains(err.Error(), "year") {
			t.Errorf("%s: %v", at, err)
		}
	}
	if got := values(t, s, subject); len(got) > 0 {
		t.Errorf("it keeps %v", got)
	}
}

func TestSubjectsAreApart(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "m.sqlite"))
	if err := s.Put(t.Context(), subject, measurement(1)); err != nil {
		t.Fatal(err)
	}
	for _, change := range []func(*Subject){
		func(s *Subject) { s.Quantity = "x" }, func(s *Subject) { s.Space = "x" },
		func(s *Subject) { s.Weights = "x" },
		func(s *Subject) { s.Data = "x" }, func(s *Subject) { s.Settings = "x" },
	} {
		other := subject
		change(&other)
		if got := values(t, s, other); len(got) != 0 {
			t.Errorf("%+v has %d measurements of another subject", other, len(got))
		}
	}
}

func TestRefuses(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	foreign, err := sql.Open("sqlite", path("foreign"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := foreign.Exec("CREATE TABLE t (x)"); err != nil {
		t.Fatal(err)
	}
	foreign.Close()
	open(t, path("newer")).Close()
	newer, err := sql.Open("sqlite", path("newer"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newer.Exec("PRAGMA user_version = 7"); err != nil {
		t.Fatal(err)
	}
	newer.Close()
	if err := os.WriteFile(path("text"), []byte(strings.Repeat("no database at all\n", 100)),
		0o644); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"foreign": "another program", "newer": "version 7", "text": "move it away",
		".": "not a regular file",
	} {
		before, _ := os.ReadFile(path(name))
		_, err := Open(t.Context(), path(name))
		if !errors.Is(err, ErrNotLog) || !strings.Contains(err.Error(), want) ||
			strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want one line with %q", name, err, want)
		}
		if after, _ := os.ReadFile(path(name)); string(after) != string(before) {
			t.Errorf("%s was changed", name)
		}
	}
	if _, err := Open(t.Context(), path("missing/m.sqlite")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing folder: %v", err)
	}
}

// raw runs SQL on a log's file.
func raw(t *testing.T, path string, commands ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, c := range commands {
		if _, err := db.Exec(c); err != nil {
			t.Fatalf("%s: %v", c, err)
		}
	}
}

func TestDetectsEveryChange(t *testing.T) {
	for _, change := range []string{
		"arch = '{\"r\":9}'", "value = 0.5", "value = -value", "seconds = 7",
		"measured_at = '2001-01-01T00:00:00Z'", "measured_at = 'today'", "device = 'there'",
		"checksum = ''",
	} {
		path := filepath.Join(t.TempDir(), "m.sqlite")
		s := open(t, path)
		for i := range 2 {
			if err := s.Put(t.Context(), subject, measurement(i+1)); err != nil {
				t.Fatal(err)
			}
		}
		s.Close()
		raw(t, path, "UPDATE measurements SET "+change+` WHERE arch = '{"r":2}'`)
		_, err := open(t, path).Values(t.Context(), subject)
		if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), path) ||
			strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", change, err)
		}
	}
	// Measurements that are passed off as another subject's.
	path := filepath.Join(t.TempDir(), "m.sqlite")
	s := open(t, path)
	if err := s.Put(t.Context(), subject, measurement(1)); err != nil {
		t.Fatal(err)
	}
	s.Close()
	raw(t, path, "UPDATE subjects SET weights = 'x'")
	other := subject
	other.Weights = "x"
	if _, err := open(t, path).Values(t.Context(), other); !errors.Is(err, ErrDamaged) {
		t.Errorf("another subject: %v", err)
	}
}

// A file of version 1 keeps what it has, and gets checksums.
func TestUpgrades(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.sqlite")
	s := open(t, path)
	for i := range 3 {
		if err := s.Put(t.Context(), subject, measurement(i)); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	raw(t, path, "ALTER TABLE measurements DROP COLUMN checksum", "PRAGMA user_version = 1")
	s = open(t, path)
	if err := s.Put(t.Context(), subject, measurement(3)); err != nil {
		t.Fatal(err)
	}
	s.Close()
	got := values(t, open(t, path), subject)
	for i := range 4 {
		if m := measurement(i); got[m.Arch] != m {
			t.Errorf("%+v, want %+v", got[m.Arch], m)
		}
	}
	raw(t, path, "UPDATE measurements SET value = 0.5")
	if _, err := open(t, path).Values(t.Context(), subject); !errors.Is(err, ErrDamaged) {
		t.Errorf("after a change: %v", err)
	}
}

// Views and triggers are programs, which a file from elsewhere may bring along.
func TestRefusesPrograms(t *testing.T) {
	endless := "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT 1 subject, i||'' arch, 0.5 value, 1.0 seconds, '' measured_at, '' device, '' checksum FROM n"
	for _, program := range [][]string{
		{"DROP TABLE measurements", "CREATE VIEW measurements AS " + endless},
		{"CREATE VIEW more AS " + endless},
		{"CREATE TRIGGER t AFTER INSERT ON subjects BEGIN DELETE FROM measurements; END"},
	} {
		path := filepath.Join(t.TempDir(), "m.sqlite")
		open(t, path).Close()
		raw(t, path, program...)
		if _, err := Open(t.Context(), path); !errors.Is(err, ErrNotLog) {
			t.Errorf("%s: %v", program, err)
		}
	}
}

func TestStopsWithItsContext(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "m.sqlite"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Put(ctx, subject, measurement(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
}

// TestWriters is what a child process runs: it writes measurements from a number on, and says so
// after each, until it is killed or has written enough.
func TestWriters(t *testing.T) {
	path := os.Getenv("MEASUREMENTS_CHILD")
	if path == "" {
		t.Skip("runs as a child of other tests")
	}
	var from, count int
	if _, err := fmt.Sscan(os.Getenv("MEASUREMENTS_RANGE"), &from, &count); err != nil {
		t.Fatal(err)
	}
	s := open(t, path)
	for i := from; i < from+count; i++ {
		if err := s.Put(t.Context(), subject, measurement(i)); err != nil {
			t.Fatal(err)
		}
		fmt.Println("wrote", i)
	}
}

func child(t *testing.T, path string, from, count int) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=TestWriters$", "-test.v")
	cmd.Env = append(os.Environ(), "MEASUREMENTS_CHILD="+path,
		fmt.Sprintf("MEASUREMENTS_RANGE=%d %d", from, count))
	return cmd
}

func TestSurvivesAKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.sqlite")
	cmd := child(t, path, 0, 1_000_000)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := -1
	for said < 20 {
		var word string
		var i int
		if _, err := fmt.Fscanln(out, &word, &i); err == nil && word == "wrote" {
			said = i
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait() // reports the kill
	got := values(t, open(t, path), subject)
	for i := range said + 1 {
		if m := measurement(i); got[m.Arch] != m {
			t.Fatalf("measurement %d of %d that were written is %+v", i, said+1, got[m.Arch])
		}
	}
}

func TestProcessesShareAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.sqlite")
	const each = 30
	var children []*exec.Cmd
	for c := range 3 {
		cmd := child(t, path, c*each/2, each) // half of it, another writes too
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		children = append(children, cmd)
	}
	for _, c := range children {
		if err := c.Wait(); err != nil {
			t.Error(err)
		}
	}
	if got := values(t, open(t, path), subject); len(got) != 2*each {
		t.Errorf("%d measurements, want %d", len(got), 2*each)
	}
}
