package loom

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/internal/weave"
)

const root = "../../.."

func TestOverlay(t *testing.T) {
	overlay, err := Overlay(root, t.TempDir(), []string{"concmap"}, []string{"yield", "concmap.maxBytes=4096"}, nil)
	require.NoError(t, err)
	files, err := weave.ReadOverlay(overlay)
	require.NoError(t, err)
	text := func(name string) string {
		file, err := filepath.Abs(filepath.Join(root, filepath.FromSlash(name)))
		require.NoError(t, err)
		b, err := os.ReadFile(files[file])
		require.NoError(t, err, name)
		return string(b)
	}
	assert.Contains(t, text("concmap/striped.go"), ".Yield()")
	constant := false
	for file := range files {
		if filepath.Base(filepath.Dir(file)) == "concmap" {
			b, err := os.ReadFile(files[file])
			require.NoError(t, err)
			constant = constant || strings.Contains(string(b), "= 4096")
		}
	}
	assert.True(t, constant)
}

func TestBadLooms(t *testing.T) {
	for words, want := range map[string]string{
		"sleep":               `no loom "sleep"; there are`,
		"maxBytes=128":        `no loom "maxBytes=128"`,
		"concmap.nothing=128": "no constant concmap.nothing",
	} {
		_, err := Overlay(root, t.TempDir(), []string{"concmap"}, []string{words}, nil)
		assert.ErrorContains(t, err, want)
	}
	_, err := Overlay(root, t.TempDir(), []string{"none"}, []string{"yield"}, nil)
	assert.Error(t, err)
}

func TestInsert(t *testing.T) {
	join := func(words string) string { return strings.Join(Insert(strings.Fields(words), "-x"), " ") }
	assert.Equal(t, "go test -x ./lru", join("go test ./lru"))
	assert.Equal(t, "go test -C evidence -x ./linear", join("go test -C evidence ./linear"))
	assert.Equal(t, "go vet -x", join("go vet"))
	assert.Equal(t, "go -x", join("go"))
}
