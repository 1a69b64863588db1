package show

import (
	"fmt"
	"strconv"
	"strings"
	"sync"

	"example.com/flatline/concmap"
	"example.com/flatline/internal/weave/sched"
)

// The forms of a map are those of evidence/schedules, so that its schedules can be shown.
var mapForms = []Form{
	{"concmap.Map, full segment", "new(concmap.Map[int, int]), and 10 entries", mapOps, "Store(0,1)|Store(1,2)", func() subject { return mapSubject(filled(edge)) }},
	{"concmap.Map, segments that join", "new(concmap.Map[int, int]), 11 entries, 10 deletes", mapOps, "LoadAndDelete(3)|Store(3,2)", func() subject { return mapSubject(worn(joins())) }},
	{"concmap.Map", "new(concmap.Map[int, int])", mapOps, "Store(0,1),Load(0)|LoadAndDelete(0)", func() subject { return mapSubject(filled(0)) }},
}

const mapOps = "Load(k) Store(k,v) LoadAndDelete(k) LoadOrStore(k,v) Clear()"

// alphabets are the calls of which a schedule's programs are made, by form.
var alphabets = map[string][]string{
	"concmap.Map":                     basic,
	"concmap.Map, full segment":       basic,
	"concmap.Map, segments that join": {"Load(3)", "LoadAndDelete(3)", "Store(3,V)", "Store(0,V)", "Clear()"},
}

var basic = []string{"Load(0)", "Store(0,V)", "LoadAndDelete(0)", "LoadOrStore(0,V)", "Store(1,V)", "Clear()"}

// Replay reads a schedule as evidence/schedules prints it, TYPE|PROGRAM|DECISIONS, and
// returns the form, the calls and the choices for Run.
func Replay(key string) (form, do, by string, err error) {
	parts := strings.Split(key, "|")
	if len(parts) != 3 || alphabets[parts[0]] == nil {
		return "", "", "", fmt.Errorf("a schedule is TYPE|PROGRAM|DECISIONS, as evidence/schedules prints it for a concmap.Map, got %q", key)
	}
	letters := alphabets[parts[0]]
	var bodies []string
	v := 0
	for g := range strings.SplitSeq(parts[1], "+") {
		var calls []string
		for n := range strings.SplitSeq(g, ".") {
			i, err := strconv.Atoi(n)
			if err != nil || i < 0 || i >= len(letters) {
				return "", "", "", fmt.Errorf("there is no call %q in %s", n, parts[0])
			}
			v++
			calls = append(calls, strings.Replace(letters[i], "V", strconv.Itoa(v), 1))
		}
		bodies = append(bodies, strings.Join(calls, ","))
	}
	_, err = parseChoices(parts[2])
	return parts[0], strings.Join(bodies, "|"), parts[2], err
}

// edge is the number of entries at which the next key divides the only segment.
const edge = 10

func filled(n int) *concmap.Map[int, int] {
	m := new(concmap.Map[int, int])
	for i := range n {
		m.Store(1000+i, 1)
	}
	return m
}

func mapSubject(m *concmap.Map[int, int]) subject {
	return subject{m, map[string]op{
		"Load":          one(func(k int) string { return found(m.Load(k)) }),
		"Store":         {2, func(a []string) string { m.Store(number(a[0]), number(a[1])); return "stored" }},
		"LoadAndDelete": one(func(k int) string { return found(m.LoadAndDelete(k)) }),
		"LoadOrStore":   {2, func(a []string) string { return found(m.LoadOrStore(number(a[0]), number(a[1]))) }},
		"Clear":         none(func() string { m.Clear(); return "cleared" }),
	}, func() string { return text(m.ToMap()) }}
}

// joins is the first try of worn after which a delete of key 3 joins the segments.
var joins = sync.OnceValue(func() int {
	for try := range 500 {
		m := worn(try)
		before := m.Stats().Segments
		if m.Delete(3); m.Stats().Segments < before {
			return try
		}
	}
	return 0 // not woven: its segments are large
})

// worn returns a map in two segments from which all keys but 3 were deleted, in an order
// that try says.
func worn(try int) *concmap.Map[int, int] {
	sched.Reseed()
	m := filled(edge)
	m.Store(3, 9)
	for i := range edge {
		m.Delete(1000 + i*(2*try+1)%edge)
	}
	for i := range try / edge {
		m.Store(2000+i, 1)
		m.Delete(2000 + i)
	}
	return m
}

// parseChoices reads "5:1,9:1".
func parseChoices(text string) (map[int]int, error) {
	choices := map[int]int{}
	for part := range strings.SplitSeq(text, ",") {
		var at, chosen int
		if _, err := fmt.Sscanf(part, "%d:%d", &at, &chosen); err != nil {
			return nil, fmt.Errorf("a schedule is DECISION:CHOICE, separated by commas, got %q", text)
		}
		choices[at] = chosen
	}
	return choices, nil
}
