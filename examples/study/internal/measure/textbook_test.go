package measure

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/study/internal/model"
)

func TestTextbookWhy(t *testing.T) {
	root, err := Root()
	require.NoError(t, err)
	for _, pkg := range Packages {
		why := textbookWhy(filepath.Join(root, pkg))
		assert.NotEmpty(t, why, pkg)
		assert.Equal(t, ".", why[len(why)-1:], "%s: a sentence: %s", pkg, why)
		assert.NotRegexp(t, inTests, why, pkg)
	}
	dir := t.TempDir()
	assert.Empty(t, textbookWhy(dir))
	file := filepath.Join(dir, "textbook_test.go")
	doc := "package p\n\n// textbook is a list, sorted\n// by use. It is the oracle of the model test. Each Get moves n. It is the baseline.\ntype textbook struct{}\n"
	require.NoError(t, os.WriteFile(file, []byte(doc), 0o600))
	assert.Equal(t, "Each Get moves n.", textbookWhy(dir))
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(doc, " Each Get moves n.", "", 1)), 0o600))
	assert.Equal(t, "It is a list, sorted by use.", textbookWhy(dir))
}

func TestCallsOf(t *testing.T) {
	m := &measured{calls: map[string]float64{
		"calls:Stack.Push": 4, "calls-rare:Stack.Push": 1,
		"calls-worst:Stack.Push:0": 1, "calls-mean:Stack.Push:0": 1, "calls-worst:Stack.Push:1": 7, "calls-mean:Stack.Push:1": 3,
		"calls:Stack.Pop": 2, "calls-rare:Stack.Pop": 2, "calls-worst:Stack.Pop:0": 1, "calls-mean:Stack.Pop:0": 1,
	}}
	got := m.callsOf(&model.Op{Bench: "Stack_PopPush", Row: "Pop+Push"})
	assert.Equal(t, &model.Calls{Func: "Stack.Push", N: 4, Rare: 1, Pieces: []model.Piece{{Worst: 1, Mean: 1}, {Worst: 7, Mean: 3}}}, got)
	assert.Nil(t, m.callsOf(&model.Op{Bench: "Stack_Min", Row: "Min"}))
}
