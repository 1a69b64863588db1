package main

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/internal/house"
)

// TestSurvivorsAreCurrent checks the survivors.txt files of this repository, which only a
// sweep can renew: each listed statement still exists and has a reason, and no package is
// missing.
func TestSurvivorsAreCurrent(t *testing.T) {
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	var swept []string
	for _, pkg := range append(slices.Clone(house.Packages), "respcache") {
		s, err := readSurvivors(filepath.Join(pkg, "survivors.txt"))
		require.NoError(t, err)
		want := pkg
		if !slices.Contains(house.Packages, pkg) {
			want = "examples/" + pkg + "/server"
		}
		if !assert.Contains(t, s.dirs, want, "%s/survivors.txt has no line Sweep: %s", pkg, want) {
			continue
		}
		swept = append(swept, s.dirs...)
		all, _, err := instrument(t.Context(), root, t.TempDir(), s.dirs)
		require.NoError(t, err)
		for _, id := range s.order {
			there := slices.ContainsFunc(all, func(s statement) bool { return s.identity == id })
			assert.True(t, there, "%s/survivors.txt: no such statement: %s", pkg, id)
			assert.NotEmpty(t, s.reason[id], "%s/survivors.txt: no reason for %s", pkg, id)
		}
	}
	units, err := filepath.Glob(filepath.Join(root, "internal", "*"))
	require.NoError(t, err)
	for _, unit := range units {
		name := filepath.Base(unit)
		if !slices.Contains([]string{"bench", "house", "invariant", "loopback", "pad", "weave"}, name) { // instruments, tests and their helpers, a type without code
			assert.Contains(t, swept, "internal/"+name)
		}
	}
}
