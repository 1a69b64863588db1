package server

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A modelKey is the model's data about a key.
type modelKey struct {
	name      string
	uses      int // since it is there
	timedUses int // since it has a deadline
	last      int // when it was used, as a count of uses
	at        int64
}

// A model finds the victim by looking at all keys.
type model struct {
	policy policy
	keys   map[string]*modelKey
	clock  int
	limit  int64
}

const modelValue = "0123456789"

func (m *model) used() (n int64) {
	for _, k := range m.keys {
		n += k.cost()
	}
	return n
}

func (m *model) use(k *modelKey) {
	m.clock++
	k.last = m.clock
	k.uses++
	if k.at != 0 {
		k.timedUses++
	}
}

func (m *model) expire(k *modelKey, at int64) {
	if k.at == 0 && at != 0 {
		k.timedUses = 1
	}
	k.at = at
}

// victim returns nil if no key may be evicted.
func (m *model) victim() *modelKey {
	var may []*modelKey
	for _, k := range m.keys {
		if k.at != 0 || !m.policy.timed {
			may = append(may, k)
		}
	}
	if len(may) == 0 || m.policy.kind == byNothing {
		return nil
	}
	return slices.MinFunc(may, func(a, b *modelKey) int {
		switch {
		case m.policy.kind == byAge:
			return a.last - b.last
		case m.policy.kind == byDeadline:
			return cmp.Compare(a.at, b.at)
		case m.policy.timed:
			return cmp.Or(a.timedUses-b.timedUses, a.last-b.last)
		default:
			return cmp.Or(a.uses-b.uses, a.last-b.last)
		}
	})
}

func (k *modelKey) cost() int64 {
	c := int64(16 + keyCost) // name and value are 13 bytes, and have room for 16
	if k.at != 0 {
		c += timedCost
	}
	return c
}

// follow removes from the model the keys that the server evicted at random, and checks
// that they were allowed to be evicted, and that none was evicted needlessly.
func (m *model) follow(t *rapid.T, srv *Server) {
	have, largest := srv.state(), int64(0)
	for name, k := range m.keys {
		if _, ok := have[name]; ok {
			continue
		}
		require.True(t, k.at != 0 || !m.policy.timed, "%s may not leave", name)
		largest = max(largest, k.cost())
		delete(m.keys, name)
	}
	require.Greater(t, m.used()+largest, m.limit, "somebody left for no reason")
	if m.used() > m.limit {
		for _, k := range m.keys {
			require.True(t, m.policy.timed && k.at == 0, "%s should have left", k.name)
		}
	}
}

// TestEvictionIsExact compares each victim with the model's. For the random policies any
// victim that the policy allows is correct.
func TestEvictionIsExact(t *testing.T) {
	for _, p := range policies {
		t.Run(p.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { evictLike(t, p.name, p.policy) })
		})
	}
}

func evictLike(t *rapid.T, name string, p policy) {
	m := &model{policy: p, keys: map[string]*modelKey{}, limit: int64(rapid.IntRange(200, 1500).Draw(t, "limit"))}
	c := newClock()
	srv, err := New(Options{Policy: name, MaxMemory: m.limit, now: c.now})
	require.NoError(t, err)
	defer srv.Close()
	s := srv.internalSession(fromClient)
	deadline := 10_000
	for range rapid.IntRange(1, 60).Draw(t, "steps") {
		key := fmt.Sprintf("k%02d", rapid.IntRange(0, 12).Draw(t, "key"))
		op := rapid.SampledFrom([]string{"SET", "SET", "GET", "EXPIRE", "PERSIST", "DEL", "SETEX", "TTL"}).Draw(t, "op")
		grows := strings.HasPrefix(op, "SET")
		deadline += 1 + rapid.IntRange(0, 5).Draw(t, "longer")

		// Before a command memory is below the limit, or no key may be evicted.
		full := false
		for m.used() > m.limit && !full {
			if p.kind == byChance {
				ask(s, "TTL", key) // evicts if necessary, as any command does, and changes nothing else
				m.follow(t, srv)
				full = m.used() > m.limit
				break
			}
			v := m.victim()
			if full = v == nil; !full {
				delete(m.keys, v.name)
			}
		}
		want, k := "", m.keys[key]
		at := c.now() + int64(deadline)*1000
		switch {
		case grows && full:
			want = "-" + errOOM + "\r\n"
		case grows:
			if k == nil {
				k = &modelKey{name: key}
				m.keys[key] = k
			}
			if op == "SET" {
				at = 0
			}
			m.use(k)
			m.expire(k, at)
			want = "+OK\r\n"
		case k == nil:
		case op == "GET":
			m.use(k)
		case op == "EXPIRE":
			m.use(k)
			m.expire(k, at)
		case op == "PERSIST":
			m.use(k)
			m.expire(k, 0)
		case op == "DEL":
			delete(m.keys, key)
		}
		var got string
		switch op {
		case "SET":
			got = ask(s, op, key, modelValue)
		case "SETEX":
			got = ask(s, op, key, fmt.Sprint(deadline), modelValue)
		case "EXPIRE":
			got = ask(s, op, key, fmt.Sprint(deadline))
		default:
			got = ask(s, op, key)
		}
		if want != "" {
			require.Equal(t, want, got)
		}
		require.ElementsMatch(t, slices.Collect(maps.Keys(m.keys)), slices.Collect(maps.Keys(srv.state())), "after %s %s", op, key)
		require.Equal(t, m.used(), srv.shards[0].used)
	}
}

// TestSmallerMaxMemoryHolds: CONFIG SET maxmemory evicts at once, and says so, without a
// write that needs the memory. A replica waits for its master to do it.
func TestSmallerMaxMemoryHolds(t *testing.T) {
	s := start(t, Options{Policy: "allkeys-lru", Shards: 2, Config: map[string]string{"notify-keyspace-events": "Ee"}})
	replica := stopped(t, Options{ReplicaOf: s.Addr().String(), Policy: "allkeys-lru"})
	c, seen := dial(t, s), dial(t, s)
	require.Equal(t, "[psubscribe * 1]", seen.do("PSUBSCRIBE *"))
	require.Equal(t, "OK", c.do("SET k v"))
	require.Equal(t, "OK", c.do("CONFIG SET maxmemory-policy noeviction maxmemory 1"), "with a policy that finds no key")
	require.Equal(t, "1", c.do("DBSIZE"))
	same(t, s, replica)
	own := replica.internalSession(fromClient)
	require.Equal(t, "+OK\r\n", words(own, "CONFIG SET maxmemory 1"))
	require.Equal(t, ":1\r\n", words(own, "DBSIZE"))
	require.Equal(t, "OK", c.do("CONFIG SET maxmemory 2 maxmemory-policy allkeys-lru"))
	require.Equal(t, "[pmessage * __keyevent@0__:evicted k]", seen.reply())
	require.Equal(t, "0", c.do("DBSIZE"))
	same(t, s, replica)

	require.Equal(t, "OK", c.do("CONFIG SET maxmemory 0"))
	for _, line := range []string{"MULTI", "SET k v", "CONFIG SET maxmemory 1", "EXISTS k"} {
		c.do(line)
	}
	require.Equal(t, "[OK OK 1]", c.do("EXEC"), "a transaction keeps what it has until its end")
	require.Equal(t, "0", c.do("DBSIZE"))
	same(t, s, replica)
}
