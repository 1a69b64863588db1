package timeline

import (
	"slices"
	"sync"
	"time"

	"example.com/flatline/concmap"
	"example.com/flatline/randset"
	"example.com/flatline/timemap"
)

// A Command is a change of a store. One field is set.
type Command struct {
	Post   *Post `json:",omitempty"` // of which Author and Text count
	Delete *Post `json:",omitempty"` // of which Author and ID count
	Edge   *Edge `json:",omitempty"`
}

// Effects are what a command answers.
type Effects struct {
	Post Post
	Err  error
}

// person is somebody.
type person struct {
	name      string
	follows   randset.Set[*person]
	followers randset.Set[*person]
	blocks    randset.Set[*person]
	blocked   randset.Set[*person] // by whom
	version   uint64
	posts     []ID // in ascending order
	waiting   []ID // for the fan-out, in ascending order
	skipped   ID   // the newest that was not pushed
}

// ceiling returns the newest of the posts that may be missing from a timeline.
func (p *person) ceiling() ID {
	if n := len(p.waiting); n > 0 {
		return max(p.skipped, p.waiting[n-1])
	}
	return p.skipped
}

// turn is that a reader began or ceased to follow an author.
type turn struct {
	Author string
	On     bool
}

// Memory is the state machine, and a store that ends with the process.
type Memory struct {
	people  concmap.Map[string, *person]
	posts   concmap.Map[ID, *Post]
	history *timemap.Sync[string, turn] // by reader

	mu   sync.RWMutex // of everything below, and of all persons
	now  time.Time
	ids  IDs
	late randset.Set[*person] // those with posts that wait
}

// NewMemory returns an empty store.
func NewMemory() *Memory {
	return &Memory{history: timemap.NewSync(timemap.Options[string, turn]{SameTime: timemap.KeepAll})}
}

// Apply changes the state by a command, at a time: it reads no clock, and gives the same
// effects for the same commands, so it is also the recovery of the log and the oracle of the
// tests. Times that go backwards count as the latest one. O(log n), but for the deletion of
// an old post, which moves the ids of its author's newer ones.
func (m *Memory) Apply(now time.Time, c Command) (e Effects) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now = now.UTC().Truncate(time.Microsecond) // as PostgreSQL keeps it
	if now.Before(m.now) {
		now = m.now
	}
	m.now = now
	switch {
	case c.Post != nil:
		e.Post = m.post(*c.Post)
	case c.Delete != nil:
		e.Err = m.remove(*c.Delete)
	case c.Edge != nil:
		e.Err = m.change(*c.Edge)
	}
	return e
}

// person returns somebody, who is known from now on. m.mu is held.
func (m *Memory) person(name string) *person {
	p, ok := m.people.Load(name)
	if !ok {
		p = &person{name: name}
		m.people.Store(name, p)
	}
	return p
}

func (m *Memory) post(p Post) Post {
	p.ID, p.At = m.ids.Next(m.now), m.now
	by := m.person(p.Author)
	p.Author = by.name // one string for all posts of an author
	by.posts = append(by.posts, p.ID)
	by.waiting = append(by.waiting, p.ID)
	m.late.Insert(by)
	m.posts.Store(p.ID, &p)
	return p
}

func (m *Memory) remove(p Post) error {
	old, ok := m.posts.Load(p.ID)
	switch {
	case !ok:
		return ErrNotFound
	case old.Author != p.Author:
		return ErrNotYours
	}
	m.posts.Delete(p.ID)
	by := m.person(p.Author)
	by.posts = without(by.posts, p.ID)
	m.settle(by, p.ID)
	return nil
}

// without removes an id from ids in ascending order.
func without(ids []ID, id ID) []ID {
	if i, ok := slices.BinarySearch(ids, id); ok {
		return slices.Delete(ids, i, i+1)
	}
	return ids
}

// settle ends the wait of a post. m.mu is held.
func (m *Memory) settle(by *person, id ID) {
	if by.waiting = without(by.waiting, id); len(by.waiting) == 0 {
		by.waiting = nil
		m.late.Delete(by)
	}
}

// change changes the graph. What a timeline cannot follow makes another version: posts of
// before that belong into it now.
func (m *Memory) change(e Edge) error {
	from, to := m.person(e.From), m.person(e.To)
	switch e.Kind {
	case Follow:
		if from.follows.Len() >= MaxFollows && !from.follows.Contains(to) {
			return ErrFull
		}
		if from.follows.Insert(to) {
			to.followers.Insert(from)
			from.version++
			m.history.Set(from.name, timemap.Time(m.now), turn{to.name, true})
		}
	case Unfollow:
		if from.follows.Delete(to) {
			to.followers.Delete(from)
			m.history.Set(from.name, timemap.Time(m.now), turn{to.name, false})
		}
	case Block:
		if from.blocks.Len() >= MaxFollows && !from.blocks.Contains(to) {
			return ErrFull
		}
		from.blocks.Insert(to)
		to.blocked.Insert(from)
	case Unblock:
		if from.blocks.Delete(to) {
			to.blocked.Delete(from)
			from.version++
			to.version++
		}
	}
	return nil
}
