package main

import (
	"os"
	"path/filepath"
	"strings"
)

// A bug is a planted bug, as the header of its patch describes it.
type bug struct{ pkg, name, claim, caughtBy, loom string }

func readBugs() (bugs []bug, err error) {
	files, err := filepath.Glob("mutants/*/*.patch")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		x := bug{pkg: filepath.Base(filepath.Dir(file)), name: strings.TrimSuffix(filepath.Base(file), ".patch")}
		for line := range strings.Lines(string(b)) {
			key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
			switch key {
			case "Claim":
				x.claim = value
			case "Caught by":
				x.caughtBy = value
			case "Loom":
				x.loom = value
			}
			if line == "\n" {
				break
			}
		}
		bugs = append(bugs, x)
	}
	return bugs, nil
}

// command is the command that catches the bug, with the looms that it needs.
func (b *bug) command() string {
	if b.loom == "" {
		return b.caughtBy
	}
	return b.caughtBy + " # woven: " + b.loom
}
