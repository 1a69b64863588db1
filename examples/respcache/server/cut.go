package server

import (
	"context"
	"io"
	"time"

	"example.com/flatline/randset"
)

// A snapshot is the state at one instant T, written to a file while clients go on writing.
// Redis gets it from fork, which copies each page of memory that is written to afterwards.
// Here each key is copied at most once:
//
//	at T, with all shards locked   every shard: cut++, walk = its array of keys
//	the walk, in pieces            record of each item that has another cut; the item gets this one
//	a write, a deletion            the same first: preserve(item), and then the change
//	an insertion                   the new item has this cut already: it came after T
//
//	keys    ┌───┬───┬───┬───┬───┬───┬───┬───┐
//	of a    │ 4 │ 5 │ 4 │ 4 │ 4 │ 5 │ 5 │ 5 │ ◀─ new keys, with cut 5
//	shard   └───┴─▲─┴───┴───┴───┴───┴───┴───┘
//	              │             ▲ left: the walk goes on from here to the begin
//	              └ written since T: its record was handed over
//
// The array is walked from its end, so that new keys come behind the walk. A deletion moves
// the last key into the gap, perhaps behind the walk's back, but then it has the cut already.
// FLUSHALL, or a full copy from a master, replaces the array: the walk keeps the old one.
//
// Invariants, while a walk is at work:
//
//	C1  the items of walk.keys from index left on have the cut of the walk
//	C2  an item of walk.keys with another cut is as it was at T
//	C3  each key of T has its record written, or handed over, or an item as in C2: one of them
type snapshot struct {
	srv         *Server
	walks       []*walk // by shard
	keys, timed int     // at T, as is changes
	changes     uint64
	start       time.Time
	handed      int64 // bytes of records that writes have handed over, so far
}

// A walk is the part of a snapshot in one shard, whose lock guards it.
type walk struct {
	cut    uint32
	keys   *randset.Set[*item] // of T; clients may have another by now
	left   int                 // how many of them are not reached
	handed []byte              // records of items that were about to change
}

// One snapshot is made at a time, as an item has one number.

// turn waits until no snapshot is being made. endTurn must follow.
func (s *Server) turn(ctx context.Context) error {
	select {
	case s.cutting <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// tryTurn is turn if that need not wait.
func (s *Server) tryTurn() bool {
	select {
	case s.cutting <- struct{}{}:
		return true
	default:
		return false
	}
}

func (s *Server) endTurn() { <-s.cutting }

// cut begins a snapshot of this moment, in constant time. The caller has the turn and holds
// the locks of all shards; so a transaction is in the snapshot whole or not at all. end must
// follow.
func (s *Server) cut() *snapshot {
	sn := &snapshot{srv: s, start: time.Now()}
	for _, sh := range s.shards {
		sh.cut++ // after 2³² snapshots a key that was not written since the first would be missed
		sh.walk = &walk{cut: sh.cut, keys: sh.keys, left: sh.keys.Len()}
		sn.walks = append(sn.walks, sh.walk)
		sn.keys += sh.keys.Len()
		sn.timed += sh.timed.Len()
		sn.changes += sh.changes
	}
	return sn
}

// preserve must come before each change of an item: if a snapshot still needs the item as
// it is, it gets a copy now.
func (sh *shard) preserve(it *item) {
	if it.cut != sh.cut {
		sh.handOver(it)
	}
}

func (sh *shard) handOver(it *item) {
	if w := sh.walk; w != nil && w.keys == sh.keys { // else the item is not of the walk's keys
		w.handed = appendRecord(w.handed, it)
	}
	it.cut = sh.cut
}

// write writes the snapshot as a file of Redis. Clients wait for one piece of the walk at
// most, never for w.
func (sn *snapshot) write(ctx context.Context, w io.Writer, isBase bool) error {
	out := newRDBWriter(w, sn.keys, sn.timed, isBase)
	var buf []byte
	rested := time.Now()
	for i, done := 0, false; i < len(sn.walks) && out.err == nil; {
		if buf, done = sn.piece(i, buf); done {
			i++
		}
		if out.put(buf); ctx.Err() != nil {
			return ctx.Err()
		}
		if time.Since(rested) > pace {
			time.Sleep(pace)
			rested = time.Now()
		}
	}
	return out.end()
}

// The walk works for so long and then rests for so long. With one processor the clients'
// goroutines would otherwise run only when the scheduler interrupts the walk, every 10 ms.
const pace = time.Millisecond

// The walk is as long under the lock as either of these takes.
const (
	pieceBytes = 32 << 10
	pieceItems = 1 << 10
)

// piece returns the next records of a shard, in a buffer for which it takes buf. done is
// whether they are the last.
func (sn *snapshot) piece(i int, buf []byte) (_ []byte, done bool) {
	sh, w := sn.srv.shards[i], sn.walks[i]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	buf, w.handed = w.handed, keep(buf)
	sn.handed += int64(len(buf))
	w.left = min(w.left, w.keys.Len())
	for n := 0; n < pieceItems && w.left > 0 && len(buf) < pieceBytes; n++ {
		w.left--
		if it := w.keys.At(w.left); it.cut != w.cut {
			buf = appendRecord(buf, it)
			it.cut = w.cut
		}
	}
	if done = w.left == 0; done {
		sh.walk = nil
	}
	return buf, done
}

// end ends a snapshot, whole or not, and the turn.
func (sn *snapshot) end() {
	for i, sh := range sn.srv.shards {
		sh.mu.Lock()
		if sh.walk == sn.walks[i] {
			sh.walk = nil
		}
		sh.mu.Unlock()
	}
	sn.srv.endTurn()
}

// writeState writes the file of a state that nothing changes meanwhile: the caller holds the
// locks of all shards, or no client sees the server.
func (s *Server) writeState(w io.Writer, isBase bool) error {
	keys, timed := 0, 0
	for _, sh := range s.shards {
		keys += sh.keys.Len()
		timed += sh.timed.Len()
	}
	out := newRDBWriter(w, keys, timed, isBase)
	var buf []byte
	for _, sh := range s.shards {
		for it := range sh.keys.All() {
			if buf = appendRecord(buf, it); len(buf) >= pieceBytes {
				out.put(buf)
				buf = keep(buf)
			}
		}
	}
	out.put(buf)
	return out.end()
}
