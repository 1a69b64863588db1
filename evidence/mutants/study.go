package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// refutes matches the study's output about a cost that it does not confirm.
var refutes = regexp.MustCompile(`is (refuted|not confirmed) \(`)

// study runs the study on a copy of the tree in which files are replaced, since it weaves
// the files of the tree. It returns nil if the study refutes a cost.
func (b *builder) study(ctx context.Context, m *mutant, replace map[string]string) error {
	dir, err := os.MkdirTemp(b.dir, "tree")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := clone(b.root, dir); err != nil {
		return err
	}
	for file, by := range replace {
		name, err := filepath.Rel(b.root, file)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(by)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return err
		}
	}
	out, ok, err := command(ctx, dir, build, m.caughtBy...)
	switch {
	case err != nil:
		return err
	case ok:
		return errMissed
	case !refutes.MatchString(out):
		return fmt.Errorf("ERROR: the study fails otherwise: %s", lastLine(out))
	}
	return nil
}

// others are the modules and folders that the study does not need.
var others = []string{".git", "evidence", "tools", "examples/engines"}

// clone copies the main module.
func clone(root, dir string) error {
	return filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		to := filepath.Join(dir, name)
		switch {
		case slices.Contains(others, filepath.ToSlash(name)):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil // the .git of a worktree
		case d.IsDir():
			return os.MkdirAll(to, 0o755)
		case !d.Type().IsRegular() || strings.HasSuffix(name, ".svg"):
			return nil
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		return os.WriteFile(to, text, 0o644)
	})
}
