package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
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
	saying  sync.Mutex
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
	answer, err := f.greet()
	if err != nil {
		return err
	}
	defer f.beat(ctx)()
	if err := f.begin(ctx, answer); err != nil {
		return err
	}
	f.own = f.s.internalSession(fromMaster)
	for {
		if err := f.apply(); err != nil {
			return err
		}
		f.own.release()
		if err := f.say(); err != nil {
			return err
		}
		if err := f.fill(); err != nil {
			return err
		}
	}
}

// say tells the master how far the server is in the stream or, during a copy, that it is alive.
func (f *follower) say() error {
	f.saying.Lock()
	defer f.saying.Unlock()
	text := []byte("\n")
	if f.l.connected() {
		offset, ok := f.has(), true
		if m := f.s.cluster; m != nil {
			offset, ok = m.acknowledgeable(f)
		}
		if !ok {
			return nil
		}
		text = appendCommand(nil, "REPLCONF", "ACK", itoa(offset))
	}
	_, err := f.nc.Write(text)
	return err
}

// beat says so once a second, until stop. A Redis that has sent a copy from memory begins the
// stream only when it hears that after its end.
func (f *follower) beat(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		t := time.NewTicker(time.Second)
		defer t.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-t.C:
			}
			if f.say() != nil {
				return
			}
		}
	}()
	return func() { cancel(); f.nc.Close(); <-ended }
}

func (f *follower) fill() error {
	if err := f.nc.SetReadDeadline(time.Now().Add(masterTimeout)); err != nil {
		return err
	}
	n, err := f.nc.Read(f.in.room())
	f.in.came(n)
	return err
}

// greet sends the server's identity and offset, and returns the words of the master's answer.
// A Redis refuses PSYNC if an answer to a command before it is on its way.
func (f *follower) greet() (answer []string, err error) {
	hello := [][]string{
		{"REPLCONF", "listening-port", itoa(int64(f.s.Addr().Port))},
		{"REPLCONF", "capa", "eof", "capa", "psync2"},
		{"REPLCONF", "run-id", f.s.runID}, // which a Redis does not know
	}
	if m := f.s.cluster; m != nil {
		hello = append(hello, []string{"REPLCONF", "cluster-node", m.self, "cluster-term", utoa(m.asked.Load())})
	}
	for _, words := range hello {
		answer, err := f.ask(words...)
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(answer, "-") && !strings.HasPrefix(answer, "-ERR Unrecognized REPLCONF option") {
			return nil, errors.New(answer[1:])
		}
	}
	f.l.mu.Lock()
	id, next := f.l.id, f.l.offset+1
	f.l.mu.Unlock()
	if id == "?" {
		next = -1
	}
	text, err := f.ask("PSYNC", id, itoa(next))
	if err == nil && strings.HasPrefix(text, "-") {
		err = errors.New(text[1:])
	}
	return strings.Fields(text), err
}

// begin does what the master has answered.
func (f *follower) begin(ctx context.Context, answer []string) error {
	word := func(i int, otherwise string) string {
		if i < len(answer) {
			return answer[i]
		}
		return otherwise
	}
	from, ok := parseInt([]byte(word(2, "")))
	switch {
	case answer[0] == "+CONTINUE" && len(answer) <= 3:
		f.l.mu.Lock()
		id := word(1, f.l.id)
		f.l.mu.Unlock()
		return f.resume(id, word(2, id))
	case answer[0] == "+FULLRESYNC" && ok && from >= 0 && len(answer) <= 4:
		return f.copy(ctx, answer[1], from, word(3, answer[1]))
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

// has returns the offset up to which the server has the stream.
func (f *follower) has() int64 {
	f.l.mu.Lock()
	defer f.l.mu.Unlock()
	return f.l.offset
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
