package config

import (
	"context"
	"encoding/json"

	"example.com/flatline/lru"
)

// Render is for the simulation: what a watcher who may see everything is sent of an event.
func Render(s Store, env string, e Event) (u *Update, reset bool, err error) {
	x := server{store: s, updates: lru.NewSync[shownKey, rendered](1)}
	r, err := x.render(context.Background(), env, caller{Role: Admin}, e)
	if err == nil && r.data != nil {
		err = json.Unmarshal(r.data, &u)
	}
	return u, r.reset, err
}

// Forge returns the line of the audit for a record, with the hash that goes with it.
func Forge(r *Record) []byte {
	r.Hash = r.sum()
	line, _ := encode(*r)
	return line
}
