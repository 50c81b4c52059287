package torchfile

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"
)

// zipped is a record of an archive.
type zipped struct {
	name   string
	method uint16
	data   string
}

func archiveOf(t *testing.T, records ...zipped) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, r := range records {
		f, err := w.CreateHeader(&zip.FileHeader{Name: r.name, Method: r.method})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(r.data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestArchives: what is in an archive is refused where it is not as torch.save writes it.
func TestArchives(t *testing.T) {
	one := stateOf("a", tensorOf(storageOf("0", 1), 0, nil, nil))
	pickle, value := zipped{"x/data.pkl", zip.Store, one}, zipped{"x/data/0", zip.Store, "\x00\x00\x80?"}
	f, err := Read(t.Context(), archiveOf(t, pickle, value, zipped{"x/byteorder", zip.Store, "little"}))
	if err != nil || len(f.Tensors) != 1 || f.Tensors[0].Data[0] != 1 {
		t.Fatalf("%+v, %v", f, err)
	}
	many := append(archiveOf(t, pickle), strings.Repeat("PK\x01\x02", maxRecords+1)...)
	damaged := archiveOf(t, pickle, value)
	at := bytes.Index(damaged, []byte("\x00\x00\x80?"))
	damaged[at]++
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"many":         {many, "records, at most"},
		"empty":        {archiveOf(t), "does not begin"},
		"no pickle":    {archiveOf(t, value), "without FOLDER/data.pkl"},
		"no storage":   {archiveOf(t, pickle), `no record "x/data/0"`},
		"compressed":   {archiveOf(t, pickle, zipped{"x/data/0", zip.Deflate, "\x00\x00\x80?"}), "compressed"},
		"short":        {archiveOf(t, pickle, zipped{"x/data/0", zip.Store, "\x00\x00"}), "has 2 bytes"},
		"long":         {archiveOf(t, pickle, zipped{"x/data/0", zip.Store, "123456789"}), "has 9 bytes"},
		"twice":        {archiveOf(t, pickle, value, value), "twice"},
		"big endian":   {archiveOf(t, pickle, zipped{"x/byteorder", zip.Store, "big"}), "little-endian"},
		"program":      {archiveOf(t, pickle, zipped{"x/constants.pkl", zip.Store, ""}), "TorchScript"},
		"bomb":         {archiveOf(t, zipped{"x/data.pkl", zip.Deflate, strings.Repeat("a", 1<<20)}), "compressed"},
		"damage":       {damaged, "changed or damaged"},
		"other pickle": {archiveOf(t, zipped{"x/data.pkl", zip.Store, "\x80\x02cos\nsystem\n."}), "os.system"},
	} {
		_, err := Read(t.Context(), c.data)
		if err == nil || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 300 {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
