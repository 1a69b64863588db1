package timeline

import (
	"container/heap"
	"context"
	"slices"
	"time"

	"example.com/flatline/timemap"
)

// Post implements Store.
func (m *Memory) Post(_ context.Context, author, text string) (Post, error) {
	e := m.Apply(time.Now(), Command{Post: &Post{Author: author, Text: text}})
	return e.Post, e.Err
}

// Delete implements Store.
func (m *Memory) Delete(_ context.Context, author string, id ID) error {
	return m.Apply(time.Now(), Command{Delete: &Post{Author: author, ID: id}}).Err
}

// Change implements Store.
func (m *Memory) Change(_ context.Context, e Edge) error {
	return m.Apply(time.Now(), Command{Edge: &e}).Err
}

// View implements Store. O(followed authors).
func (m *Memory) View(_ context.Context, reader string) (View, error) {
	r, ok := m.people.Load(reader)
	if !ok {
		return View{}, nil
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	v := View{Version: r.version, Authors: make(map[string]ID, r.follows.Len())}
	for a := range r.follows.All() {
		if r.blocks.Contains(a) || r.blocked.Contains(a) {
			v.Excluded++
		} else {
			v.Authors[a.name] = a.ceiling()
		}
	}
	return v, nil
}

// run is what is left of an author's posts in a merge: the last one is the next.
type run []ID

// runs is a heap of runs by their next ids, the newest first.
type runs []run

func (h runs) Len() int           { return len(h) }
func (h runs) Less(i, j int) bool { return h[i][len(h[i])-1] > h[j][len(h[j])-1] }
func (h runs) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *runs) Push(x any)        { *h = append(*h, x.(run)) }
func (h *runs) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// Recent implements Store: a merge of k sorted lists, O(k + n log k).
func (m *Memory) Recent(_ context.Context, authors []string, before ID, n int) (ids []ID, err error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	h := make(runs, 0, len(authors))
	for _, name := range authors {
		if a, ok := m.people.Load(name); ok {
			if i, _ := slices.BinarySearch(a.posts, before); i > 0 {
				h = append(h, a.posts[:i])
			}
		}
	}
	heap.Init(&h)
	for len(ids) < n && len(h) > 0 {
		next := h[0]
		last := len(next) - 1
		ids = append(ids, next[last])
		if last == 0 {
			heap.Pop(&h)
		} else {
			h[0] = next[:last]
			heap.Fix(&h, 0)
		}
	}
	return ids, nil
}

// Posts implements Store. O(ids).
func (m *Memory) Posts(_ context.Context, ids []ID) (all []Post, err error) {
	for _, id := range ids {
		if p, ok := m.posts.Load(id); ok {
			all = append(all, *p)
		}
	}
	return all, nil
}

// Waiting implements Store. O(posts that wait).
func (m *Memory) Waiting(_ context.Context, n int) (ids []ID, err error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for p := range m.late.All() {
		ids = append(ids, p.waiting...)
	}
	slices.Sort(ids)
	return ids[:min(n, len(ids))], nil
}

// Audience implements Store. The readers are copied at one moment, so that no change of the
// set during a fan-out can hide one of them. O(followers), if they are at most most.
func (m *Memory) Audience(_ context.Context, id ID, most int) (Audience, error) {
	p, ok := m.posts.Load(id)
	if !ok {
		return Audience{}, ErrNotFound
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	by, _ := m.people.Load(p.Author)
	a := Audience{Author: p.Author, Followers: by.followers.Len()}
	if a.Followers <= most {
		a.Readers = make([]string, 0, a.Followers)
		for f := range by.followers.All() {
			a.Readers = append(a.Readers, f.name)
		}
	}
	return a, nil
}

// Settle implements Store.
func (m *Memory) Settle(_ context.Context, id ID, pushed bool) error {
	p, ok := m.posts.Load(id)
	if !ok {
		return nil // it was deleted, which ended its wait
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	by, _ := m.people.Load(p.Author)
	m.settle(by, id)
	if !pushed {
		by.skipped = max(by.skipped, id)
	}
	return nil
}

// Follows implements Store. O(edges that the reader has ever changed).
func (m *Memory) Follows(_ context.Context, reader string, at time.Time) (names []string, err error) {
	on := map[string]bool{}
	for t, v := range m.history.History(reader) {
		if t <= timemap.Time(at) {
			on[v.Author] = v.On
		}
	}
	for name, on := range on {
		if on {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// Since implements Store. O(edges that the reader has changed since).
func (m *Memory) Since(_ context.Context, reader, author string) (time.Time, bool, error) {
	for t, v := range m.history.Backward(reader) {
		if v.Author == author {
			return timemap.TimeOf(t).UTC(), v.On, nil
		}
	}
	return time.Time{}, false, nil
}

// Close implements Store.
func (m *Memory) Close() error { return nil }
