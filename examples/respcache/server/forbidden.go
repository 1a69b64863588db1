package server

import (
	"slices"
	"strings"
)

// forbidden returns why a command may not run now, or "".
func (s *session) forbidden(c *command, flags int, mask uint64) string {
	if limit := s.srv.limit.Load(); limit > 0 && !s.srv.isReplica() && !s.within(mask, limit) &&
		(flags&grows != 0 || s.tx.open && c.flags&untx == 0) {
		return errOOM
	}
	if flags&writes != 0 {
		if text := s.srv.feed.broken(); text != "" {
			return text
		}
		if s.srv.isReplica() {
			return errReadOnly
		}
		if n := s.srv.minReplicas.Load(); n > 0 && s.srv.feed.maxLag.Load() > 0 && int64(s.srv.feed.good()) < n {
			return errNoReplicas
		}
	}
	if s.subs.n > 0 && !s.resp3 && c.flags&whileSub == 0 {
		return "ERR Can't execute '" + c.name + "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context"
	}
	if flags&anytime == 0 && s.srv.loading.Load() {
		return errLoading
	}
	if s.srv.honest.Load() && s.srv.isReplica() && !s.stale(c) && !s.srv.link.connected() {
		return errMasterDown
	}
	return ""
}

// stale reports whether a command, with all that it executes, may run on old data.
func (s *session) stale(c *command) bool {
	if s.tx.open && c == commandExec {
		for _, q := range s.tx.queue {
			if !q.c.has("stale") {
				return false
			}
		}
	}
	return c.has("stale")
}

// has reports whether the command has a flag in Redis's sense.
func (c *command) has(flag string) bool { return slices.Contains(strings.Fields(c.shown), flag) }

// within evicts keys in the shards of mask, and reports whether there is memory then.
// While writes are paused, nothing is evicted.
func (s *session) within(mask uint64, limit int64) bool {
	if s.srv.pause.on.Load() {
		return true
	}
	ok := true
	for i, sh := range s.srv.shards {
		if mask>>i&1 == 1 && sh.used > limit {
			ok = s.evict(sh, limit) && ok
		}
	}
	return ok
}
