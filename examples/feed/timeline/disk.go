package timeline

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"example.com/flatline/examples/internal/wal"
)

// Disk is a Memory whose commands go through a log first. No timeline outlives the process,
// so a Disk that is opened has nothing to fan out: the floor of each new timeline covers it.
type Disk struct {
	*Memory
	log *wal.Machine[Command, Effects]
}

// OpenDisk opens the store in a directory. It takes a snapshot every so many commands.
func OpenDisk(dir string, every int64, opts wal.Options) (*Disk, error) {
	m := NewMemory()
	log, err := wal.OpenMachine(dir, m, every, opts)
	if err != nil {
		return nil, err
	}
	m.Forget()
	return &Disk{m, log}, nil
}

// Forget forgets which posts wait and which were not pushed, as a restart does. It is for
// when there is no timeline.
func (m *Memory) Forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range m.people.All() {
		p.waiting, p.skipped = nil, 0
	}
	m.late.Clear()
}

// do makes a command durable, and returns its effects.
func (d *Disk) do(ctx context.Context, c Command) (Effects, error) {
	e, err := d.log.Do(ctx, c)
	if err == nil {
		err = e.Err
	}
	return e, err
}

// Post implements Store.
func (d *Disk) Post(ctx context.Context, author, text string) (Post, error) {
	e, err := d.do(ctx, Command{Post: &Post{Author: author, Text: text}})
	return e.Post, err
}

// Delete implements Store.
func (d *Disk) Delete(ctx context.Context, author string, id ID) error {
	_, err := d.do(ctx, Command{Delete: &Post{Author: author, ID: id}})
	return err
}

// Change implements Store.
func (d *Disk) Change(ctx context.Context, e Edge) error {
	_, err := d.do(ctx, Command{Edge: &e})
	return err
}

// Close implements Store.
func (d *Disk) Close() error { return d.log.Close() }

// saved is what a snapshot begins with. As many persons follow.
type saved struct {
	Now    time.Time
	Last   uint64
	People int
}

type savedTurn struct {
	At int64
	turn
}

type savedPerson struct {
	Name    string
	Version uint64      `json:",omitempty"`
	Posts   []Post      `json:",omitempty"`
	Blocks  []string    `json:",omitempty"`
	Turns   []savedTurn `json:",omitempty"`
}

// Dump writes the state, but for what waits.
func (m *Memory) Dump(out *json.Encoder) error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if err := out.Encode(saved{m.now, m.ids.last, m.people.Len()}); err != nil {
		return err
	}
	for name, p := range m.people.All() {
		s := savedPerson{Name: name, Version: p.version}
		for _, id := range p.posts {
			post, _ := m.posts.Load(id)
			s.Posts = append(s.Posts, *post)
		}
		for b := range p.blocks.All() {
			s.Blocks = append(s.Blocks, b.name)
		}
		slices.Sort(s.Blocks)
		for t, v := range m.history.History(name) {
			s.Turns = append(s.Turns, savedTurn{t, v})
		}
		if err := out.Encode(s); err != nil {
			return err
		}
	}
	return nil
}

// Load reads what Dump wrote, into an empty store.
func (m *Memory) Load(in *json.Decoder) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var head saved
	if err := in.Decode(&head); err != nil {
		return err
	}
	m.now, m.ids.last = head.Now, head.Last
	for range head.People {
		var s savedPerson
		if err := in.Decode(&s); err != nil {
			return err
		}
		m.load(s)
	}
	return nil
}

// load makes a person. m.mu is held.
func (m *Memory) load(s savedPerson) {
	p := m.person(s.Name)
	p.version = s.Version
	for _, x := range s.Posts {
		x.Author = p.name
		p.posts = append(p.posts, x.ID)
		m.posts.Store(x.ID, &x)
	}
	for _, name := range s.Blocks {
		b := m.person(name)
		p.blocks.Insert(b)
		b.blocked.Insert(p)
	}
	for _, t := range s.Turns {
		a := m.person(t.Author)
		m.history.Set(p.name, t.At, t.turn)
		if t.On {
			p.follows.Insert(a)
			a.followers.Insert(p)
		} else {
			p.follows.Delete(a)
			a.followers.Delete(p)
		}
	}
}
