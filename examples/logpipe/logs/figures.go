package logs

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"example.com/flatline/slidingmax"
	"example.com/flatline/timemap"
)

const (
	keepFor  = time.Hour // what charts and alerts look back
	maxRules = 100
)

// A Rule is an alert: more than so many records that a query selects have arrived within a
// time.
type Rule struct {
	Name  string
	Text  string // of the query
	Above uint64
	In    time.Duration

	query *Query
}

// ParseRule reads "NAME: QUERY > N in DURATION", such as "api: level>=error > 10 in 1m".
func ParseRule(s string) (r Rule, err error) {
	name, rest, _ := strings.Cut(s, ":")
	i := strings.LastIndex(rest, ">")
	if i < 0 {
		return r, fmt.Errorf("%w: a rule is NAME: QUERY > N in DURATION, got %.200q", ErrBad, s)
	}
	above, in, _ := strings.Cut(strings.TrimSpace(rest[i+1:]), " in ")
	r = Rule{Name: strings.TrimSpace(name), Text: strings.TrimSpace(rest[:i])}
	if r.Name == "" || label(r.Name) != r.Name {
		return r, fmt.Errorf("%w: the name of a rule has 1 to 64 letters, digits and ._-, got %.80q", ErrBad, r.Name)
	}
	if r.query, err = ParseQuery(r.Text); err != nil {
		return r, err
	}
	if r.Above, err = strconv.ParseUint(above, 10, 64); err == nil {
		r.In, err = time.ParseDuration(strings.TrimSpace(in))
	}
	if err != nil || r.In < time.Second || r.In > keepFor {
		return r, fmt.Errorf("%w: a rule ends with > N in DURATION, from 1s to %v, got %.80q", ErrBad, keepFor, rest[i:])
	}
	return r, nil
}

// An Alert is the state of a rule.
type Alert struct {
	Name   string `json:"name"`
	Query  string `json:"query"`
	Count  uint64 `json:"count"` // within the time, by weight
	Above  uint64 `json:"above"`
	In     string `json:"in"`
	Firing bool   `json:"firing"`
}

// figures are counts over the last hour, by the time of arrival: of each level, and of each
// rule. A count is the difference between two moments of a sum that only grows.
type figures struct {
	rules []Rule

	mu      sync.Mutex
	now     int64                         // the latest second
	history timemap.Map[string, uint64]   // sums of weights
	second  int64                         // records that arrived in it
	peak    *slidingmax.TimeWindow[int64] // records in a second
}

func newFigures(rules []Rule) *figures {
	return &figures{rules: rules, peak: slidingmax.NewTimeWindow[int64](time.Minute)}
}

func ruleKey(name string) string { return "alert " + name }

// add counts records of a batch, in of which came in.
func (f *figures) add(now time.Time, in int, lines []Line) {
	sums := map[string]uint64{}
	for i := range lines {
		l := &lines[i]
		sums[l.Level.String()] += uint64(l.Weight)
		for _, r := range f.rules {
			if r.query.Match(l) {
				sums[ruleKey(r.Name)] += uint64(l.Weight)
			}
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if s := now.Unix(); s > f.now {
		f.now, f.second = s, 0
		f.history.CompactBefore(s - int64(keepFor/time.Second))
	}
	for k, n := range sums {
		last, _ := f.history.Latest(k)
		f.history.Set(k, f.now, last.Value+n)
	}
	f.second += int64(in)
	f.peak.Push(time.Unix(f.now, 0), f.second)
}

// count returns how many records arrived after one second up to another one. The caller
// holds the lock.
func (f *figures) count(key string, after, to int64) uint64 {
	a, _ := f.history.Get(key, after)
	b, _ := f.history.Get(key, to)
	return b - a
}

// alerts returns the state of each rule.
func (f *figures) alerts(now time.Time) (all []Alert) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := max(now.Unix(), f.now)
	for _, r := range f.rules {
		n := f.count(ruleKey(r.Name), s-int64(r.In/time.Second), s)
		all = append(all, Alert{r.Name, r.Text, n, r.Above, r.In.String(), n > r.Above})
	}
	return all
}

// A Bar is the number of records that arrived in a minute, of each level.
type Bar struct {
	At     time.Time      `json:"at"` // the beginning of the minute
	Levels [levels]uint64 `json:"levels"`
}

// chart returns the last hour, and the maximum of records in a second of the last minute.
func (f *figures) chart(now time.Time) (bars []Bar, peak int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	const minute = 60
	last := max(now.Unix(), f.now) / minute
	for m := last - 59; m <= last; m++ {
		b := Bar{At: time.Unix(m*minute, 0).UTC()}
		for l := range levels {
			b.Levels[l] = f.count(levelNames[l], m*minute-1, m*minute+minute-1)
		}
		bars = append(bars, b)
	}
	peak, _ = f.peak.Max(time.Unix(max(now.Unix(), f.now), 0))
	return bars, peak
}
