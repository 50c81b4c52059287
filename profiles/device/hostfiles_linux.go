package device

import (
	"io/fs"
	"os"
)

func hostFiles() fs.FS { return os.DirFS("/") }
