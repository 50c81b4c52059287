// Package measurements keeps what was measured in an SQLite file, so that nothing is measured
// twice: not by a fit that was interrupted, nor by one that asks for more.
//
// A measurement is filed under its [Subject], all that its value depends on besides the network.
// Every [Log.Put] is on the disk when it returns. Several processes may use a file at once;
// whoever comes second with a measurement leaves the first in place.
//
// Package meter does the measuring, and is a room of its own because it runs networks.
package measurements

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

const (
	// applicationID marks the file as tailor's ("tlor"), as file(1) and SQLite's tools know it.
	applicationID = 0x746c6f72
	version       = 2
	schema        = `
CREATE TABLE subjects (
	id       INTEGER PRIMARY KEY,
	quantity TEXT NOT NULL,
	space    TEXT NOT NULL,
	weights  TEXT NOT NULL,
	data     TEXT NOT NULL,
	settings TEXT NOT NULL,
	UNIQUE (quantity, space, weights, data, settings)
) STRICT;
CREATE TABLE measurements (
	subject     INTEGER NOT NULL REFERENCES subjects (id),
	arch        TEXT NOT NULL,
	value       REAL NOT NULL,
	seconds     REAL NOT NULL,
	measured_at TEXT NOT NULL,
	device      TEXT NOT NULL,
	checksum    TEXT NOT NULL,
	PRIMARY KEY (subject, arch)
) STRICT, WITHOUT ROWID;`
	// upgrade is what version 1 lacks. Its rows get the checksums of what they hold now.
	upgrade = `ALTER TABLE measurements ADD COLUMN checksum TEXT NOT NULL DEFAULT ''`
	// patience is how long to wait for another process that writes.
	patience = 30 * time.Second
)

// ErrNotLog is wrapped by errors about files that are no log of this version of tailor.
var ErrNotLog = errors.New("not a measurement store")

// ErrDamaged is wrapped by errors about rows that are not as they were written.
var ErrDamaged = errors.New("measurement was changed or damaged after it was written")

// Quantities that are measured of a network.
const (
	Top1       = "top1"       // share of the images that it classifies right
	Top1Even   = "top1-even"  // the same of every second image
	Divergence = "divergence" // of its answers from the largest network's, in nats
)

// Subject is all that a measured value depends on, besides the network.
type Subject struct {
	Quantity string // what was measured: Top1, Top1Even or Divergence
	Space    string // SHA-256
	Weights  string // SHA-256
	Data     string // SHA-256
	Settings string // of the measurement, in words
}

// Measurement is the value of one network.
type Measurement struct {
	Arch    string // canonical, as JSON
	Value   float64
	Seconds float64   // that it took
	At      time.Time // when
	Device  string    // where
}

// Log is an open file of measurements. It is safe for concurrent use.
type Log struct {
	db   *sql.DB
	path string
}

// Open opens a log, and makes one where there is none. The folder must exist.
func Open(ctx context.Context, path string) (*Log, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Stat(filepath.Dir(path)); err != nil {
			return nil, fmt.Errorf("open measurements: %w", err)
		}
	case err != nil:
		return nil, fmt.Errorf("open measurements: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("open measurements: %s is not a regular file: %w", path, ErrNotLog)
	}
	source := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(path),
		RawQuery: url.Values{
			"_pragma": {fmt.Sprintf("busy_timeout(%d)", patience.Milliseconds()), "foreign_keys(1)",
				"synchronous(FULL)"},
			"_txlock": {"immediate"},
		}.Encode()}
	db, err := sql.Open("sqlite", source.String())
	if err != nil {
		return nil, fmt.Errorf("open measurements %s: %w", path, err)
	}
	db.SetMaxOpenConns(1)
	l := &Log{db, path}
	if err := l.prepare(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return l, nil
}

// Close ends the use of the file.
func (l *Log) Close() error { return l.db.Close() }

// prepare makes the tables of a new file, and refuses files that are something else.
func (l *Log) prepare(ctx context.Context) error {
	return l.inTx(ctx, "open", func(tx *sql.Tx) error {
		var id, v, tables int
		if err := tx.QueryRow(`SELECT a.application_id, v.user_version, (SELECT count(*) FROM sqlite_schema)
			FROM pragma_application_id a, pragma_user_version v`).Scan(&id, &v, &tables); err != nil {
			return err
		}
		switch {
		case id == 0 && v == 0 && tables == 0:
			_, err := tx.Exec(fmt.Sprintf(
				"PRAGMA application_id = %d; PRAGMA user_version = %d; %s", applicationID, version,
				schema))
			return err
		case id != applicationID:
			return fmt.Errorf("it is a database of another program: %w", ErrNotLog)
		case v == 1:
			if err := checkTables(tx); err != nil {
				return err
			}
			return upgradeTables(ctx, tx)
		case v != version:
			return fmt.Errorf("it has version %d, this tailor knows %d; use the tailor that wrote it, or another file: %w", v, version, ErrNotLog)
		}
		return checkTables(tx)
	})
}

// checkTables refuses what could do more than hold rows: views and triggers are programs.
func checkTables(tx *sql.Tx) error {
	var other int
	err := tx.QueryRow(`SELECT count(*) FROM sqlite_schema
		WHERE NOT (type = 'table' AND name IN ('subjects', 'measurements') AND sql LIKE 'CREATE TABLE %' OR type = 'index' AND sql IS NULL)`).Scan(&other)
	if err == nil && other > 0 {
		err = fmt.Errorf("it holds more than the two tables of a store: %w", ErrNotLog)
	}
	return err
}

// Values gives what was measured of a subject, by arch. A row that is not as it was written is
// [ErrDamaged].
func (l *Log) Values(ctx context.Context, about Subject) (values map[string]Measurement,
	err error) {
	values = map[string]Measurement{}
	err = l.inTx(ctx, "read", func(tx *sql.Tx) error {
		return eachRow(ctx, tx, func(r row) error {
			if r.subject != about {
				return nil
			}
			if r.checksum != r.sum() {
				return fmt.Errorf("%w: that of arch %.200q; delete its row, or move the file away to measure all anew", ErrDamaged, r.Arch)
			}
			values[r.Arch] = r.Measurement
			return nil
		}, `WHERE quantity = ? AND space = ? AND weights = ? AND data = ? AND settings = ?`,
			about.Quantity, about.Space, about.Weights, about.Data, about.Settings)
	})
	if err != nil {
		return nil, err
	}
	return values, nil
}

// Put keeps a measurement. If the subject has one of the arch already, that one stays.
func (l *Log) Put(ctx context.Context, about Subject, m Measurement) error {
	if year := m.At.UTC().Year(); year < 0 || year > 9999 { // what could not be read again
		return fmt.Errorf("keep a measurement of arch %.200q: it is of year %d, expected 0 to 9999",
			m.Arch, year)
	}
	return l.inTx(ctx, "write", func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO subjects (quantity, space, weights, data, settings) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			about.Quantity, about.Space, about.Weights, about.Data, about.Settings)
		if err != nil {
			return err
		}
		at := m.At.UTC().Format(time.RFC3339Nano)
		r := row{subject: about, Measurement: m, at: at}
		_, err = tx.Exec(`INSERT INTO measurements (subject, arch, value, seconds, measured_at, device, checksum)
			SELECT id, ?, ?, ?, ?, ?, ? FROM subjects WHERE quantity = ? AND space = ? AND weights = ? AND data = ? AND settings = ?
			ON CONFLICT DO NOTHING`,
			m.Arch, m.Value, m.Seconds, at, m.Device, r.sum(),
			about.Quantity, about.Space, about.Weights, about.Data, about.Settings)
		return err
	})
}

// inTx runs f in a transaction of its own, and says in errors what could not be done and what to
// do.
func (l *Log) inTx(ctx context.Context, what string, f func(*sql.Tx) error) error {
	tx, err := l.db.BeginTx(ctx, nil)
	if err == nil {
		if err = f(tx); err == nil {
			err = tx.Commit()
		} else {
			err = errors.Join(err, ignoreDone(tx.Rollback()))
		}
	}
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s measurements %s: %w%s", what, l.path, classify(err), advice(err))
}

// ignoreDone forgets that a transaction was ended already, by its context.
func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// classify lets a caller tell files that are no log from others.
func classify(err error) error {
	if code, ok := primary(err); ok && (code == sqlite3.SQLITE_NOTADB ||
		code == sqlite3.SQLITE_CORRUPT) {
		return fmt.Errorf("%w: %w", ErrNotLog, err)
	}
	return err
}

// primary is the primary result code of an SQLite error (sqlite.org/rescode.html).
func primary(err error) (code int, ok bool) {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return 0, false
	}
	return e.Code() & 0xff, true
}

func advice(err error) string {
	code, _ := primary(err)
	switch code {
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return "; move it away to measure anew, or name another file"
	case sqlite3.SQLITE_BUSY:
		return "; another process has written to it for too long"
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return "; name a file that can be written with --store"
	case sqlite3.SQLITE_FULL:
		return "; make room on the disk and run the same command again"
	}
	return ""
}
