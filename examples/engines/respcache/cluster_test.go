//go:build unix

package respcache_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sort"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestClusterKill fails masters again and again, by kill -9 and by SIGSTOP, while go-redis
// writes: each write that was acknowledged is there at the end.
func TestClusterKill(t *testing.T) {
	t.Run("3 groups of 2, one acknowledgement", func(t *testing.T) { fail(t, respcaches(t, 1, 1, nodeTimeout), true) })
	if testing.Short() {
		return
	}
	t.Run("2 groups of 3, one acknowledgement", func(t *testing.T) { fail(t, respcaches(t, 2, 1, nodeTimeout), true) })
	t.Run("3 groups of 2, as Redis", func(t *testing.T) { fail(t, respcaches(t, 1, 0, nodeTimeout), false) })
	t.Run("redis-server", func(t *testing.T) { fail(t, redisServers(t), false) })
}

// A writer's keys are each written once, so that a second try of the client does no harm.
// Each write that is acknowledged is one more in written.
func writer(f *formation, w int, written *atomic.Int64, stop <-chan struct{}) (acked []string) {
	for i := 0; ; i++ {
		select {
		case <-stop:
			return acked
		default:
		}
		key := fmt.Sprintf("w%d:%d", w, i)
		if f.c.Set(f.t.Context(), key, key, 0).Err() == nil {
			acked = append(acked, key)
			written.Add(1)
		}
	}
}

func fail(t *testing.T, f *formation, safe bool) {
	rounds := 3
	if *long {
		rounds = 20
	}
	stop, acked := make(chan struct{}), make([][]string, 12)
	var written atomic.Int64
	var wg sync.WaitGroup
	for w := range acked {
		wg.Go(func() { acked[w] = writer(f, w, &written, stop) })
	}
	var elected, served []time.Duration
	for round := range rounds {
		all := f.slots()
		s := all[rand.IntN(len(all))]
		e, d := f.failMaster(s, round%2 == 1)
		elected, served = append(elected, e), append(served, d)
		f.whole()
		enough := written.Load() + 100 // the next failure comes amid writes, however slow the machine is
		require.Eventually(t, func() bool { return written.Load() >= enough }, patience, time.Millisecond)
	}
	close(stop)
	wg.Wait()
	lost := 0
	for _, keys := range acked {
		for len(keys) > 0 {
			part := keys[:min(len(keys), 1000)]
			keys = keys[len(part):]
			got, err := f.c.Pipelined(t.Context(), func(p redis.Pipeliner) error {
				for _, k := range part {
					p.Get(t.Context(), k)
				}
				return nil
			})
			if err != nil {
				require.ErrorIs(t, err, redis.Nil)
			}
			for i, g := range got {
				if g.(*redis.StringCmd).Val() != part[i] {
					lost++
				}
			}
		}
	}
	sort.Slice(elected, func(i, j int) bool { return elected[i] < elected[j] })
	sort.Slice(served, func(i, j int) bool { return served[i] < served[j] })
	t.Logf("%d failures: another master after %v (%v–%v), a write after %v (%v–%v); %d writes acknowledged, %d of them lost", rounds,
		elected[rounds/2].Round(time.Millisecond), elected[0].Round(time.Millisecond), elected[rounds-1].Round(time.Millisecond),
		served[rounds/2].Round(time.Millisecond), served[0].Round(time.Millisecond), served[rounds-1].Round(time.Millisecond), written.Load(), lost)
	if safe {
		assert.Zero(t, lost)
	}
}

// failMaster fails the master of a range of slots, and returns after how long the others knew
// another master, and after how long a write of the range was acknowledged. The node comes
// back once there is another master.
func (f *formation) failMaster(s redis.ClusterSlot, pause bool) (elected, served time.Duration) {
	t := f.t
	var p *process
	for _, n := range f.nodes {
		if n.addr == s.Nodes[0].Addr {
			p = n
		}
	}
	require.NotNil(t, p)
	key, began := keyIn(s), time.Now()
	if pause {
		p.signal(syscall.SIGSTOP)
	} else {
		p.kill()
	}
	require.Eventually(t, func() bool {
		for _, now := range f.slots() {
			if now.Start == s.Start && now.Nodes[0].Addr != p.addr {
				return true
			}
		}
		return false
	}, patience, 5*time.Millisecond)
	elected = time.Since(began)
	if pause {
		p.signal(syscall.SIGCONT)
	} else {
		p.start(t)
	}
	require.Eventually(t, func() bool { return f.c.Set(t.Context(), key, "after", 0).Err() == nil }, patience, time.Millisecond)
	return elected, time.Since(began)
}

// An op is one of a history of a key.
type op struct {
	key   string
	write bool
	val   string
}

var register = porcupine.Model{
	Partition: func(all []porcupine.Operation) [][]porcupine.Operation {
		byKey := map[string][]porcupine.Operation{}
		for _, o := range all {
			k := o.Input.(op).key
			byKey[k] = append(byKey[k], o)
		}
		var parts [][]porcupine.Operation
		for _, p := range byKey {
			parts = append(parts, p)
		}
		return parts
	},
	Init: func() any { return "" },
	Step: func(state, input, output any) (bool, any) {
		if o := input.(op); o.write {
			return true, o.val
		}
		return output == state, state
	},
}

// TestClusterLinearizable moves slots from group to group while go-redis reads and writes
// their keys: the history of each key is that of one register.
func TestClusterLinearizable(t *testing.T) {
	f := respcaches(t, 1, 1, 5000)
	const clients, keys = 5, 6
	begin, each, moves := time.Now(), 400, 12
	if testing.Short() {
		each, moves = 150, 4
	}
	history := make([][]porcupine.Operation, clients)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	errs := make([]error, clients)
	for c := range clients {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					if i >= each {
						return
					}
				default:
				}
				o := op{key: fmt.Sprintf("{moving}%d", rand.IntN(keys)), write: rand.IntN(2) == 0, val: fmt.Sprintf("%d.%d", c, i)}
				call := time.Since(begin)
				var out string
				var err error
				if o.write {
					err = f.c.Set(t.Context(), o.key, o.val, 0).Err()
				} else if out, err = f.c.Get(t.Context(), o.key).Result(); errors.Is(err, redis.Nil) {
					err = nil
				}
				end := time.Since(begin)
				if err != nil {
					errs[c] = errors.Join(errs[c], err)
					if !o.write {
						continue
					}
					end = time.Hour // whether it was done is unknown
				}
				history[c] = append(history[c], porcupine.Operation{ClientId: c, Input: o, Output: out, Call: int64(call), Return: int64(end)})
				time.Sleep(time.Millisecond)
			}
		})
	}
	for range moves {
		f.moveOnce("{moving}0")
	}
	close(stop)
	wg.Wait()
	require.NoError(t, errors.Join(errs...), "no error reaches a client while slots move")
	var all []porcupine.Operation
	for _, h := range history {
		all = append(all, h...)
	}
	require.Equal(t, porcupine.Ok, porcupine.CheckOperationsTimeout(register, all, time.Minute))
	t.Logf("%d operations during %d moves", len(all), moves)
}

// moveOnce gives the slot of a key to another group.
func (f *formation) moveOnce(key string) {
	t := f.t
	slot := int(f.c.ClusterKeySlot(t.Context(), key).Val())
	require.Eventually(t, func() bool {
		var from, to string
		for _, s := range f.slots() {
			if slot >= s.Start && slot <= s.End {
				from = s.Nodes[0].Addr
			}
		}
		for _, s := range f.slots() {
			if s.Nodes[0].Addr != from && (to == "" || rand.IntN(2) == 0) {
				to = s.Nodes[0].Addr
			}
		}
		c := redis.NewClient(&redis.Options{Addr: from, MaxRetries: -1, ReadTimeout: patience})
		defer c.Close()
		err := c.Do(t.Context(), "CLUSTER", "MOVESLOTS", slot, slot, to).Err()
		if err != nil {
			t.Log(err)
		}
		return err == nil
	}, patience, 10*time.Millisecond)
}
