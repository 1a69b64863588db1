package server

import (
	"hash/maphash"
	"math/bits"
)

// A session executes the commands of one client: a connection, the load of a file, the
// link to a master, or a test. Replies are collected in out.
type session struct {
	srv      *Server
	conn     *conn // nil if there is none
	id       uint64
	name     string
	resp3    bool
	out      []byte
	quit     bool // close the connection after the replies
	overlong bool // the reply was too long to be sent
	origin   origin

	held    uint64 // the shards that are locked, as bits
	now     int64  // Unix milliseconds, of the moment when they were locked
	logging bool   // whether effects are wanted, as of that moment
	log     []byte // effects that the feed has not got yet
	seq     int64  // how far the log must be on disk before the replies may be sent
	errors  int    // replies that were errors
	done    int    // commands since the statistics were told

	current *command // the last, or the one that is at work
	counted *command // and how often in a row it was called
	calls   int64

	stranger bool  // has not given the password, if there is one
	mute     uint8 // what CLIENT REPLY has asked for; 0 is nothing
	kept     []byte

	replica *replica // the client is one, and is to be sent the stream
	isTool  bool     // it asked with SYNC
	partial bool     // the stream goes on from where it was
	port    string   // where it listens
	peerID  string   // its run id, if it is a respcache

	// Of a node of a cluster: what the client has said, and what its writes need.
	asking   bool // ASKING: the next command is for slots that are about to be owned
	readOnly bool // READONLY: a replica's data are good enough
	wrote    int64
	term     uint64 // in which the client's last write was accepted
	taking   *taking
	joined   uint64 // the term of the master that a replica asks for
	node     string // and which node it is

	tx   transaction
	subs subscriptions

	touched int64 // without a meaning: see lookAhead
}

// An origin says where commands come from; only clients need replies, and only their
// writes count as clients' writes.
type origin uint8

const (
	fromClient origin = iota
	fromMaster
	fromFile
)

func (s *Server) pick(key []byte) *shard { return s.shards[s.shardOf(key)] }

// shardOf returns the number of the key's shard.
func (s *Server) shardOf(key []byte) int {
	if len(s.shards) == 1 {
		return 0
	}
	return int(maphash.Bytes(s.seed, key) & uint64(len(s.shards)-1))
}

func (s *session) shard(key []byte) *shard {
	if sh := s.srv.only; sh != nil {
		return sh
	}
	return s.srv.pick(key)
}

// need locks the shards of mask. They stay locked until others are needed or the
// batch ends, so that a pipeline of commands takes the lock once. Several are locked
// in the order of their numbers, and nothing else is held meanwhile.
func (s *session) need(mask uint64) {
	if s.held&mask == mask {
		return
	}
	s.release()
	for m := mask; m != 0; m &= m - 1 {
		s.srv.shards[bits.TrailingZeros64(m)].mu.Lock()
	}
	s.held = mask
	s.now = s.srv.now()
	s.logging = s.srv.feed.on.Load()
}

// release hands the effects to the log, so that it has those of each key in order,
// and unlocks.
func (s *session) release() {
	if s.held == 0 {
		return
	}
	if log := s.log; len(log) > 0 {
		s.log = nil // if append panics, the log is not appended twice
		s.log, s.seq = s.srv.feed.append(log)
		if s.srv.cluster != nil {
			s.wrote = s.srv.feed.position()
		}
	}
	for m := s.held; m != 0; m &= m - 1 {
		s.srv.shards[bits.TrailingZeros64(m)].mu.Unlock()
	}
	s.held = 0
}

// mask returns the shards of the command's keys.
func (s *session) mask(c *command, args [][]byte) uint64 {
	if c.flags&allShards != 0 {
		return s.srv.all
	}
	if c.first == 0 {
		return 0
	}
	if len(s.srv.shards) == 1 {
		return 1
	}
	last := c.last
	if last < 0 {
		last += len(args)
	}
	var m uint64
	for i := c.first; i <= last; i += c.step {
		m |= 1 << s.srv.shardOf(args[i])
	}
	return m
}

// look finds the live item of a key. An expired item is removed, but not by a replica:
// there the master decides when.
func (s *session) look(sh *shard, it *item) *item {
	if it == nil || it.at == 0 || it.at >= s.now || s.origin != fromClient {
		return it
	}
	if !s.srv.isReplica() && !s.srv.pause.on.Load() {
		sh.expired++
		s.drop(sh, it)
		s.notify(notifyExpired, "expired", it.key)
	}
	return nil
}

// read finds the item of a key for a command that only reads. It is a use.
func (s *session) read(key []byte) *item {
	sh := s.shard(key)
	it := sh.dict.get(view(key))
	if it != nil && it.at != 0 {
		it = s.look(sh, it)
	}
	if it == nil {
		sh.misses++
		s.notify(notifyMiss, "keymiss", view(key))
		return nil
	}
	it.used = stamp(s.now)
	sh.use(it)
	sh.hits++
	return it
}

// modify finds the item of a key for a command that writes. It is a use, but neither
// a hit nor a miss.
func (s *session) modify(key []byte) (*shard, *item) {
	sh := s.shard(key)
	it := s.look(sh, sh.dict.get(view(key)))
	if it != nil {
		it.used = stamp(s.now)
		sh.use(it)
	}
	return sh, it
}

// glance finds the item of a key for a command that looks at it without reading it: a
// hit or a miss, but no use.
func (s *session) glance(key []byte) *item {
	sh, it := s.peek(key)
	if it == nil {
		sh.misses++
		s.notify(notifyMiss, "keymiss", view(key))
	} else {
		sh.hits++
	}
	return it
}

// peek finds the item of a key without a use.
func (s *session) peek(key []byte) (*shard, *item) {
	sh := s.shard(key)
	return sh, s.look(sh, sh.dict.peek(view(key)))
}

// put stores a value: in it, which modify has found, or in a new item.
func (s *session) put(sh *shard, it *item, key, val []byte, at int64) {
	if it == nil {
		it = newItem(view(key), val)
		it.at, it.used = at, stamp(s.now)
		sh.insert(it)
		s.notify(notifyNew, "new", view(key))
	} else {
		sh.write(it, val)
		sh.expire(it, at)
	}
	s.changed(sh, it.key)
	if s.logging {
		s.log = appendSet(s.log, it)
	}
}

func appendSet(b []byte, it *item) []byte {
	n := int64(3)
	if it.at != 0 {
		n = 5
	}
	b = appendHead(b, '*', n)
	b = appendBulk(b, "SET")
	b = appendBulk(b, it.key)
	b = appendBulk(b, it.value())
	if it.at != 0 {
		b = appendBulk(b, "PXAT")
		b = appendBulk(b, itoa(it.at))
	}
	return b
}

// drop removes an item.
func (s *session) drop(sh *shard, it *item) {
	sh.remove(it)
	s.changed(sh, it.key)
	s.effect("DEL", it.key)
}

// expire sets a deadline, or removes it with 0.
func (s *session) expire(sh *shard, it *item, at int64) {
	sh.expire(it, at)
	s.changed(sh, it.key)
	if at == 0 {
		s.effect("PERSIST", it.key)
	} else {
		s.effect("PEXPIREAT", it.key, itoa(at))
	}
}

// effect logs the result for a key, never the original command. So the commands of the
// log may be repeated: replaying them on a state that already includes some of them gives
// the same result.
func (s *session) effect(words ...string) {
	if s.logging {
		s.log = appendCommand(s.log, words...)
	}
}

// changed notes a change of a key and notifies the sessions that watch it.
func (s *session) changed(sh *shard, key string) {
	sh.changes++
	if len(sh.watched) > 0 {
		sh.touch(key)
	}
}

// touch ends the transactions that watch a key. For a client that has found the key expired
// at WATCH, its removal is no change.
func (sh *shard) touch(key string) {
	for w, how := range sh.watched[key] {
		if how.over && sh.dict.peek(key) == nil {
			how.over = false
		} else {
			w.tx.dirty.Store(true)
		}
	}
}
