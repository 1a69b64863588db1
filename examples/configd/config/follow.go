package config

import (
	"errors"
	"maps"
)

// The errors of a Follower.
var (
	ErrBehind = errors.New("the server is behind what this client has")
	ErrGap    = errors.New("updates are missing")
)

// A Follower is what a client has, and decides what replaces it. It does no I/O. A bundle
// does not change: whoever reads one sees each revision as a whole.
type Follower struct{ have *Bundle }

// Have returns the newest bundle, or nil.
func (f *Follower) Have() *Bundle { return f.have }

// Load takes a bundle that was read. An older one than there is, from a server that is
// behind, is refused with ErrBehind (C6).
func (f *Follower) Load(b *Bundle) error {
	if f.have != nil && b.Rev < f.have.Rev {
		return ErrBehind
	}
	f.have = b
	return nil
}

// Apply takes an update that came from a watch after a revision, with none between. One
// that is known already changes nothing; ErrGap if there may be updates between what there
// is and the first of the watch.
func (f *Follower) Apply(after int64, u Update) error {
	switch {
	case f.have == nil || after > f.have.Rev:
		return ErrGap
	case u.Rev <= f.have.Rev:
		return nil
	}
	values := maps.Clone(f.have.Values)
	for _, c := range u.Changes {
		if c.Deleted {
			delete(values, c.Key)
			continue
		}
		values[c.Key] = c.Value
	}
	f.have = &Bundle{f.have.Env, u.Rev, values}
	return nil
}
