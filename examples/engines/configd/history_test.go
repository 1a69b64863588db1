package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/configd/config"
	"example.com/flatline/examples/configd/config/configtest"
	"example.com/flatline/examples/engines/internal/start"
	"example.com/flatline/examples/internal/wal"
)

// call is what a client of a history asks: to read both keys, or to set one.
type call struct {
	read  bool
	key   int
	value string
	base  int64
}

// reply is what it is answered.
type reply struct {
	rev      int64
	values   [2]string
	conflict bool
}

// shared is what all clients share: two keys, the revisions that set them, and the present
// revision.
type shared struct {
	rev    int64
	values [2]string
	set    [2]int64
}

// model says what a store that does one call at a time may answer.
func model(begin int64) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return shared{rev: begin} },
		Step: func(state, input, output any) (bool, any) {
			s, in, out := state.(shared), input.(call), output.(reply)
			if in.read {
				return out.rev == s.rev && out.values == s.values, s
			}
			if conflict := in.base != config.Any && s.set[in.key] > in.base; conflict || out.conflict {
				return conflict == out.conflict, s
			}
			s.rev++
			s.set[in.key], s.values[in.key] = s.rev, in.value
			return out.rev == s.rev, s
		},
		DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v: %+v", input, output) },
	}
}

var names = [2]string{"a", "b"}

// ask does a call.
func ask(s config.Store, in call) (out reply, err error) {
	ctx := context.Background()
	if !in.read {
		out.rev, err = s.Commit(ctx, in.base, []config.Op{configtest.Set("prod", names[in.key], in.value)}, config.Meta{})
		if out.conflict = errors.Is(err, config.ErrConflict); out.conflict {
			return reply{conflict: true}, nil
		}
		return out, err
	}
	v, err := s.Read(ctx, config.Now)
	if err != nil {
		return out, err
	}
	out.rev = v.Rev
	for i, name := range names {
		x, _, err := v.One("prod", name)
		if err != nil {
			return out, err
		}
		out.values[i] = string(x.Value)
	}
	return out, nil
}

// record returns a history of four clients, each on the node that of returns.
func record(t testing.TB, seed uint64, of func(client int) config.Store) (begin int64, all []porcupine.Operation) {
	begin = put(t, of(0), configtest.Set(config.Envs, "prod", "{}"))
	var mu sync.Mutex
	var wg sync.WaitGroup
	clock := time.Now()
	for client := range 4 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(client)))
			seen := begin
			for i := range 12 {
				in := call{read: r.IntN(3) == 0, key: r.IntN(2), value: strconv.Itoa(client*100 + i), base: seen}
				if in.read {
					in.key, in.value = 0, ""
				} else if r.IntN(5) == 0 {
					in.base = config.Any
				}
				from := time.Since(clock)
				runtime.Gosched() // or in memory one client would be done before the next begins
				out, err := ask(of(client), in)
				to := time.Since(clock)
				if !assert.NoError(t, err) {
					return
				}
				seen = max(seen, out.rev)
				mu.Lock()
				all = append(all, porcupine.Operation{ClientId: client, Input: in, Output: out, Call: int64(from), Return: int64(to)})
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return begin, all
}

// linearizable judges a history.
func linearizable(begin int64, all []porcupine.Operation) porcupine.CheckResult {
	return porcupine.CheckOperationsTimeout(model(begin), all, time.Minute)
}

// TestHistories: what concurrent clients are answered, on each store, is what a store that
// does one call at a time could have answered (C1). On etcd the clients are on two nodes.
func TestHistories(t *testing.T) {
	histories := 100
	if testing.Short() {
		histories = 10
	}
	check := func(t *testing.T, n int, open func() func(int) config.Store) {
		for seed := range uint64(n) {
			begin, all := record(t, seed, open())
			require.Equal(t, porcupine.Ok, linearizable(begin, all), "seed %d: %v", seed, all)
		}
	}
	one := func(s config.Store) func(int) config.Store { return func(int) config.Store { return s } }
	t.Run("memory", func(t *testing.T) {
		check(t, histories, func() func(int) config.Store { return one(config.NewMemory()) })
	})
	t.Run("disk", func(t *testing.T) {
		check(t, histories, func() func(int) config.Store {
			d, err := config.OpenDisk(t.TempDir(), 7, wal.Options{NoSync: true})
			require.NoError(t, err)
			t.Cleanup(func() { _ = d.Close() })
			return one(d)
		})
	})
	t.Run("etcd", func(t *testing.T) {
		s := start.Test(t, start.Etcd)
		check(t, histories/5, func() func(int) config.Store {
			p := prefix()
			nodes := []config.Store{open(t, s, p), open(t, s, p)}
			return func(client int) config.Store { return nodes[client%2] }
		})
	})
}

// naive compares, and then commits.
type naive struct{ config.Store }

func (n naive) Commit(ctx context.Context, base int64, ops []config.Op, by config.Meta) (int64, error) {
	if base != config.Any {
		events, err := n.Since(ctx, base, 1000)
		if err != nil {
			return 0, err
		}
		for _, e := range events {
			if e.Changes[0].Ref == ops[0].Ref {
				return 0, config.ErrConflict
			}
		}
		time.Sleep(time.Millisecond)
	}
	return n.Store.Commit(ctx, config.Any, ops, by)
}

// lagging reads what it has, without asking whether there is more.
type lagging struct {
	config.Store
	at int64
}

func (l *lagging) Read(ctx context.Context, _ int64) (*config.View, error) {
	return l.Store.Read(ctx, l.at)
}

// TestHistoriesFind: the histories of a store that compares and then commits, and of one
// that reads an old revision, are found.
func TestHistoriesFind(t *testing.T) {
	for name, open := range map[string]func() config.Store{
		"naive":   func() config.Store { return naive{config.NewMemory()} },
		"lagging": func() config.Store { return &lagging{config.NewMemory(), 1} },
	} {
		found := false
		for seed := uint64(0); seed < 100 && !found; seed++ {
			s := open()
			begin, all := record(t, seed, func(int) config.Store { return s })
			found = linearizable(begin, all) == porcupine.Illegal
		}
		assert.True(t, found, name)
	}
}
