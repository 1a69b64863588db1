package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// copy receives a full copy. It is loaded aside, into a server that no client sees. Clients
// read the old data until the copy is whole; if it never is, the old data stay. The price is
// memory: the old data and the new ones at the same time.
func (f *follower) copy(ctx context.Context, id string, from int64, chain string) error {
	if !f.l.setChain(f.s, chain) {
		return errCycle
	}
	state, err := f.s.aside()
	if err != nil {
		return err
	}
	_, keys := f.s.memory()
	f.s.loading.Store(keys == 0)
	f.l.setState("sync")
	if err := f.receive(state); err != nil {
		return fmt.Errorf("the full copy: %w", err)
	}
	if err := f.s.adopt(ctx, state); err != nil {
		return fmt.Errorf("the full copy is not used: %w", err)
	}
	f.s.loading.Store(false)
	f.l.mu.Lock()
	defer f.l.mu.Unlock()
	f.l.state, f.l.id, f.l.offset = "connected", id, from
	return nil
}

// receive loads the file of a full copy: $ and its length, or a mark that follows it, come
// before.
func (f *follower) receive(state *Server) error {
	head, err := "", error(nil)
	for err == nil && head == "" {
		head, err = f.line()
	}
	if err != nil {
		return err
	}
	mark, marked := strings.CutPrefix(head, "$EOF:")
	size, ok := parseInt([]byte(strings.TrimPrefix(head, "$")))
	if head[0] != '$' || marked && len(mark) != 40 || !marked && (!ok || size < 0) {
		return fmt.Errorf("unexpected begin %q", head)
	}
	r := &rdbReader{in: f}
	if !marked {
		r.in = io.LimitReader(f, size)
	}
	own := state.internalSession(fromMaster)
	defer own.release()
	if _, err := own.loadRDB(r, withExpired, func() error { own.release(); return f.bounded(state) }); err != nil {
		return err
	}
	if !marked && r.at() != size {
		return fmt.Errorf("has %d bytes after the end mark", size-r.at())
	}
	if marked && string(r.take(len(mark))) != mark {
		return errors.New("has no mark after its end")
	}
	f.in = reader{buf: append(append([]byte(nil), r.rest()...), f.in.buf[f.in.next:]...)}
	return nil
}

// Read reads the master's bytes, for receive.
func (f *follower) Read(b []byte) (int, error) {
	if f.in.next == len(f.in.buf) {
		if err := f.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(b, f.in.buf[f.in.next:])
	f.in.next += n
	f.in.begin = f.in.next
	return n, nil
}

// bounded returns an error if a copy takes more memory than it may. A server with
// maxmemory takes a copy of up to twice that: a master with the same bound fits, whatever
// it counts.
func (f *follower) bounded(state *Server) error {
	limit := f.s.limit.Load()
	if used, _ := state.memory(); limit > 0 && used/2/int64(len(f.s.shards)) > limit {
		return fmt.Errorf("is larger than twice maxmemory: %d bytes; the old data stay", used)
	}
	return nil
}

// aside returns an empty server whose shards have the same keys as those of s.
func (s *Server) aside() (*Server, error) {
	o := Options{Shards: len(s.shards), Policy: s.config.get("maxmemory-policy"), now: s.now}
	values, err := o.check()
	if err != nil {
		return nil, err
	}
	state, err := newState(o, values)
	if err != nil {
		return nil, err
	}
	state.cancel() // nothing runs in it
	state.seed = s.seed
	return state, nil
}

// adopt makes the contents of another server those of s, in memory and in the log, at
// one moment. If there is an error, nothing has changed.
func (s *Server) adopt(ctx context.Context, state *Server) error {
	swap := func() { // with all shards locked
		s.feed.restart()
		for i, sh := range s.shards {
			old := state.shards[i]
			for k := range sh.watched {
				if sh.dict.peek(k) != nil || old.dict.peek(k) != nil {
					for w := range sh.watched[k] {
						w.tx.dirty.Store(true)
					}
				}
			}
			sh.take(old)
		}
	}
	if s.feed.file != nil {
		return s.feed.file.replace(ctx, state, swap)
	}
	own := s.internalSession(fromMaster)
	own.need(s.all)
	defer own.release()
	swap()
	return nil
}
