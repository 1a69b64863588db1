package server

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A slowFile calls a function before each write to it: between two pieces of a walk, with no
// shard locked.
type slowFile struct {
	bytes.Buffer
	between func(writes int) error
	writes  int
}

func (f *slowFile) Write(b []byte) (int, error) {
	if f.writes++; f.between != nil {
		if err := f.between(f.writes); err != nil {
			return 0, err
		}
	}
	return f.Buffer.Write(b)
}

// cutNow begins a snapshot of this moment.
func (s *Server) cutNow(t testing.TB) *snapshot {
	require.NoError(t, s.turn(t.Context()))
	own := s.internalSession(fromMaster)
	own.need(s.all)
	defer own.release()
	return s.cut()
}

// stateOf loads a file into another server and returns what it holds.
func stateOf(t testing.TB, file []byte) map[string]string {
	t.Helper()
	s := stopped(t, Options{})
	own := s.internalSession(fromFile)
	r := &rdbReader{b: file}
	_, err := own.loadRDB(r, withExpired, nil)
	own.release()
	require.NoError(t, err)
	require.Empty(t, r.rest())
	return s.state()
}

// sumOf adds the numbers of a state.
func sumOf(t testing.TB, state map[string]string) (sum int) {
	t.Helper()
	for _, v := range state {
		n, err := strconv.Atoi(strings.Split(v, `"`)[1])
		require.NoError(t, err)
		sum += n
	}
	return sum
}

// bank returns a server with accounts of 100 each. One shard's take more than one piece.
func bank(t testing.TB, shards, accounts int) *Server {
	s := stopped(t, Options{Shards: shards, Dir: t.TempDir()})
	own := s.internalSession(fromClient)
	for i := range accounts {
		ask(own, "SET", account(i), "100")
	}
	return s
}

func account(i int) string { return fmt.Sprint("account:", i) }

// transfer moves an amount in a transaction.
func transfer(own *session, from, to string) {
	for _, words := range [][]string{{"MULTI"}, {"DECRBY", from, "7"}, {"INCRBY", to, "7"}, {"EXEC"}} {
		ask(own, words...)
	}
}

// TestMoneyBetweenPieces moves an amount after each piece of the walk, from an account that
// the walk has reached to one that it has not: the sum in the file is that of T. A walk that
// writes what it finds fails here in every run.
func TestMoneyBetweenPieces(t *testing.T) {
	const accounts = 20_000
	for _, shards := range []int{1, 4} {
		s := bank(t, shards, accounts)
		own := s.internalSession(fromClient)
		end, begin := s.shards[shards-1].keys, s.shards[0].keys
		first, last := end.At(0).key, begin.At(begin.Len()-1).key // which are reached last and first
		want := s.state()
		f := &slowFile{between: func(int) error {
			transfer(own, last, first)
			return nil
		}}
		sn := s.cutNow(t)
		require.NoError(t, sn.write(t.Context(), f, false))
		sn.end()
		require.Greater(t, f.writes, 10, "the walk has pieces")
		require.NotEqual(t, want, s.state())
		got := stateOf(t, f.Bytes())
		require.Equal(t, 100*accounts, sumOf(t, got))
		require.Equal(t, want, got)
	}
}

// TestMoneyUnderLoad moves amounts between accounts of all shards while snapshots are made:
// the sum in each file is the same.
func TestMoneyUnderLoad(t *testing.T) {
	t.Parallel()
	const accounts = 2000
	s := bank(t, 4, accounts)
	stop := make(chan struct{})
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			own, rng := s.internalSession(fromClient), rand.New(rand.NewPCG(uint64(w), 1))
			for {
				select {
				case <-stop:
					return
				default:
					transfer(own, account(rng.IntN(accounts)), account(rng.IntN(accounts)))
				}
			}
		})
	}
	for range 20 {
		var f bytes.Buffer
		sn := s.cutNow(t)
		require.NoError(t, sn.write(t.Context(), &f, false))
		sn.end()
		require.Equal(t, 100*accounts, sumOf(t, stateOf(t, f.Bytes())))
	}
	close(stop)
	writers.Wait()
	require.Equal(t, 100*accounts, sumOf(t, s.state()))
}

// checkWalk checks the invariants of snapshot: was has the records of T by key.
func checkWalk(t require.TestingT, sn *snapshot, written []byte, was map[string]string) {
	left := map[string]string{}
	for k, v := range was {
		left[k] = v
	}
	for _, w := range sn.walks {
		written = append(written, w.handed...)
		for i := range w.keys.Len() {
			it := w.keys.At(i)
			if it.cut == w.cut {
				continue
			}
			require.Less(t, i, w.left, "C1: %q is behind the walk", it.key)
			require.Equal(t, left[it.key], string(appendRecord(nil, it)), "C2: %q has changed", it.key)
			delete(left, it.key)
		}
	}
	for key, record := range left {
		require.Equal(t, 1, bytes.Count(written, []byte(record)), "C3: how often %q is in the file", key)
	}
}

// recordsOf returns the record of each key.
func (s *Server) recordsOf() map[string]string {
	all := map[string]string{}
	for _, sh := range s.shards {
		for it := range sh.keys.All() {
			all[it.key] = string(appendRecord(nil, it))
		}
	}
	return all
}

// TestSnapshotModel draws commands between the pieces of snapshots: the file is the state of T,
// and so are parts of it at each step.
func TestSnapshotModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		at := newClock()
		s := stopped(t, debugOptions(Options{Shards: rapid.SampledFrom([]int{1, 4}).Draw(rt, "shards"), now: at.now, Dir: t.TempDir()}))
		own := s.internalSession(fromClient)
		key := rapid.Custom(func(rt *rapid.T) string { return fmt.Sprintf("key:%03d", rapid.IntRange(0, 40).Draw(rt, "key")) })
		step := func() {
			switch k := key.Draw(rt, "k"); rapid.IntRange(0, 11).Draw(rt, "what") {
			case 0:
				ask(own, "FLUSHALL")
			case 1:
				ask(own, "DEBUG", "RELOAD")
			case 2:
				ask(own, "PEXPIRE", k, "10")
			case 3:
				at.ms.Add(11)
				ask(own, "GET", k)
			case 4, 5:
				ask(own, "DEL", k)
			case 6:
				ask(own, "RENAME", k, key.Draw(rt, "to"))
			case 7:
				ask(own, "APPEND", k, strings.Repeat("x", rapid.IntRange(0, 2000).Draw(rt, "n")))
			default:
				ask(own, "SET", k, strings.Repeat("v", rapid.IntRange(0, 2000).Draw(rt, "n")))
			}
		}
		steps := func(name string, most int) {
			for range rapid.IntRange(0, most).Draw(rt, name) {
				step()
			}
		}
		for range rapid.IntRange(1, 3).Draw(rt, "snapshots") {
			steps("before", 60)
			was, want := s.recordsOf(), s.state()
			sn := s.cutNow(t)
			f := &slowFile{}
			f.between = func(writes int) error {
				steps("between", 20)
				if writes > 1 {
					return nil // what is being written is not in the file yet
				}
				checkWalk(rt, sn, nil, was)
				return nil
			}
			err := sn.write(t.Context(), f, false)
			checkWalk(rt, sn, f.Bytes(), was)
			sn.end()
			require.NoError(rt, err)
			require.Equal(rt, want, stateOf(t, f.Bytes()))
		}
		for _, sh := range s.shards {
			sh.check(t)
		}
	})
}

// writeExamples has a call of each command that writes, which changes or removes the keys a
// and b of TestSnapshotOfEveryCommand.
var writeExamples = map[string]string{
	"append": "a x", "bitfield": "a SET u8 0 77 INCRBY u8 8 3", "bitop": "NOT a b", "copy": "a b REPLACE", "decr": "a", "decrby": "a 3", "del": "a b",
	"expire": "a 100", "expireat": "a 9999999", "flushall": "", "flushdb": "", "getdel": "a", "getex": "a EX 100", "getset": "a x", "incr": "a", "incrby": "a 3",
	"incrbyfloat": "a 1.5", "mset": "a x b y", "msetnx": "a2 x b2 y", "persist": "b", "pexpire": "a 100000", "pexpireat": "a 9999999999", "psetex": "a 100000 x",
	"rename": "a b", "renamenx": "a c", "restore": "a 0 DUMPED REPLACE", "set": "a x", "setbit": "a 3 0", "setex": "a 100 x", "setnx": "a2 x", "setrange": "a 1 x", "unlink": "a b",
}

// TestSnapshotOfEveryCommand executes each command that writes before the walk has reached the
// keys: the file has them as they were. A command without an example fails.
func TestSnapshotOfEveryCommand(t *testing.T) {
	seen := 0
	for name, c := range commands {
		if c.flags&writes == 0 {
			continue
		}
		seen++
		example, ok := writeExamples[name]
		require.True(t, ok, "%s writes and has no example here", name)
		s := stopped(t, Options{now: func() int64 { return 1_000_000 }})
		own := s.internalSession(fromClient)
		ask(own, "SET", "a", "1234567890")
		ask(own, "SET", "b", "222", "EX", "1000")
		before := s.state()
		sn := s.cutNow(t)
		line := append([]string{name}, strings.Fields(strings.ReplaceAll(example, "DUMPED", "\x01"))...)
		for i := range line {
			line[i] = strings.ReplaceAll(line[i], "\x01", dumped("text"))
		}
		require.NotContains(t, ask(own, line...), "-ERR", name)
		require.NotEqual(t, before, s.state(), "%s is to change something", name)
		var f bytes.Buffer
		require.NoError(t, sn.write(t.Context(), &f, false))
		sn.end()
		require.Equal(t, before, stateOf(t, f.Bytes()), name)
	}
	require.Len(t, writeExamples, seen, "examples of no command")
}
