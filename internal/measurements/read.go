package measurements

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
)

// Filed is a measurement with what it is filed under.
type Filed struct {
	Subject Subject
	Measurement
}

// ReadAll gives all that a file holds, in the order of subjects and archs, and changes nothing of
// it. The file must be there, and of this version.
func ReadAll(ctx context.Context, path string) (all []Filed, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read measurements: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read measurements: %s is not a regular file: %w", path, ErrNotLog)
	}
	source := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(path),
		RawQuery: url.Values{"mode": {"ro"},
			"_pragma": {fmt.Sprintf("busy_timeout(%d)", patience.Milliseconds()),
				"query_only(1)"}}.Encode()}
	db, err := sql.Open("sqlite", source.String())
	if err != nil {
		return nil, fmt.Errorf("read measurements %s: %w", path, err)
	}
	l := &Log{db, path}
	defer func() { err = errors.Join(err, l.Close()) }()
	err = l.inTx(ctx, "read", func(tx *sql.Tx) error {
		if err := checkVersion(tx); err != nil {
			return err
		}
		return eachRow(ctx, tx, func(r row) error {
			if r.checksum != r.sum() {
				return fmt.Errorf("%w: that of arch %.200q", ErrDamaged, r.Arch)
			}
			all = append(all, Filed{r.subject, r.Measurement})
			return nil
		}, "ORDER BY id, arch")
	})
	return all, err
}

// checkVersion refuses what is no store of this version.
func checkVersion(tx *sql.Tx) error {
	var id, v int
	if err := tx.QueryRow(`SELECT a.application_id, v.user_version
		FROM pragma_application_id a, pragma_user_version v`).Scan(&id, &v); err != nil {
		return err
	}
	if id != applicationID || v != version {
		return fmt.Errorf("it has version %d, expected %d of tailor's; tailor fit accuracy brings an older one up to date: %w",
			v, version, ErrNotLog)
	}
	return checkTables(tx)
}
