package lru

import (
	"math"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// writes are the operations that a loop over the cache may make, too.
func (d *driver) writes() map[string]func(*rapid.T) {
	o, c := d.o, d.c
	return map[string]func(*rapid.T){
		"Get": func(t *rapid.T) {
			d.tick()
			k := d.key.Draw(t, "k")
			v, ok := c.Get(k)
			wantV, want := o.get(k)
			require.Equal(t, want, ok)
			require.Equal(t, wantV, v)
		},
		"Put": func(t *rapid.T) {
			k, v := d.key.Draw(t, "k"), d.value.Draw(t, "v")
			d.tickToPut(d.life(k, v))
			evicted := c.Put(k, v)
			require.Equal(t, o.put(t, k, v, d.weigh(k, v), d.life(k, v)), evicted)
		},
		"PutTTL": func(t *rapid.T) {
			if o.quiet {
				return // the oracle could not follow
			}
			k, v := d.key.Draw(t, "k"), d.value.Draw(t, "v")
			ttl := rapid.OneOf(rapid.Int64Range(-1, 20), rapid.Just(int64(math.MaxInt64))).Draw(t, "ttl")
			d.tickToPut(ttl)
			evicted := c.PutTTL(k, v, time.Duration(ttl))
			if ttl == 0 {
				ttl = -1
			}
			require.Equal(t, o.put(t, k, v, d.weigh(k, v), ttl), evicted)
		},
		"Compute": func(t *rapid.T) {
			k, v := d.key.Draw(t, "k"), d.value.Draw(t, "v")
			op := rapid.SampledFrom([]Op{Keep, Update, Remove}).Draw(t, "op")
			d.tick()
			was, old := o.live(k), ""
			if was {
				old, _ = o.book.Peek(k)
			}
			got, present := c.Compute(k, func(v0 string, loaded bool) (string, Op) {
				require.Equal(t, was, loaded)
				require.Equal(t, old, v0)
				return v, op
			})
			want := old
			switch op {
			case Update:
				d.tickToPut(d.life(k, v))
				o.put(t, k, v, d.weigh(k, v), d.life(k, v))
				want = v
			case Remove:
				if o.has(k) {
					o.leave(t, k, Deleted)
				}
			}
			require.Equal(t, o.live(k), present)
			if present {
				require.Equal(t, want, got)
			} else {
				require.Empty(t, got)
			}
		},
		"DeleteFunc": func(t *rapid.T) {
			d.tick()
			rest := rapid.IntRange(0, 3).Draw(t, "rest")
			n := c.DeleteFunc(func(k int, v string) bool { return k%4 == rest })
			for _, p := range o.all() {
				if p.key%4 == rest {
					require.Equal(t, Deleted, o.leave(t, p.key, Deleted))
					n--
				}
			}
			require.Zero(t, n)
		},
		"Touch": func(t *rapid.T) {
			if o.quiet {
				return // the oracle could not follow
			}
			k := d.key.Draw(t, "k")
			ttl := rapid.OneOf(rapid.Int64Range(-1, 20), rapid.Just(int64(math.MaxInt64))).Draw(t, "ttl")
			d.tickToPut(ttl)
			o.timed = o.timed || ttl > 0
			require.Equal(t, o.live(k), c.Touch(k, time.Duration(ttl)))
			switch {
			case !o.live(k):
			case ttl <= 0:
				o.leave(t, k, Expired)
			default:
				o.begin(k, ttl)
			}
		},
		"Delete": func(t *rapid.T) {
			d.tick()
			k := d.key.Draw(t, "k")
			v, ok := c.Delete(k)
			wantV, _ := o.book.Peek(k)
			if !o.has(k) || o.leave(t, k, Deleted) == Expired {
				require.False(t, ok)
				require.Empty(t, v)
			} else {
				require.True(t, ok)
				require.Equal(t, wantV, v)
			}
		},
		"PopOldest": func(t *rapid.T) {
			d.tick()
			k, v, ok := c.PopOldest()
			p, want := o.oldest(t)
			require.Equal(t, want, ok)
			require.Equal(t, p, pair[int, string]{k, v})
			if ok {
				o.leave(t, k, Deleted)
			}
		},
		"Clear": func(t *rapid.T) {
			if rapid.IntRange(0, 4).Draw(t, "one in five") > 0 {
				return
			}
			d.tick()
			c.Clear()
			o.sweepAll(t)
			for o.book.Len() > 0 {
				p, _ := o.book.Oldest()
				o.leave(t, p.key, Cleared)
			}
		},
		"Resize": func(t *rapid.T) {
			d.tick()
			to := rapid.IntRange(1, 9).Draw(t, "to")
			evicted, err := c.Resize(to)
			require.NoError(t, err)
			require.Equal(t, o.resize(t, to), evicted)
			require.Equal(t, to, c.Cap())
		},
		"Len": func(t *rapid.T) {
			d.tick()
			n := c.Len()
			o.sweepAll(t)
			require.Equal(t, o.book.Len(), n)
		},
		"time passes": func(t *rapid.T) { d.clock += rapid.Int64Range(-3, 15).Draw(t, "by") },
	}
}
