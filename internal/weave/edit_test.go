package weave

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEdits(t *testing.T) {
	const text = "f(g(x))(y)"
	for name, tc := range map[string]struct {
		edit func(*Edits)
		want string
	}{
		"nothing":            {func(*Edits) {}, text},
		"inserts in order":   {func(e *Edits) { e.Insert(2, "a"); e.Insert(0, "b"); e.Insert(2, "c") }, "bf(acg(x))(y)"},
		"one beginning":      {func(e *Edits) { e.Wrap(0, 10, "A(", ")A"); e.Wrap(0, 7, "B(", ")B") }, "A(B(f(g(x)))B(y))A"},
		"one end":            {func(e *Edits) { e.Wrap(0, 10, "A(", ")A"); e.Wrap(7, 10, "B(", ")B") }, "A(f(g(x))B((y))B)A"},
		"ends come first":    {func(e *Edits) { e.Wrap(7, 10, "B", "b"); e.Wrap(0, 7, "A", "a") }, "Af(g(x))aB(y)b"},
		"replace in a wrap":  {func(e *Edits) { e.Wrap(2, 6, "A(", ")"); e.Replace(2, 3, "h") }, "f(A(h(x)))(y)"},
		"at the end of text": {func(e *Edits) { e.Insert(10, "!") }, text + "!"},
	} {
		var e Edits
		tc.edit(&e)
		got, err := e.Apply([]byte(text))
		require.NoError(t, err, name)
		assert.Equal(t, tc.want, string(got), name)
	}
	for name, edit := range map[string]func(*Edits){
		"overlap":         func(e *Edits) { e.Replace(0, 3, ""); e.Replace(2, 4, "") },
		"inside":          func(e *Edits) { e.Replace(0, 3, ""); e.Insert(1, "x") },
		"beyond the text": func(e *Edits) { e.Insert(11, "x") },
		"backwards":       func(e *Edits) { e.Replace(3, 2, "x") },
	} {
		var e Edits
		edit(&e)
		_, err := e.Apply([]byte(text))
		assert.Error(t, err, name)
	}
}
