package config

import (
	"encoding/json"
	"slices"
	"time"
)

// saved is what a snapshot begins with. As many items follow, then the events.
type saved struct {
	Now        time.Time
	Rev, Floor int64
	Chain      chain
	Items      int
	Events     int
}

// savedItem is a version of a key in a snapshot.
type savedItem struct {
	Ref
	Item
}

// Dump writes the state, but for the audit, of which it has the end.
func (m *Memory) Dump(out *json.Encoder) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	rev := m.rev.Load()
	var items []savedItem
	for r := range m.items.Keys() {
		for _, it := range m.items.History(r) {
			items = append(items, savedItem{r, *it})
		}
	}
	events, _ := m.events.since(max(m.events.begin-1, rev-keepEvents), keepEvents)
	if err := out.Encode(saved{m.now, rev, m.floor.Load(), m.chain, len(items), len(events)}); err != nil {
		return err
	}
	for _, it := range items {
		if err := out.Encode(it); err != nil {
			return err
		}
	}
	for _, e := range events {
		if err := out.Encode(e); err != nil {
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
	m.now, m.chain = head.Now, head.Chain
	m.rev.Store(head.Rev)
	m.floor.Store(head.Floor)
	var systems []int64 // revisions that changed it
	for range head.Items {
		var it savedItem
		if err := in.Decode(&it); err != nil {
			return err
		}
		m.items.Set(it.Ref, it.Rev, &it.Item)
		if it.system() {
			systems = append(systems, it.Rev)
		}
	}
	m.events = newFeed[Event](keepEvents, head.Rev-int64(head.Events)+1)
	m.audit = newFeed[Record](keepRecords, head.Chain.N+1)
	for range head.Events {
		var e Event
		if err := in.Decode(&e); err != nil {
			return err
		}
		m.events.push(e)
	}
	slices.Sort(systems)
	for _, rev := range slices.Compact(systems) {
		sys, _ := newSystem(rev, m.valuesAt(rev)) // was valid
		m.system.Set(struct{}{}, rev, sys)
	}
	return nil
}
