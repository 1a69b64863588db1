package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// A follower is the replica's side of one connection to a master. Its goroutine alone
// uses it.
type follower struct {
	l       *link
	s       *Server
	nc      net.Conn
	in      reader
	own     *session // executes the stream: on the server, or on the copy that is loaded
	copy    *fullCopy
	pending int64 // bytes of a transaction that is not complete
}

// A fullCopy is loaded aside, into a server that no client sees. Clients read the old
// data until the copy is whole; if it never is, the old data stay. The price is memory:
// the old data and the new ones at the same time.
type fullCopy struct {
	state  *Server
	id     string // of the master's stream
	offset int64  // where it is in the stream, once all items have come
	until  int64  // where it is whole; -1 before the master has said so
}

// follow returns why it ended; the server then has its old data or those of the stream.
func (f *follower) follow(ctx context.Context) (err error) {
	defer func() {
		p := recover()
		if f.own == nil {
			f.own = f.s.internalSession(fromMaster)
		}
		if p != nil {
			f.own.panicked(p)
			err = errPanic
		}
		f.own.discard()
		f.own.release()
	}()
	if err := f.greet(); err != nil {
		return err
	}
	for {
		if err := f.apply(ctx); err != nil {
			return err
		}
		f.own.release()
		if err := f.bounded(); err != nil {
			return err
		}
		if err := f.acknowledge(); err != nil {
			return err
		}
		if err := f.fill(); err != nil {
			return err
		}
	}
}

// acknowledge says how much of the stream is executed.
func (f *follower) acknowledge() error {
	offset, ok := f.has(), true
	if m := f.s.cluster; m != nil {
		offset, ok = m.acknowledgeable(f)
	}
	if !ok {
		return nil
	}
	_, err := f.nc.Write(appendCommand(nil, "REPLCONF", "ACK", itoa(offset)))
	return err
}

func (f *follower) fill() error {
	if err := f.nc.SetReadDeadline(time.Now().Add(masterTimeout)); err != nil {
		return err
	}
	n, err := f.nc.Read(f.in.room())
	f.in.came(n)
	return err
}

// greet sends the server's identity and offset, and reads what the master will send.
func (f *follower) greet() error {
	f.l.mu.Lock()
	id, offset := f.l.id, f.l.offset
	f.l.mu.Unlock()
	hello := appendCommand(nil, "REPLCONF", "listening-port", itoa(int64(f.s.Addr().Port)), "run-id", f.s.runID)
	if m := f.s.cluster; m != nil {
		hello = appendCommand(hello, "REPLCONF", "cluster-node", m.self, "cluster-term", utoa(m.asked.Load()))
	}
	hello = appendCommand(hello, "PSYNC", id, itoa(offset))
	if _, err := f.nc.Write(hello); err != nil {
		return err
	}
	answer, err := f.line()
	for err == nil && answer == "+OK" {
		answer, err = f.line()
	}
	if err != nil {
		return err
	}
	words := strings.Fields(answer)
	switch {
	case strings.HasPrefix(answer, "-"):
		return errors.New(answer[1:])
	case len(words) == 3 && words[0] == "+CONTINUE" && words[1] == id:
		return f.resume(words[2])
	case len(words) == 4 && words[0] == "+FULLRESYNC":
		if from, ok := parseInt([]byte(words[2])); ok {
			return f.begin(words[1], from, words[3])
		}
	}
	return fmt.Errorf("unexpected answer to PSYNC: %q", answer)
}

// line reads one line.
func (f *follower) line() (string, error) {
	for {
		if end := bytes.IndexByte(f.in.buf[f.in.next:], '\n'); end >= 0 {
			text := strings.TrimRight(string(f.in.buf[f.in.next:f.in.next+end]), "\r")
			f.in.next += end + 1
			f.in.begin = f.in.next
			return text, nil
		}
		if len(f.in.buf) > maxInline {
			return "", errors.New("too long an answer to PSYNC")
		}
		if err := f.fill(); err != nil {
			return "", err
		}
	}
}

var errPanic = errors.New("panic in what the master sent")

var errCycle = errors.New("refused: the master's data come from this server")

// resume continues where the last connection ended.
func (f *follower) resume(chain string) error {
	if !f.l.setChain(f.s, chain) {
		return errCycle
	}
	f.own = f.s.internalSession(fromMaster)
	f.l.mu.Lock()
	defer f.l.mu.Unlock()
	f.l.state = "connected"
	return nil
}

// begin begins a full copy.
func (f *follower) begin(id string, from int64, chain string) error {
	if !f.l.setChain(f.s, chain) {
		return errCycle
	}
	state, err := f.s.aside()
	if err != nil {
		return err
	}
	f.copy = &fullCopy{state: state, id: id, offset: from, until: -1}
	f.own = state.internalSession(fromMaster)
	_, keys := f.s.memory()
	f.s.loading.Store(keys == 0)
	f.l.mu.Lock()
	defer f.l.mu.Unlock()
	f.l.state = "sync"
	return nil
}

// has returns the offset up to which the server has a whole state of the stream, -1 if it
// has none.
func (f *follower) has() int64 {
	if f.copy != nil {
		return -1
	}
	f.l.mu.Lock()
	defer f.l.mu.Unlock()
	return f.l.offset
}

// bounded returns an error if a copy takes more memory than it may. A server with
// maxmemory takes a copy of up to twice that: a master with the same bound fits, and
// what it replaces while it sends.
func (f *follower) bounded() error {
	if f.copy == nil {
		return nil
	}
	limit := f.s.limit.Load()
	if used, _ := f.copy.state.memory(); limit > 0 && used/2/int64(len(f.s.shards)) > limit {
		return fmt.Errorf("the full copy is larger than twice maxmemory: %d bytes; the old data stay", used)
	}
	return nil
}

// apply executes the complete commands, and counts their offset in the stream. Inside a
// transaction the offset does not advance: a link that is cut there resumes at its
// beginning.
func (f *follower) apply(ctx context.Context) error {
	for {
		args, err := f.in.command()
		if err != nil || args == nil {
			return err
		}
		if is(args[0], "REPLSYNCED") && len(args) == 2 && f.copy != nil && f.copy.until < 0 {
			until, ok := parseInt(args[1])
			if !ok || until < f.copy.offset {
				return errors.New("a full copy without a valid end")
			}
			f.copy.until = until
		} else {
			if f.own.do(args); f.own.errors > 0 {
				return fmt.Errorf("a command of the stream failed: %s", f.own.out)
			}
			f.own.out, f.own.done = f.own.out[:0], 0
			if f.copy == nil || f.copy.until >= 0 {
				f.pending += int64(f.in.next - f.in.begin)
			}
		}
		if f.own.tx.open {
			continue
		}
		if err := f.advance(ctx); err != nil {
			return err
		}
	}
}

// advance counts what is executed, and ends a copy that is whole.
func (f *follower) advance(ctx context.Context) error {
	n := f.pending
	f.pending = 0
	if f.copy == nil {
		f.l.mu.Lock()
		f.l.offset += n
		f.l.mu.Unlock()
		return nil
	}
	if f.copy.offset += n; f.copy.until < 0 || f.copy.offset < f.copy.until {
		return nil
	}
	f.own.release()
	if err := f.s.adopt(ctx, f.copy.state); err != nil {
		return fmt.Errorf("the full copy is not used: %w", err)
	}
	f.s.loading.Store(false)
	f.l.mu.Lock()
	f.l.state, f.l.id, f.l.offset = "connected", f.copy.id, f.copy.offset
	f.l.mu.Unlock()
	f.copy, f.own = nil, f.s.internalSession(fromMaster)
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
