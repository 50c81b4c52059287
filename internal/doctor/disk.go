package doctor

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/tailor-nas/tailor/profiles/device"
)

// tried is how many bytes are written and read again.
const tried = 8 << 20

// least is how many bytes should be free: a training of the largest built-in space keeps some
// checkpoints.
const least = 2 << 30

// disk writes a file in a folder, reads it again, and removes it.
func disk(folder string) (found string, err error) {
	free, err := device.FreeBytes(folder)
	if err != nil {
		return "", err
	}
	found = fmt.Sprintf("%.1f GB free in %s", float64(free)/1e9, folder)
	if err := writeAndRead(folder); err != nil {
		return found, err
	}
	if free < least {
		return found, fmt.Errorf("only %.1f GB are free, and a training may need %d: make room",
			float64(free)/1e9, least>>30)
	}
	return found, nil
}

func writeAndRead(folder string) (err error) {
	f, err := os.CreateTemp(folder, ".tailor-doctor-*")
	if err != nil {
		return err
	}
	defer func() {
		closed := f.Close()
		if removed := os.Remove(f.Name()); err == nil {
			err = removed
		}
		if err == nil {
			err = closed
		}
	}()
	want := bytes.Repeat([]byte("tailor\n\x00"), tried/8)
	if _, err := f.Write(want); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	got, err := io.ReadAll(f)
	if err == nil && !bytes.Equal(got, want) {
		err = fmt.Errorf("%s has other bytes than were written: the disk is damaged", f.Name())
	}
	return err
}
