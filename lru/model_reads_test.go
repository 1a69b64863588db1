package lru

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// reads are the operations that change no entries, except that they may remove expired
// ones.
func (d *driver) reads() map[string]func(*rapid.T) {
	o, c := d.o, d.c
	return map[string]func(*rapid.T){
		"Peek": func(t *rapid.T) {
			d.tick()
			k := d.key.Draw(t, "k")
			require.Equal(t, o.live(k), c.Contains(k))
			v, ok := c.Peek(k)
			require.Equal(t, o.live(k), ok)
			if ok {
				want, _ := o.book.Peek(k)
				require.Equal(t, want, v)
			}
		},
		"PeekAll": func(t *rapid.T) {
			c, ok := c.(*Cache[int, string])
			if !ok {
				t.Skip("Sync and Sharded have none")
			}
			d.tick()
			keys := rapid.SliceOfN(d.key, 0, 40).Draw(t, "keys") // more than two batches
			values, found := make([]string, len(keys)+1), make([]bool, len(keys)+1)
			for i := range values {
				values[i], found[i] = "stale", i%2 == 0
			}
			n := c.PeekAll(keys, values, found)
			for i, k := range keys {
				require.Equal(t, o.live(k), found[i])
				want := ""
				if found[i] {
					want, _ = o.book.Peek(k)
					n--
				}
				require.Equal(t, want, values[i])
			}
			require.Zero(t, n)
			require.Equal(t, "stale", values[len(keys)], "beyond the keys")
		},
		"Expiry": func(t *rapid.T) {
			d.tick()
			k := d.key.Draw(t, "k")
			left, ok := c.Expiry(k)
			require.Equal(t, o.live(k), ok)
			switch deadline := o.deadlines[k]; {
			case !ok:
				require.Zero(t, left)
			case deadline == math.MaxInt64:
				require.Equal(t, time.Duration(math.MaxInt64), left)
			default:
				require.Equal(t, time.Duration(deadline-o.now), left)
			}
		},
		"DeleteExpired": func(t *rapid.T) {
			d.tick()
			limit := rapid.IntRange(-1, 3).Draw(t, "limit")
			n := c.DeleteExpired(limit)
			want := o.overdue()
			if limit > 0 {
				want = min(want, limit)
			}
			require.Equal(t, want, n)
			require.Equal(t, n, o.sweep(t, n))
		},
		"Oldest": func(t *rapid.T) {
			d.tick()
			k, v, ok := c.Oldest()
			p, want := o.oldest(t)
			require.Equal(t, want, ok)
			require.Equal(t, p, pair[int, string]{k, v})
		},
		"Cost": func(t *rapid.T) {
			d.tick()
			cost := c.Cost()
			o.sweepAll(t)
			require.Equal(t, o.cost(), cost)
		},
		"iterate": func(t *rapid.T) {
			d.tick()
			want := o.all()
			require.Equal(t, want, pairs(c.All()))
			keys, values := slices.Collect(c.Keys()), slices.Collect(c.Values())
			for i, p := range want {
				require.Equal(t, p, pair[int, string]{keys[i], values[i]})
			}
			require.Len(t, values, len(want))
			slices.Reverse(want)
			require.Equal(t, want, pairs(c.Backward()))
		},
	}
}

// loads are the operations that load absent values.
func (d *driver) loads() map[string]func(*rapid.T) {
	o, c := d.o, d.c
	return map[string]func(*rapid.T){
		"GetOrPut": func(t *rapid.T) {
			d.tick()
			k, v := d.key.Draw(t, "k"), d.value.Draw(t, "v")
			actual, loaded := c.GetOrPut(k, v)
			want, ok := o.get(k)
			require.Equal(t, ok, loaded)
			if !ok {
				d.tickToPut(d.life(k, v))
				o.put(t, k, v, d.weigh(k, v), d.life(k, v))
				want = v
			}
			require.Equal(t, want, actual)
		},
		"GetOrLoad": func(t *rapid.T) {
			c, ok := c.(loader[int, string])
			if !ok {
				t.Skip("not safe for concurrent use")
			}
			d.tick()
			k, v := d.key.Draw(t, "k"), d.value.Draw(t, "v")
			failure := errors.New("failed")
			if rapid.Bool().Draw(t, "succeeds") {
				failure = nil
			}
			got, err := c.GetOrLoad(context.Background(), k, func(context.Context, int) (string, error) { return v, failure })
			stale := o.stale(k)
			want, hit := o.get(k)
			switch {
			case hit:
				require.NoError(t, err)
				require.NoError(t, c.WaitLoads(context.Background()))
				if stale && failure != nil {
					o.errors++
				} else if stale {
					o.loads++
					o.put(t, k, v, d.weigh(k, v), d.life(k, v))
				}
			case failure != nil:
				o.errors++
				require.Equal(t, failure, err)
				return
			default:
				require.NoError(t, err)
				o.loads++
				d.tickToPut(d.life(k, v))
				o.put(t, k, v, d.weigh(k, v), d.life(k, v))
				want = v
			}
			require.Equal(t, want, got)
		},
		// Keys with repeats, some of them present, some due for a refresh. The loader
		// fails, or returns values for some of the keys and for others that were not
		// requested.
		"GetOrLoadAll": func(t *rapid.T) {
			c, ok := c.(loader[int, string])
			if !ok {
				t.Skip("not safe for concurrent use")
			}
			d.tick()
			keys := rapid.SliceOfN(d.key, 0, 6).Draw(t, "keys")
			brings := rapid.MapOfN(d.key, d.value, 0, 10).Draw(t, "brings")
			failure := errors.New("failed")
			if rapid.Bool().Draw(t, "succeeds") {
				failure = nil
			}
			var asked []int
			got, err := c.GetOrLoadAll(context.Background(), keys, func(_ context.Context, keys []int) (map[int]string, error) {
				asked = keys
				return brings, failure
			})
			require.NoError(t, c.WaitLoads(context.Background()))
			want, missed := map[int]string{}, false
			var load []int
			for i, k := range keys {
				if slices.Contains(keys[:i], k) {
					continue
				}
				stale := o.stale(k)
				if v, hit := o.get(k); hit {
					want[k] = v
				} else {
					missed = true
				}
				if _, hit := want[k]; !hit || stale {
					load = append(load, k)
				}
			}
			require.Equal(t, load, asked)
			for _, k := range load {
				v, ok := brings[k]
				switch {
				case failure != nil:
					o.errors++
				case ok:
					o.loads++
					d.tickToPut(d.life(k, v))
					o.put(t, k, v, d.weigh(k, v), d.life(k, v))
					if _, hit := want[k]; !hit {
						want[k] = v
					}
				}
			}
			if missed {
				require.Equal(t, failure, err)
			} else {
				require.NoError(t, err)
			}
			require.Equal(t, want, got)
		},
	}
}
