package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
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
	own     *session // executes the stream
	pending int64    // bytes of a transaction that is not complete
	said    time.Time
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
	if err := f.greet(ctx); err != nil {
		return err
	}
	f.own = f.s.internalSession(fromMaster)
	for {
		if err := f.apply(); err != nil {
			return err
		}
		f.own.release()
		if _, err := f.nc.Write(appendCommand(nil, "REPLCONF", "ACK", itoa(f.has()))); err != nil {
			return err
		}
		if err := f.fill(); err != nil {
			return err
		}
	}
}

func (f *follower) fill() error {
	if err := f.nc.SetReadDeadline(time.Now().Add(masterTimeout)); err != nil {
		return err
	}
	n, err := f.nc.Read(f.in.room())
	f.in.came(n)
	return err
}

// greet sends the server's identity and offset, and reads what the master answers: a copy,
// if it is one, to its end. A Redis refuses PSYNC with other commands before it that are not
// answered.
func (f *follower) greet(ctx context.Context) error {
	f.l.mu.Lock()
	id, offset := f.l.id, f.l.offset
	f.l.mu.Unlock()
	next := offset + 1
	if id == "?" {
		next = -1
	}
	for _, words := range [][]string{
		{"REPLCONF", "listening-port", itoa(int64(f.s.Addr().Port))},
		{"REPLCONF", "capa", "eof", "capa", "psync2"},
		{"REPLCONF", "run-id", f.s.runID}, // which a Redis does not know
	} {
		answer, err := f.ask(words...)
		if err != nil {
			return err
		}
		if strings.HasPrefix(answer, "-") && !strings.HasPrefix(answer, "-ERR Unrecognized REPLCONF option") {
			return errors.New(answer[1:])
		}
	}
	answer, err := f.ask("PSYNC", id, itoa(next))
	if err != nil {
		return err
	}
	words := strings.Fields(answer)
	word := func(i int, otherwise string) string {
		if i < len(words) {
			return words[i]
		}
		return otherwise
	}
	switch {
	case strings.HasPrefix(answer, "-"):
		return errors.New(answer[1:])
	case words[0] == "+CONTINUE" && len(words) <= 3:
		id = word(1, id)
		return f.resume(id, word(2, id))
	case words[0] == "+FULLRESYNC" && (len(words) == 3 || len(words) == 4):
		if from, ok := parseInt([]byte(words[2])); ok && from >= 0 {
			return f.begin(ctx, words[1], from, word(3, words[1]))
		}
	}
	return fmt.Errorf("unexpected answer to PSYNC: %q", answer)
}

// ask sends a command and returns the line that answers it, which is not empty.
func (f *follower) ask(words ...string) (answer string, err error) {
	if _, err := f.nc.Write(appendCommand(nil, words...)); err != nil {
		return "", err
	}
	for err == nil && strings.TrimSpace(answer) == "" {
		answer, err = f.line()
	}
	return answer, err
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

// resume continues where the last connection ended. The stream's id may have changed.
func (f *follower) resume(id, chain string) error {
	if !f.l.setChain(f.s, chain) {
		return errCycle
	}
	f.l.mu.Lock()
	defer f.l.mu.Unlock()
	f.l.state, f.l.id = "connected", id
	return nil
}

// begin receives a full copy. It is loaded aside, into a server that no client sees. Clients
// read the old data until the copy is whole; if it never is, the old data stay. The price is
// memory: the old data and the new ones at the same time.
func (f *follower) begin(ctx context.Context, id string, from int64, chain string) error {
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

// Read reads the master's bytes, for receive. A sign of life answers them once a second.
func (f *follower) Read(b []byte) (int, error) {
	if rest := f.in.buf[f.in.next:]; len(rest) > 0 {
		n := copy(b, rest)
		f.in.next += n
		f.in.begin = f.in.next
		return n, nil
	}
	now := time.Now()
	if now.Sub(f.said) > time.Second {
		f.said = now
		if _, err := f.nc.Write([]byte("\n")); err != nil {
			return 0, err
		}
	}
	if err := f.nc.SetReadDeadline(now.Add(masterTimeout)); err != nil {
		return 0, err
	}
	return f.nc.Read(b)
}

// has returns the offset up to which the server has the stream.
func (f *follower) has() int64 {
	f.l.mu.Lock()
	defer f.l.mu.Unlock()
	return f.l.offset
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

// apply executes the complete commands, and counts their offset in the stream. Inside a
// transaction the offset does not advance: a link that is cut there resumes at its
// beginning.
func (f *follower) apply() error {
	for {
		args, err := f.in.command()
		if err != nil || args == nil {
			return err
		}
		if f.own.do(args); f.own.errors > 0 {
			return fmt.Errorf("a command of the stream failed: %.100q: %s", args[0], f.own.out)
		}
		f.own.out, f.own.done = f.own.out[:0], 0
		f.pending += int64(f.in.next - f.in.begin)
		if f.own.tx.open {
			continue
		}
		f.l.mu.Lock()
		f.l.offset += f.pending
		f.l.mu.Unlock()
		f.pending = 0
	}
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
