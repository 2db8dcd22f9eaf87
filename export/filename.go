package export

// FileName is the name of a collection's file, without extension.
func FileName(collection string) string { return collection }
