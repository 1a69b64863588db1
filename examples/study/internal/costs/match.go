package costs

import (
	"strings"
	"unicode"
)

// Match returns the stated cost of the operation that a benchmark measures, and
// the row it comes from.
//
// The benchmark Cache_Get measures the row Cache.Get, or else Get. Several operations in
// one benchmark (Ring_PushPop) have the cost of the most expensive one. Further words say
// how the operation is used (Cache_PutEvict) and are ignored.
func Match(rows []Row, bench string) (Cost, string, bool) {
	byOp := make(map[string]Cost, len(rows))
	for _, r := range rows {
		byOp[r.Op] = r.Cost
	}
	typ, method, _ := strings.Cut(bench, "_")
	if method == "" {
		typ, method = "", typ
	}
	method = strings.ReplaceAll(method, "_", "")
	var found []string
	for words := camel(method); len(words) > 0; {
		k := len(words)
		var op string
		for ; k > 0; k-- {
			if op = lookup(byOp, typ, strings.Join(words[:k], "")); op != "" {
				break
			}
		}
		if k == 0 && len(found) == 0 {
			return Cost{}, "", false
		}
		if op != "" {
			found = append(found, op)
		}
		words = words[max(k, 1):]
	}
	if len(found) == 0 {
		return Cost{}, "", false
	}
	cost := byOp[found[0]]
	for _, op := range found[1:] {
		c := byOp[op]
		cost.Class = max(cost.Class, c.Class)
		cost.Amortised = cost.Amortised || c.Amortised
		cost.Expected = cost.Expected || c.Expected
	}
	return cost, strings.Join(found, "+"), true
}

// lookup returns the row for a method of a type: its own, or the one for all
// types.
func lookup(rows map[string]Cost, typ, method string) string {
	for _, op := range []string{typ + "." + method, method} {
		if _, ok := rows[op]; ok {
			return op
		}
	}
	return ""
}

// camel splits "PushPop" into "Push" and "Pop".
func camel(s string) []string {
	var words []string
	start := 0
	for i, r := range s {
		if i > 0 && unicode.IsUpper(r) {
			words = append(words, s[start:i])
			start = i
		}
	}
	if start < len(s) {
		words = append(words, s[start:])
	}
	return words
}
