package logs

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

// ErrBad is wrapped by the errors for input that is not accepted.
var ErrBad = errors.New("not accepted")

// A Query selects records. ParseQuery makes one; From and To may be set after.
type Query struct {
	From, To time.Time // from the first up to but without the second; zero is no bound

	levels  uint8 // a bit for each that is selected
	service string
	phrases []phrase
}

// phrase is a text that is in a record, between borders of words, or is not.
type phrase struct {
	text   string
	not    bool
	hashes []uint64 // of its words
}

// ParseQuery reads conditions that all must hold, with spaces between:
//
//	level>=error  level=warn  service=api  word  "a phrase"  -word  -"a phrase"
//
// A word or a phrase must be there between borders of words, in this case of letters.
// Errors wrap ErrBad.
func ParseQuery(s string) (*Query, error) {
	q := &Query{levels: 1<<levels - 1}
	if len(s) > 1<<10 {
		return nil, fmt.Errorf("%w: a query has at most %d bytes", ErrBad, 1<<10)
	}
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		not := strings.HasPrefix(s, "-")
		s = strings.TrimPrefix(s, "-")
		var text string
		if rest, ok := strings.CutPrefix(s, `"`); ok {
			if text, s, ok = strings.Cut(rest, `"`); !ok {
				return nil, fmt.Errorf("%w: a quotation mark is not closed", ErrBad)
			}
		} else {
			text, s, _ = strings.Cut(s, " ")
			if name, value, ok := strings.Cut(text, "="); ok {
				if err := q.field(name, value, not); err != nil {
					return nil, err
				}
				continue
			}
		}
		if text == "" {
			return nil, fmt.Errorf("%w: a phrase is empty", ErrBad)
		}
		p := phrase{text: text, not: not}
		words(text, func(h uint64) { p.hashes = append(p.hashes, h) })
		q.phrases = append(q.phrases, p)
	}
	return q, nil
}

func (q *Query) field(name, value string, not bool) error {
	level, ok := ParseLevel(value)
	var bits uint8
	switch {
	case name == "service" && !not && value != "" && q.service == "":
		q.service = value
		return nil
	case name == "level" && ok:
		bits = 1 << level
	case name == "level>" && ok:
		bits = (1<<levels - 1) &^ (1<<level - 1)
	case name == "level<" && ok:
		bits = 1<<(level+1) - 1
	default:
		return fmt.Errorf(`%w: %.80q is neither level>=NAME, level<=NAME, level=NAME, nor one service=NAME; to search for it, put it into quotation marks`, ErrBad, name+"="+value)
	}
	if not {
		bits = ^bits
	}
	q.levels &= bits
	return nil
}

// Match reports whether a record is selected.
func (q *Query) Match(l *Line) bool {
	if !q.From.IsZero() && l.Time.Before(q.From) || !q.To.IsZero() && !l.Time.Before(q.To) {
		return false
	}
	return (q.service == "" || q.service == l.Service) && q.matches(l.Level, l.Text)
}

func (q *Query) matches(l Level, text string) bool {
	if q.levels&(1<<l) == 0 {
		return false
	}
	for i := range q.phrases {
		if p := &q.phrases[i]; contains(text, p.text) == p.not {
			return false
		}
	}
	return true
}

// span returns the microseconds of a day that are selected.
func (q *Query) span(d int32) (from, to uint64) {
	const whole = uint64(day / time.Microsecond)
	micro := func(t time.Time, absent uint64) uint64 {
		if t.IsZero() {
			return absent
		}
		begin := timeOf(d, 0)
		us := t.Sub(begin).Microseconds()
		if t.Sub(begin)%time.Microsecond > 0 {
			us++ // times are stored to the microsecond: the first one that is not before t
		}
		return uint64(min(max(us, 0), int64(whole)))
	}
	return micro(q.From, 0), micro(q.To, whole)
}

// may reports whether a block with this filter can have a record that is selected.
func (q *Query) may(f filter) bool {
	for i := range q.phrases {
		if p := &q.phrases[i]; !p.not {
			for _, h := range p.hashes {
				if !f.may(h) {
					return false
				}
			}
		}
	}
	return true
}

// filters reports whether a filter can tell anything.
func (q *Query) filters() bool {
	for i := range q.phrases {
		if p := &q.phrases[i]; !p.not && len(p.hashes) > 0 {
			return true
		}
	}
	return false
}

// days returns the days that a query selects.
func (q *Query) days() (first, last int32) {
	last = math.MaxInt32
	if q.From.After(timeOf(0, 0)) {
		first, _ = dayOf(q.From)
	}
	if !q.To.IsZero() {
		last, _ = dayOf(q.To)
	}
	return first, last
}
