package store

// ReadDocumentSince is [ReadDocument] for the versions from oldest to newest of a kind: those that
// only lack optional fields of doc, and whose other fields mean the same.
func ReadDocumentSince(path, kind string, oldest, newest int, doc Document) error {
	version := newest
	// Errors are for ReadDocument to tell.
	if k, v, err := Kind(path); err == nil && k == kind && oldest <= v && v < newest {
		version = v
	}
	return ReadDocument(path, kind, version, doc)
}
