package server

import "sync/atomic"

var txCommands = []entry{
	{"multi", 1, anytime | untx | fast, 0, 0, 0, multi},
	{"exec", 1, anytime | untx | quiet, 0, 0, 0, execute},
	{"discard", 1, anytime | untx | fast, 0, 0, 0, discardTx},
	{"watch", -2, anytime | untx | fast, 1, -1, 1, watch},
	{"unwatch", 1, anytime | fast, 0, 0, 0, unwatch},
}

// A transaction holds the commands between MULTI and EXEC, and the keys of WATCH.
type transaction struct {
	open    bool // MULTI was said
	broken  bool // something that was to be queued could not be
	running bool // EXEC is at work
	logged  bool // the log has a MULTI whose EXEC is still to come
	queue   []queued
	size    int      // bytes of the queue
	after   []func() // functions to run after EXEC, with the shards unlocked
	mask    uint64   // the shards of all queued commands
	flags   int      // and their flags

	watches []*watching
	dirty   atomic.Bool // set, under the lock of its shard, when a watched key changes
}

type queued struct {
	c    *command
	args [][]byte
}

type watching struct {
	key  string
	sh   int
	over bool // the key is there, but had expired at WATCH: that it is removed is no change
}

func multi(s *session, _ [][]byte) {
	if s.tx.open {
		s.err("ERR MULTI calls can not be nested")
		return
	}
	s.tx.open = true
	s.showTx()
	s.ok()
}

// queue keeps a command for EXEC. Its arguments are copied: they lie in a buffer
// that the next read overwrites.
func (s *session) queue(c *command, args [][]byte, mask uint64) {
	if c.flags&notx != 0 {
		s.refuse("ERR Command not allowed inside a transaction")
		return
	}
	size := 0
	for _, a := range args {
		size += len(a) + 24
	}
	if s.tx.size += size; s.tx.size > maxQuery {
		s.quit = true
		return
	}
	defer s.showTx()
	words := make([][]byte, len(args))
	for i, a := range args {
		words[i] = append([]byte{}, a...)
	}
	s.tx.queue = append(s.tx.queue, queued{c, words})
	s.tx.mask |= mask
	s.tx.flags |= c.flags & (writes | grows | relayed)
	s.simple("QUEUED")
}

// execute runs with the shards of all queued commands and all watched keys locked, so
// nothing comes between its commands, nor between the look at the watches and them.
func execute(s *session, _ [][]byte) {
	switch {
	case !s.tx.open:
		s.err("ERR EXEC without MULTI")
		return
	case s.tx.broken:
		s.err("EXECABORT Transaction discarded because of previous errors.")
	case s.tx.dirty.Load() || s.watchedIsOver():
		s.nullArray()
	default:
		start := s.begin(len(s.tx.queue))
		s.tx.running = true
		s.array(len(s.tx.queue))
		for _, q := range s.tx.queue {
			s.done++
			s.call(q.c, q.args)
			s.tooLong() // all commands are executed, although the client gets no reply
		}
		s.tx.running = false
		s.commit(start)
		s.tooLong()
		if s.conn != nil {
			s.conn.uncork()
		}
	}
	after := s.tx.after
	s.tx.after = nil
	s.discard()
	for _, f := range after {
		f()
	}
}

func discardTx(s *session, _ [][]byte) {
	if !s.tx.open {
		s.err("ERR DISCARD without MULTI")
		return
	}
	s.discard()
	s.ok()
}

// discard forgets the transaction and the watches.
func (s *session) discard() {
	s.unwatch()
	s.tx.open, s.tx.broken = false, false
	s.tx.queue, s.tx.size, s.tx.mask, s.tx.flags = nil, 0, 0, 0
	s.showTx()
}

func watch(s *session, args [][]byte) {
	if s.tx.open {
		s.err("ERR WATCH inside MULTI is not allowed")
		return
	}
	for _, k := range args[1:] {
		sh := s.shard(k)
		if _, twice := sh.watched[view(k)][s]; twice {
			continue
		}
		it := sh.dict.peek(view(k))
		w := &watching{string(k), s.srv.shardOf(k), it != nil && it.at != 0 && it.at < s.now}
		s.tx.watches = append(s.tx.watches, w)
		if sh.watched == nil {
			sh.watched = map[string]map[*session]*watching{}
		}
		if sh.watched[w.key] == nil {
			sh.watched[w.key] = map[*session]*watching{}
		}
		sh.watched[w.key][s] = w
	}
	s.ok()
}

func unwatch(s *session, _ [][]byte) {
	s.unwatch()
	s.ok()
}

// watching returns the shards of the watched keys.
func (t *transaction) watching() (mask uint64) {
	for _, w := range t.watches {
		mask |= 1 << w.sh
	}
	return mask
}

func (s *session) unwatch() {
	if len(s.tx.watches) > 0 && !s.tx.running { // EXEC has ended all watches by itself
		s.need(s.tx.watching() | s.held)
		for _, w := range s.tx.watches {
			sh := s.srv.shards[w.sh]
			if delete(sh.watched[w.key], s); len(sh.watched[w.key]) == 0 {
				delete(sh.watched, w.key)
			}
		}
		s.tx.watches = nil
	}
	s.tx.dirty.Store(false)
}

// watchedIsOver reports whether the time of a watched key has ended since WATCH.
func (s *session) watchedIsOver() bool {
	for _, w := range s.tx.watches {
		it := s.srv.shards[w.sh].dict.peek(w.key)
		if !w.over && it != nil && it.at != 0 && it.at < s.now {
			return true
		}
	}
	return false
}

// begin and commit put what is logged between them, if that is several changes, into
// a MULTI … EXEC, so that whoever reads the log does all of it or nothing.

func (s *session) begin(changes int) int {
	if s.tx.running || !s.logging || changes < 2 {
		return -1
	}
	start := len(s.log)
	s.effect("MULTI")
	s.tx.logged = true
	return start
}

func (s *session) commit(start int) {
	const opening = len("*1\r\n$5\r\nMULTI\r\n")
	if start < 0 {
		return
	}
	s.tx.logged = false
	switch {
	case len(s.log) == start+opening:
		s.log = s.log[:start] // nothing was changed
	default:
		s.effect("EXEC")
	}
}
