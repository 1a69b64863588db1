// Package loom weaves instruments into flatline's packages for the tools of this
// module: see internal/weave.
package loom

import (
	"fmt"
	"slices"
	"strings"

	"example.com/flatline/internal/weave"
)

// Parse returns the looms that words name: yield, work, and constants with other
// values, as concmap.maxBytes=128.
func Parse(words ...string) (looms []weave.Loom, err error) {
	values := map[string]string{}
	for _, word := range words {
		name, value, constant := strings.Cut(word, "=")
		switch {
		case constant && strings.Contains(name, "."):
			values[name] = value
		case word == "yield":
			looms = append(looms, weave.Yield())
		case word == "work":
			looms = append(looms, weave.Work())
		default:
			return nil, fmt.Errorf("no loom %q; there are yield, work and PACKAGE.CONSTANT=VALUE", word)
		}
	}
	if len(values) > 0 {
		looms = slices.Insert(looms, 0, weave.Constants(values))
	}
	return looms, nil
}

// Overlay weaves the looms that words name into packages, folders below root, and all
// packages that these import. It writes the copies and the overlay into dir. base, if not
// nil, is an overlay to start from.
func Overlay(root, dir string, packages, words []string, base map[string]string) (overlay string, err error) {
	looms, err := Parse(words...)
	if err != nil {
		return "", err
	}
	folders, err := weave.Deps(root, packages...)
	if err != nil {
		return "", err
	}
	return weave.Weave(weave.Config{Root: root, Dir: dir, Packages: folders, Looms: looms, Base: base})
}

// Insert returns a command of go, with flags behind its verb and -C, which must come
// first.
func Insert(command []string, flags ...string) []string {
	at := min(2, len(command))
	if len(command) > 3 && command[2] == "-C" {
		at = 4
	}
	return slices.Concat(command[:at], flags, command[at:])
}
