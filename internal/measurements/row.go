package measurements

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"time"
)

// row is a measurement as the file has it.
type row struct {
	subject  Subject
	subjects int64 // its number
	Measurement
	at       string // the time, as text
	checksum string
}

// sum is the checksum of a row, of its subject too: the SHA-256 of its values, each on a line of
// its own, numbers by the 16 hexadecimal digits of their bits. It detects damage and edits, as that
// of a document does.
func (r row) sum() string {
	h := sha256.New()
	for _, v := range []string{
		r.subject.Quantity, r.subject.Space, r.subject.Weights, r.subject.Data, r.subject.Settings,
		r.Arch, bits(r.Value), bits(r.Seconds), r.at, r.Device,
	} {
		fmt.Fprintln(h, v)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func bits(v float64) string { return fmt.Sprintf("%016x", math.Float64bits(v)) }

// eachRow calls f for the rows that a condition holds for.
func eachRow(ctx context.Context, tx *sql.Tx, f func(row) error, where string, args ...any) error {
	rows, err := tx.QueryContext(ctx, `SELECT id, quantity, space, weights, data, settings, arch, value, seconds, measured_at, device, checksum
		FROM measurements JOIN subjects ON id = subject `+where, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var r row
		about := &r.subject
		err := rows.Scan(&r.subjects, &about.Quantity, &about.Space, &about.Weights, &about.Data,
			&about.Settings,
			&r.Arch, &r.Value, &r.Seconds, &r.at, &r.Device, &r.checksum)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		if r.At, err = time.Parse(time.RFC3339Nano, r.at); err != nil {
			return fmt.Errorf("%w: arch %.200q: %w", ErrDamaged, r.Arch, err)
		}
		if err := f(r); err != nil {
			return err
		}
	}
	return rows.Err()
}

// upgradeTables brings a file of version 1 to this one.
func upgradeTables(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.Exec(upgrade); err != nil {
		return err
	}
	var all []row
	if err := eachRow(ctx, tx, func(r row) error { all = append(all, r); return nil },
		""); err != nil {
		return err
	}
	for _, r := range all {
		if _, err := tx.Exec(`UPDATE measurements SET checksum = ? WHERE subject = ? AND arch = ?`,
			r.sum(), r.subjects, r.Arch); err != nil {
			return err
		}
	}
	_, err := tx.Exec(fmt.Sprintf("PRAGMA user_version = %d", version))
	return errors.Join(err, checkTables(tx))
}
