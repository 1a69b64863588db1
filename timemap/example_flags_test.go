package timemap_test

import (
	"fmt"
	"time"

	"example.com/flatline/timemap"
)

// flags are the settings of a service, with their history.
type flags struct {
	history timemap.Sync[string, string]
	now     func() time.Time
}

func (f *flags) set(name, value string) { f.history.Append(name, timemap.Time(f.now()), value) }

func (f *flags) remove(name string) { f.history.AppendDelete(name, timemap.Time(f.now())) }

func (f *flags) asOf(name string, t time.Time) (string, bool) {
	return f.history.Get(name, timemap.Time(t))
}

// audit prints all changes of a flag.
func (f *flags) audit(name string) {
	for t, c := range f.history.Changes(name) {
		if c.Deleted {
			c.Value = "removed"
		}
		fmt.Println(timemap.TimeOf(t).Format(time.TimeOnly), name, c.Value)
	}
}

// rollback sets all flags to their values at t, by new changes.
func (f *flags) rollback(t time.Time) {
	past := f.history.AsOf(timemap.Time(t))
	for name := range f.history.Keys() {
		was, had := past.Get(name)
		is, has := f.history.Latest(name)
		switch {
		case had && (was != is.Value || !has):
			f.set(name, was)
		case has && !had:
			f.remove(name)
		}
	}
}

// Feature flags with a history: every change can be read, and undone.
func Example_flags() {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	f := &flags{now: func() time.Time { return now }}
	f.set("checkout", "old")
	before := now
	now = now.Add(time.Minute)
	f.set("checkout", "new")
	f.set("banner", "on")
	now = now.Add(-time.Hour) // the clock is stepped back: the removal is still the newest
	f.remove("checkout")

	fmt.Println(f.asOf("checkout", before))
	now = now.Add(2 * time.Hour)
	f.rollback(before)
	f.audit("checkout")
	f.audit("banner")
	f.history.CompactBefore(timemap.Time(now)) // earlier times are no longer needed
	fmt.Println(f.history.Versions())
	// Output:
	// old true
	// 12:00:00 checkout old
	// 12:01:00 checkout new
	// 12:01:00 checkout removed
	// 13:01:00 checkout old
	// 12:01:00 banner on
	// 13:01:00 banner removed
	// 1
}
