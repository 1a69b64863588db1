package server

// A kind says how a victim is chosen.
type kind uint8

const (
	byNothing  kind = iota
	byAge           // least recently used
	byUses          // used least often; of several, longest ago
	byChance        // any, each with the same probability
	byDeadline      // the nearest deadline
)

// A policy chooses the victims when memory is full. All policies are exact: the victim is
// the first of all keys in the policy's order, not of a sample.
type policy struct {
	kind  kind
	timed bool // only keys with a deadline are evicted
}

// policies by the names of Redis, in the order in which Redis lists them in errors.
var policies = []struct {
	name string
	policy
}{
	{"volatile-lru", policy{byAge, true}},
	{"volatile-lfu", policy{byUses, true}},
	{"volatile-random", policy{byChance, true}},
	{"volatile-ttl", policy{byDeadline, true}},
	{"allkeys-lru", policy{byAge, false}},
	{"allkeys-lfu", policy{byUses, false}},
	{"allkeys-random", policy{byChance, false}},
	{"noeviction", policy{}},
}

// ranked reports whether the keys with a deadline have a separate order of use.
func (p policy) ranked() bool { return p.timed && (p.kind == byAge || p.kind == byUses) }

// victim returns the next item to evict, nil if the policy finds none.
func (sh *shard) victim() *item {
	switch p := sh.policy; {
	case p.kind == byNothing:
		return nil
	case p.kind == byChance && p.timed:
		it, _ := sh.timed.Random()
		return it
	case p.kind == byChance:
		it, _ := sh.keys.Random()
		return it
	case p.kind == byDeadline:
		if len(sh.soon.items) == 0 {
			return nil
		}
		return sh.soon.items[0]
	case p.timed:
		return sh.rank.first()
	default:
		return sh.dict.first()
	}
}

// evict evicts keys until the shard is within its limit, and reports whether it is.
func (s *session) evict(sh *shard, limit int64) bool {
	for sh.used > limit {
		it := sh.victim()
		if it == nil {
			return false
		}
		sh.evicted++
		s.drop(sh, it)
		s.notify(notifyEvicted, "evicted", it.key)
	}
	return true
}
