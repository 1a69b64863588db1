// Package shorttest checks that a short.Store is one: every store passes the same tests.
package shorttest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/flatline/examples/urlshort/short"
)

// Run checks the stores that open returns, which begin empty.
func Run(t *testing.T, open func(t testing.TB) short.Store) {
	for name, test := range map[string]func(*testing.T, short.Store){
		"lease":    lease,
		"one wins": oneWins,
		"versions": versions,
		"edits":    edits,
		"clicks":   clicks,
		"strict":   strict,
		"bytes":    sameBytes,
		"model":    model,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

var now time.Time // the zero time: the newest version

func create(t testing.TB, s short.Store, code, url string) short.Link {
	t.Helper()
	l, err := s.Create(t.Context(), short.Link{Code: code, URL: url})
	require.NoError(t, err)
	return l
}

// lease: no counter is in two leases, and all leases have one key.
func lease(t *testing.T, s short.Store) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	seen, keys := map[uint64]bool{}, map[short.Key]bool{}
	for range 8 {
		wg.Go(func() {
			for n := range uint64(5) {
				l, err := s.Lease(t.Context(), n+1)
				if !assert.NoError(t, err) {
					return
				}
				mu.Lock()
				keys[l.Key] = true
				for i := range n + 1 {
					assert.False(t, seen[l.First+i], "counter %d was leased twice", l.First+i)
					seen[l.First+i] = true
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	assert.Len(t, seen, 8*15)
	assert.Len(t, keys, 1)
}

// oneWins: of many that create one code, one does.
func oneWins(t *testing.T, s short.Store) {
	var wg sync.WaitGroup
	errs := make([]error, 30)
	for i := range errs {
		wg.Go(func() {
			_, errs[i] = s.Create(t.Context(), short.Link{Code: "same", URL: fmt.Sprint("https://a.example/", i)})
		})
	}
	wg.Wait()
	won := -1
	for i, err := range errs {
		if err == nil {
			assert.Negative(t, won, "two have created it")
			won = i
		} else {
			assert.ErrorIs(t, err, short.ErrTaken)
		}
	}
	l, err := s.Get(t.Context(), "same", now)
	require.NoError(t, err)
	assert.Equal(t, fmt.Sprint("https://a.example/", won), l.URL)
}

// versions: what a code meant at each time can be read, deletion included.
func versions(t *testing.T, s short.Store) {
	l := create(t, s, "v", "https://a.example/1")
	assert.EqualValues(t, 1, l.Version)
	assert.Equal(t, l.Created, l.Updated)
	_, err := s.Get(t.Context(), "v", l.Created.Add(-time.Microsecond))
	assert.ErrorIs(t, err, short.ErrNotFound, "before it was created")
	all := []short.Link{l}
	for i := range 4 {
		change := short.Link{URL: fmt.Sprint("https://a.example/", i+2), Max: int64(i), Deleted: i == 3}
		if i == 1 {
			change.Expires = time.Date(2030, 1, 2, 3, 4, 5, 6000, time.UTC)
		}
		next, err := s.Update(t.Context(), "v", l.Version, change)
		require.NoError(t, err)
		assert.Equal(t, l.Created, next.Created)
		assert.False(t, next.Updated.Before(l.Updated))
		assert.Equal(t, l.Version+1, next.Version)
		assert.Equal(t, change.Expires, next.Expires)
		assert.Equal(t, change.Max, next.Max)
		l = next
		all = append(all, l)
		time.Sleep(time.Millisecond) // so that each version has a time of its own
	}
	got, err := s.Get(t.Context(), "v", now)
	require.NoError(t, err)
	assert.Equal(t, l, got)
	for i, v := range all {
		if i+1 < len(all) && all[i+1].Updated.Equal(v.Updated) {
			continue
		}
		got, err := s.Get(t.Context(), "v", v.Updated)
		require.NoError(t, err)
		assert.Equal(t, v, got)
	}
	_, err = s.Create(t.Context(), short.Link{Code: "v", URL: "https://b.example"})
	assert.ErrorIs(t, err, short.ErrTaken, "a deleted code stays taken")
	_, err = s.Update(t.Context(), "v", l.Version, short.Link{URL: "https://b.example"})
	assert.ErrorIs(t, err, short.ErrGone)
}

// edits: an edit that has not seen the version before it changes nothing; of many at once
// one succeeds.
func edits(t *testing.T, s short.Store) {
	create(t, s, "e", "https://a.example/")
	var wg sync.WaitGroup
	errs := make([]error, 12)
	for i := range errs {
		wg.Go(func() {
			_, errs[i] = s.Update(t.Context(), "e", 1, short.Link{URL: fmt.Sprint("https://a.example/", i)})
		})
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else {
			assert.ErrorIs(t, err, short.ErrVersion)
		}
	}
	assert.Equal(t, 1, won)
	for _, v := range []int64{0, 1, 3, -1} {
		_, err := s.Update(t.Context(), "e", v, short.Link{URL: "https://b.example"})
		assert.ErrorIs(t, err, short.ErrVersion)
	}
	_, err := s.Update(t.Context(), "none", 1, short.Link{URL: "https://b.example"})
	assert.ErrorIs(t, err, short.ErrNotFound)
	_, err = s.Get(t.Context(), "none", now)
	assert.ErrorIs(t, err, short.ErrNotFound)
}

// clicks: a batch counts once, whoever sends it how often, in its minutes.
func clicks(t *testing.T, s short.Store) {
	create(t, s, "a", "https://a.example")
	create(t, s, "b", "https://b.example")
	one := short.Batch{Node: "n1", Number: 1, Counts: []short.Count{{Code: "a", Minute: 10, N: 3}, {Code: "b", Minute: 10, N: 1}, {Code: "none", Minute: 10, N: 7}}}
	two := short.Batch{Node: "n1", Number: 2, Counts: []short.Count{{Code: "a", Minute: 10, N: 1}, {Code: "a", Minute: 12, N: 5}}}
	other := short.Batch{Node: "n2", Number: 1, Counts: []short.Count{{Code: "a", Minute: 9, N: 2}}}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { assert.NoError(t, s.Count(t.Context(), one)) })
	}
	wg.Wait()
	for _, b := range []short.Batch{two, one, other, two, other} {
		require.NoError(t, s.Count(t.Context(), b))
	}
	for code, want := range map[string]int64{"a": 11, "b": 1} {
		l, err := s.Get(t.Context(), code, now)
		require.NoError(t, err)
		assert.Equal(t, want, l.Clicks, code)
	}
	got, err := s.Clicks(t.Context(), "a", 9, 12)
	require.NoError(t, err)
	assert.Equal(t, []short.Count{{Minute: 9, N: 2}, {Minute: 10, N: 4}, {Minute: 12, N: 5}}, got)
	got, err = s.Clicks(t.Context(), "a", 10, 11)
	require.NoError(t, err)
	assert.Equal(t, []short.Count{{Minute: 10, N: 4}}, got)
	got, err = s.Clicks(t.Context(), "none", 0, 100)
	require.NoError(t, err)
	assert.Empty(t, got)
}

// strict: of many clicks at once no more than the maximum are admitted.
func strict(t *testing.T, s short.Store) {
	_, err := s.Create(t.Context(), short.Link{Code: "max", URL: "https://a.example", Max: 5})
	require.NoError(t, err)
	var wg sync.WaitGroup
	var mu sync.Mutex
	admitted := 0
	for range 12 {
		wg.Go(func() {
			err := s.Count(t.Context(), short.Batch{Strict: true, Counts: []short.Count{{Code: "max", Minute: 1, N: 1}}})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				admitted++
			} else {
				assert.ErrorIs(t, err, short.ErrSpent)
			}
		})
	}
	wg.Wait()
	assert.Equal(t, 5, admitted)
	l, err := s.Get(t.Context(), "max", now)
	require.NoError(t, err)
	assert.EqualValues(t, 5, l.Clicks)
}

// sameBytes: codes that a collation takes for equal are different, and long URLs that
// differ in the last byte too.
func sameBytes(t *testing.T, s short.Store) {
	long := "https://a.example/" + strings.Repeat("x", 4000)
	for i, code := range []string{"abc", "Abc", "ABC", "a-bc", "a_bc"} {
		create(t, s, code, long+fmt.Sprint(i))
	}
	for i, code := range []string{"abc", "Abc", "ABC", "a-bc", "a_bc"} {
		l, err := s.Get(t.Context(), code, now)
		require.NoError(t, err)
		assert.Equal(t, long+fmt.Sprint(i), l.URL)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Create(ctx, short.Link{Code: "late", URL: "https://a.example"}); err != nil {
		_, err = s.Get(t.Context(), "late", now)
		assert.ErrorIs(t, err, short.ErrNotFound, "what was refused is not there")
	}
}

// model: random commands answer as those of the state machine do. Of times it compares
// only their order, since the stores read clocks of their own.
func model(t *testing.T, s short.Store) {
	oracle := short.NewMemory()
	at := time.Unix(1, 0)
	round := 0
	same := func(t *rapid.T, what string, got, want short.Link, err, wantErr error) {
		if wantErr != nil {
			for _, e := range []error{short.ErrNotFound, short.ErrTaken, short.ErrVersion, short.ErrGone, short.ErrSpent} {
				require.Equal(t, errors.Is(wantErr, e), errors.Is(err, e), "%s: %v, not %v", what, err, wantErr)
			}
			return
		}
		require.NoError(t, err, what)
		got.Created, got.Updated, want.Created, want.Updated = now, now, now, now
		require.Equal(t, want, got, what)
	}
	rapid.Check(t, func(t *rapid.T) {
		round++
		for range rapid.IntRange(1, 6).Draw(t, "steps") {
			at = at.Add(time.Second)
			code := fmt.Sprint(round, rapid.SampledFrom([]string{"x", "y"}).Draw(t, "code"))
			l := short.Link{Code: code, URL: fmt.Sprint("https://a.example/", round), Max: rapid.Int64Range(0, 3).Draw(t, "max")}
			switch op := rapid.IntRange(0, 4).Draw(t, "op"); op {
			case 0:
				got, err := s.Create(t.Context(), l)
				e := oracle.Apply(at, short.Command{Create: &l})
				same(t, "create", got, e.Link, err, e.Err)
			case 1:
				l.Version, l.Deleted = rapid.Int64Range(1, 3).Draw(t, "version"), rapid.IntRange(0, 3).Draw(t, "delete") == 0
				got, err := s.Update(t.Context(), code, l.Version, l)
				e := oracle.Apply(at, short.Command{Update: &l})
				same(t, "update", got, e.Link, err, e.Err)
			default:
				b := short.Batch{
					Node: fmt.Sprint("m", rapid.IntRange(1, 2).Draw(t, "node")), Number: rapid.Int64Range(1, 4).Draw(t, "number") + int64(round)*2,
					Strict: op == 4, Counts: []short.Count{{Code: code, Minute: rapid.Int64Range(1, 2).Draw(t, "minute"), N: 1}},
				}
				err := s.Count(t.Context(), b)
				e := oracle.Apply(at, short.Command{Count: &b})
				same(t, "count", short.Link{}, short.Link{}, err, e.Err)
			}
			got, err := s.Get(t.Context(), code, now)
			want, wantErr := oracle.Get(t.Context(), code, now)
			same(t, "get", got, want, err, wantErr)
			counts, err := s.Clicks(t.Context(), code, 0, 9)
			require.NoError(t, err)
			wantCounts, _ := oracle.Clicks(t.Context(), code, 0, 9)
			require.Equal(t, append([]short.Count{}, wantCounts...), append([]short.Count{}, counts...))
		}
	})
}
