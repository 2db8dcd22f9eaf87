package tui

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"fauna-export/export/store"
)

// homePath shortens a path below the home directory to ~.
func homePath(path string) string {
	home, err := os.UserHomeDir()
	if err != nil || home == "/" || home == "" {
		return path
	}
	if path == home {
		return "~"
	}
	if rest, ok := strings.CutPrefix(path, home+string(filepath.Separator)); ok {
		return "~" + string(filepath.Separator) + rest
	}
	return path
}

// fullPath is the path that a person means: without spaces around it, with ~ and
// without . and ..
func fullPath(text string) (string, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return "", fmt.Errorf("give a folder")
	}
	if strings.ContainsRune(text, 0) {
		return "", fmt.Errorf("a folder's name cannot hold a null byte")
	}
	if store.IsURL(text) {
		return store.Clean(text)
	}
	if text == "~" || strings.HasPrefix(text, "~/") || strings.HasPrefix(text, `~\`) {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("find the home directory: %w", err)
		}
		text = filepath.Join(home, text[1:])
	}
	return filepath.Abs(text)
}
