package weave

import (
	"go/ast"
	"strings"
)

// calls lists the functions of the standard library that look at as many elements as
// their arguments have, and says how each is counted. A line names a function of the
// runtime; what it is put around, an argument (by its number) or the result, or call if
// it replaces the call; and the functions that are counted in this way.
//
// A search counts all elements that it may look at, even if it ends earlier.
//
// A function that calls back (SortFunc, BinarySearchFunc) is counted here and, where
// the callback is woven, there too: twice the work is still the same class.
var calls = parseCalls(`
Elems 0 slices.Clone slices.Equal slices.EqualFunc slices.Compare slices.CompareFunc slices.Contains slices.ContainsFunc
Elems 0 slices.Index slices.IndexFunc slices.Max slices.MaxFunc slices.Min slices.MinFunc slices.Reverse slices.Compact
Elems 0 slices.CompactFunc slices.DeleteFunc slices.IsSorted slices.IsSortedFunc
Elems 0 maps.Clone maps.DeleteFunc maps.Equal maps.EqualFunc
Elems 1 maps.Copy
Grow call slices.Grow
Insert call slices.Insert
Delete call slices.Delete
Replace call slices.Replace
Elems result slices.Concat slices.Repeat slices.Collect slices.AppendSeq maps.Collect
SortElems result slices.Sorted slices.SortedFunc slices.SortedStableFunc
SortElems 0 slices.Sort slices.SortFunc slices.SortStableFunc sort.Ints sort.Float64s sort.Strings sort.Slice sort.SliceStable
Elems 0 sort.IntsAreSorted sort.Float64sAreSorted sort.StringsAreSorted sort.SliceIsSorted
LogElems 0 slices.BinarySearch slices.BinarySearchFunc sort.SearchInts sort.SearchFloat64s sort.SearchStrings
Seq result maps.Keys maps.Values
Seq2 result maps.All
Elems 0 strings.Clone strings.Compare strings.Contains strings.ContainsAny strings.ContainsFunc strings.ContainsRune strings.Count
Elems 0 strings.Cut strings.EqualFold strings.Fields strings.FieldsFunc strings.FieldsFuncSeq strings.FieldsSeq
Elems 0 strings.Index strings.IndexAny strings.IndexByte strings.IndexFunc strings.IndexRune strings.LastIndex strings.LastIndexAny
Elems 0 strings.LastIndexByte strings.LastIndexFunc strings.Lines strings.Replace strings.ReplaceAll strings.Split
Elems 0 strings.SplitAfter strings.SplitAfterN strings.SplitAfterSeq strings.SplitN strings.SplitSeq strings.Title strings.ToLower
Elems 0 strings.ToTitle strings.ToUpper strings.ToValidUTF8 strings.Trim strings.TrimFunc strings.TrimLeft strings.TrimLeftFunc
Elems 0 strings.TrimRight strings.TrimRightFunc strings.TrimSpace
Elems 1 strings.HasPrefix strings.HasSuffix strings.CutPrefix strings.CutSuffix strings.TrimPrefix strings.TrimSuffix
Elems 1 strings.Map strings.ToLowerSpecial strings.ToTitleSpecial strings.ToUpperSpecial
Elems result strings.Join strings.Repeat
Elems 0 bytes.Clone bytes.Compare bytes.Contains bytes.ContainsAny bytes.ContainsFunc bytes.ContainsRune bytes.Count
Elems 0 bytes.Cut bytes.Equal bytes.EqualFold bytes.Fields bytes.FieldsFunc bytes.FieldsFuncSeq bytes.FieldsSeq
Elems 0 bytes.Index bytes.IndexAny bytes.IndexByte bytes.IndexFunc bytes.IndexRune bytes.LastIndex bytes.LastIndexAny
Elems 0 bytes.LastIndexByte bytes.LastIndexFunc bytes.Lines bytes.Replace bytes.ReplaceAll bytes.Runes bytes.Split
Elems 0 bytes.SplitAfter bytes.SplitAfterN bytes.SplitAfterSeq bytes.SplitN bytes.SplitSeq bytes.Title bytes.ToLower
Elems 0 bytes.ToTitle bytes.ToUpper bytes.ToValidUTF8 bytes.Trim bytes.TrimFunc bytes.TrimLeft bytes.TrimLeftFunc
Elems 0 bytes.TrimRight bytes.TrimRightFunc bytes.TrimSpace
Elems 1 bytes.HasPrefix bytes.HasSuffix bytes.CutPrefix bytes.CutSuffix bytes.TrimPrefix bytes.TrimSuffix
Elems 1 bytes.Map bytes.ToLowerSpecial bytes.ToTitleSpecial bytes.ToUpperSpecial
Elems result bytes.Join bytes.Repeat
Uint64 call math/rand/v2.Uint64
`)

// A rule says what is put around which part of a call.
type rule struct{ with, around string }

func parseCalls(table string) map[string]rule {
	rules := map[string]rule{}
	for line := range strings.Lines(table) {
		words := strings.Fields(line)
		for _, name := range words[min(2, len(words)):] {
			rules[name] = rule{words[0], words[1]}
		}
	}
	return rules
}

// library counts a call of a function of the standard library.
func (c *counter) library(n *ast.CallExpr, name string) {
	r, ok := calls[name]
	if !ok {
		return
	}
	with := c.runtime("work") + "." + r.with
	switch r.around {
	case "result":
		c.wrap(n, with+"(", ")")
	case "call":
		use := c.Text(n.Fun) // keeps its import in use
		if strings.HasPrefix(name, "slices.") {
			use += "[[]int]"
		}
		c.append("var _ = " + use)
		c.Replace(c.Offset(n.Fun.Pos()), c.Offset(n.Fun.End()), with)
	default:
		if i := int(r.around[0] - '0'); i < len(n.Args) && builtin(n.Args[i]) != "nil" {
			c.wrap(n.Args[i], with+"(", ")")
		}
	}
}
