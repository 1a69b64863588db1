package sched

import (
	"time"

	"example.com/flatline/ringbuffer"
	"example.com/flatline/timemap"
)

// status is what has become of a job.
type status struct {
	name    string
	version int64
	after   time.Time
	next    time.Time // zero if it is not known
	waits   bool      // for the end of a run
	open    []*Run    // that have not ended
	runs    *ringbuffer.Ring[*Run]
	made    int64
	missed  int64
	at      int // its place in the agenda
}

// ids returns those of the runs that have not ended.
func (s *status) ids() (all []string) {
	for _, r := range s.open {
		all = append(all, r.ID)
	}
	return all
}

// agenda is a heap: the ten packages have none, their promise is O(1).
type agenda []*status

func (a agenda) Len() int           { return len(a) }
func (a agenda) Less(i, j int) bool { return a[i].next.Before(a[j].next) }
func (a agenda) Swap(i, j int) {
	a[i], a[j] = a[j], a[i]
	a[i].at, a[j].at = i, j
}
func (a *agenda) Push(x any) { x.(*status).at = len(*a); *a = append(*a, x.(*status)) }
func (a *agenda) Pop() any {
	last := len(*a) - 1
	s := (*a)[last]
	(*a)[last] = nil
	*a = (*a)[:last]
	return s
}

// due returns what a leader reads. O(found), with the versions since a job was looked at.
func (m *Memory) due(now time.Time, n int) Due {
	d := Due{Now: now, Leader: m.leader}
	var walk func(i int)
	walk = func(i int) {
		if i >= len(m.agenda) || len(d.Jobs) == n {
			return
		}
		s := m.agenda[i]
		if s.next.After(now) {
			if d.Next.IsZero() || s.next.Before(d.Next) {
				d.Next = s.next
			}
			return
		}
		if !s.waits {
			p := Pending{Name: s.name, Version: s.version, After: s.after}
			if j, ok := m.defs.Get(s.name, timemap.Time(s.after)); ok {
				p.Versions = append(p.Versions, *j)
			}
			for at, j := range m.defs.Range(s.name, timemap.Time(s.after), timemap.Time(never)) {
				if at > timemap.Time(s.after) {
					p.Versions = append(p.Versions, *j)
				}
			}
			d.Jobs = append(d.Jobs, p)
		}
		walk(2*i + 1)
		walk(2*i + 2)
	}
	walk(0)
	return d
}
