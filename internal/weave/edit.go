package weave

import (
	"cmp"
	"fmt"
	"slices"
)

// Edits collects changes to a text, at byte offsets of the text before any of
// them. The zero value is ready to use.
type Edits struct{ list []edit }

type edit struct {
	at, to int // what is replaced; to == at inserts
	order  int // among the edits at one offset
	text   string
}

// Insert inserts text at an offset; texts at the same offset are in the order of the
// calls.
func (e *Edits) Insert(at int, text string) {
	e.list = append(e.list, edit{at, at, len(e.list), text})
}

// Wrap puts before and after around the bytes from up to to. Of two that begin at
// the same offset the earlier call is the outer one, and likewise at the end: call
// it for a node before its children.
func (e *Edits) Wrap(from, to int, before, after string) {
	e.Insert(from, before)
	// Ends stand before beginnings, the end of the inner one first.
	e.list = append(e.list, edit{to, to, -len(e.list) - 1, after})
}

// Replace replaces the bytes from up to to.
func (e *Edits) Replace(from, to int, text string) {
	e.list = append(e.list, edit{from, to, len(e.list), text})
}

// Empty reports whether there is no edit.
func (e *Edits) Empty() bool { return len(e.list) == 0 }

// Apply returns source with the edits. It fails if an edit is outside source, or inside
// a part that another edit replaces.
func (e *Edits) Apply(source []byte) ([]byte, error) {
	list := slices.Clone(e.list)
	slices.SortFunc(list, func(a, b edit) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.order, b.order)) })
	var out []byte
	at := 0
	for _, x := range list {
		if x.at < at || x.to < x.at || x.to > len(source) {
			return nil, fmt.Errorf("weave: the edit of bytes %d to %d, %q, overlaps another or leaves the text", x.at, x.to, x.text)
		}
		out = append(append(out, source[at:x.at]...), x.text...)
		at = x.to
	}
	return append(out, source[at:]...), nil
}
