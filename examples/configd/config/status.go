package config

import (
	"cmp"
	"slices"
	"time"
)

// Status is what the page shows.
type Status struct {
	Now     time.Time                   `json:"now"`
	Rev     int64                       `json:"rev"`
	Who     string                      `json:"who"`
	Open    bool                        `json:"open"`   // there are no tokens
	Envs    []envStatus                 `json:"envs"`   // each after those that it inherits from
	Values  map[string]map[string]Value `json:"values"` // by key and environment, the first keys
	Keys    int                         `json:"keys"`
	Events  []Event                     `json:"events"`  // the newest first
	Clients []clientStatus              `json:"clients"` // those that are furthest behind first
}

type envStatus struct {
	Name string `json:"name"`
	Env
	Depth int `json:"depth"`
}

type clientStatus struct {
	Name  string    `json:"name"`
	Env   string    `json:"env"`
	Addr  string    `json:"addr"`
	Rev   int64     `json:"rev"`
	Begun time.Time `json:"begun"`
}

const (
	shownKeys   = 200
	shownEvents = 30
)

// status shows everything that a caller may see, for the page.
func (s *server) status(r *request) (any, error) {
	st := Status{
		Now: time.Now(), Rev: r.now.Rev, Who: r.who.name, Open: len(r.now.Tokens) == 0,
		Envs: []envStatus{}, Values: map[string]map[string]Value{}, Clients: []clientStatus{},
	}
	names := r.now.tree("", nil)
	for _, name := range names {
		if !r.who.reads(name) {
			continue
		}
		chain, _ := r.now.chain(name)
		st.Envs = append(st.Envs, envStatus{name, r.now.Envs[name], len(chain) - 1})
		values, err := r.values(r.now, name, "")
		if err != nil {
			return nil, err
		}
		for key, x := range values {
			if st.Values[key] == nil {
				st.Values[key] = map[string]Value{}
			}
			st.Values[key][name] = x
		}
	}
	st.Keys = len(st.Values)
	keys := make([]string, 0, len(st.Values))
	for key := range st.Values {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys[min(len(keys), shownKeys):] {
		delete(st.Values, key)
	}
	events, err := s.store.Since(r.Context(), max(0, r.now.Rev-shownEvents), shownEvents)
	if err != nil {
		events = nil // they were compacted
	}
	st.Events = r.who.events(events, r.now.System)
	slices.Reverse(st.Events)
	for _, x := range s.sessions.All() {
		if r.who.reads(x.env) {
			st.Clients = append(st.Clients, clientStatus{x.name, x.env, x.addr, x.rev.Load(), x.begun})
		}
	}
	slices.SortFunc(st.Clients, func(a, b clientStatus) int {
		return cmp.Or(cmp.Compare(a.Rev, b.Rev), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Addr, b.Addr))
	})
	return st, nil
}

// tree adds the environments below one, each followed by those that inherit from it.
func (s *System) tree(parent string, all []string) []string {
	var names []string
	for name, e := range s.Envs {
		if e.Parent == parent {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		all = s.tree(name, append(all, name))
	}
	return all
}
