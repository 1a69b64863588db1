package server

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestExpiredAndEvicted: keys that the server removes by itself are in the snapshot.
func TestExpiredAndEvicted(t *testing.T) {
	at := newClock()
	s := stopped(t, Options{now: at.now, Policy: "allkeys-lru", MaxMemory: 1 << 20})
	own := s.internalSession(fromClient)
	ask(own, "SET", "short", "v", "PX", "10")
	ask(own, "SET", "old", "v")
	before := s.state()
	sn := s.cutNow(t)
	at.ms.Add(11)
	own.expireSome(1, 0)
	words(own, "CONFIG SET maxmemory 1")
	ask(own, "SET", "x", "y")
	require.Equal(t, items("x", "y"), s.state())
	var f bytes.Buffer
	require.NoError(t, sn.write(t.Context(), &f, false))
	sn.end()
	require.Equal(t, before, stateOf(t, f.Bytes()))
}

// TestHandedOver: what a snapshot costs in memory is a record of each key that is written
// before the walk reaches it, once, however often it is written; FLUSHALL costs nothing.
func TestHandedOver(t *testing.T) {
	const keys, written = 10_000, 700
	s := bank(t, 1, keys)
	own := s.internalSession(fromClient)
	records := 0
	for i := range written {
		_, it := own.peek([]byte(account(i)))
		records += len(appendRecord(nil, it))
	}
	own.release()
	sn := s.cutNow(t)
	for range 3 {
		for i := range written {
			ask(own, "INCR", account(i))
			ask(own, "SET", fmt.Sprint("new", i), "v")
		}
	}
	require.Equal(t, records, len(sn.walks[0].handed))
	ask(own, "FLUSHALL")
	for i := range written {
		ask(own, "SET", account(i), "1")
	}
	require.Equal(t, records, len(sn.walks[0].handed))
	require.NoError(t, s.saveSnapshot(sn))
	require.Contains(t, words(own, "INFO persistence"), fmt.Sprintf("rdb_last_cow_size:%d\r\n", records))
	f, err := os.ReadFile(filepath.Join(s.config.get("dir"), dumpName))
	require.NoError(t, err)
	require.Equal(t, 100*keys, sumOf(t, stateOf(t, f)))
}

// TestSnapshotFails: after an error of the disk, and after the end of the context, the next
// snapshot is a whole one.
func TestSnapshotFails(t *testing.T) {
	s := bank(t, 4, 5000)
	own := s.internalSession(fromClient)
	errFull := errors.New("full")
	for n := range 6 {
		sn := s.cutNow(t)
		err := sn.write(t.Context(), &slowFile{between: func(writes int) error {
			ask(own, "INCR", account(writes))
			if writes > n {
				return errFull
			}
			return nil
		}}, false)
		sn.end()
		require.ErrorIs(t, err, errFull)
		for _, sh := range s.shards {
			require.Nil(t, sh.walk, "nothing is handed over any more")
		}
		ask(own, "INCR", account(n))
		want := s.state()
		next := s.cutNow(t)
		ask(own, "INCR", account(n))
		var f bytes.Buffer
		require.NoError(t, next.write(t.Context(), &f, false))
		next.end()
		require.Equal(t, want, stateOf(t, f.Bytes()))
	}
}

// TestSaveReplies: only one snapshot is made at a time, and BGSAVE says what it waits for.
func TestSaveReplies(t *testing.T) {
	o := aofOptions(t.TempDir())
	s := stopped(t, o)
	own := s.internalSession(fromClient)
	saved := func() bool { return !s.saves.running.Load() && !s.saves.due.Load() }
	require.NoError(t, s.turn(t.Context())) // a copy for a replica is made
	require.Equal(t, "-"+errBusy+"\r\n", words(own, "BGSAVE"))
	require.Equal(t, "+Background saving scheduled\r\n", words(own, "BGSAVE SCHEDULE"))
	require.Equal(t, "+Background append only file rewriting scheduled\r\n", words(own, "BGREWRITEAOF"))
	require.Contains(t, words(own, "BGREWRITEAOF"), "already in progress")
	require.Equal(t, "+OK\r\n", words(own, "SAVE"), "which needs no turn: all wait")
	require.False(t, saved())
	s.endTurn()
	eventually(t, saved, "the save that was due")
	eventually(t, func() bool { return !s.feed.file.isRewriting() }, "the rewrite")
	words(own, "MULTI")
	words(own, "BGSAVE")
	assert.Equal(t, "*1\r\n+Background saving scheduled\r\n", words(own, "EXEC"))
	eventually(t, saved, "the save after the transaction")
	require.Equal(t, "-"+errSyntax+"\r\n", words(own, "BGSAVE NOW"))
}
