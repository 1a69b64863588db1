package wal

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"sync/atomic"
	"time"

	"example.com/flatline/concmap"
)

// A State is what a Machine keeps. Only Apply changes it, and it reads no clock: the same
// commands at the same times give the same state and the same effects.
type State[C, E any] interface {
	Apply(now time.Time, c C) E
	Dump(out *json.Encoder) error // writes all of it
	Load(in *json.Decoder) error  // reads what Dump wrote, into the empty state
}

// A Machine is a state whose commands go through a Log first, with their times: the log's
// goroutine applies each once it is durable, so nothing that a crash could lose is ever
// visible. It is made by OpenMachine, and safe for concurrent use if the state is.
type Machine[C, E any] struct {
	state   State[C, E]
	log     *Log
	every   int64                           // commands from one snapshot to the next
	effects concmap.Map[uint64, applied[E]] // of commands whose callers have yet to take them
	records atomic.Int64                    // since the last snapshot
	busy    atomic.Bool                     // with a snapshot
	empty   bool
}

// applied is what came of a record.
type applied[E any] struct {
	effects E
	err     error
}

// OpenMachine opens the log in dir and brings the state, which is empty, to where the log
// ends. From then on it takes a snapshot every so many commands. It sets opts.Applied. Errors
// are those of Open, of Load, and of a record that is no command. O(bytes in the log).
func OpenMachine[C, E any](dir string, s State[C, E], every int64, opts Options) (*Machine[C, E], error) {
	m := &Machine[C, E]{state: s, every: every, empty: true}
	opts.Applied = func(seq uint64, rec []byte) {
		e, err := m.apply(rec)
		m.effects.Store(seq, applied[E]{e, err})
	}
	log, err := Open(dir, opts)
	if err != nil {
		return nil, err
	}
	m.log = log
	err = log.Replay(func(r io.Reader) error {
		m.empty = false
		return s.Load(json.NewDecoder(bufio.NewReader(r)))
	}, func(_ uint64, rec []byte) error {
		m.empty = false
		m.records.Add(1)
		_, err := m.apply(rec)
		return err
	})
	if err != nil {
		_ = log.Close()
		return nil, err
	}
	return m, nil
}

// Empty reports whether the log had nothing in it when it was opened.
func (m *Machine[C, E]) Empty() bool { return m.empty }

// apply applies a record of the log: nanoseconds since 1970, a space, and the command as JSON.
func (m *Machine[C, E]) apply(rec []byte) (e E, err error) {
	at, command, _ := bytes.Cut(rec, []byte(" "))
	now, err := strconv.ParseInt(string(at), 10, 64)
	var c C
	if err == nil {
		err = json.Unmarshal(command, &c)
	}
	if err != nil {
		return e, fmt.Errorf("wal: a record is no command: %w", err)
	}
	return m.state.Apply(time.Unix(0, now).UTC(), c), nil
}

// Do makes a command of this moment durable, and returns its effects. The error is that of
// Append, or of a command that JSON cannot carry. Every so many commands, the caller waits for
// a snapshot.
func (m *Machine[C, E]) Do(ctx context.Context, c C) (e E, err error) {
	var rec bytes.Buffer
	fmt.Fprint(&rec, time.Now().UnixNano(), " ")
	enc := json.NewEncoder(&rec)
	enc.SetEscapeHTML(false) // six bytes for one
	if err := enc.Encode(c); err != nil {
		return e, err
	}
	seq, err := m.log.Append(ctx, rec.Bytes())
	if err != nil {
		return e, err
	}
	if m.records.Add(1) >= m.every && m.busy.CompareAndSwap(false, true) {
		m.records.Store(0)
		// One that fails leaves the log as it was, and the next one is as good.
		_ = m.log.Snapshot(context.WithoutCancel(ctx), m.dump)
		m.busy.Store(false)
	}
	a, _ := m.effects.LoadAndDelete(seq)
	return a.effects, a.err
}

func (m *Machine[C, E]) dump(w io.Writer) error {
	b := bufio.NewWriter(w)
	if err := m.state.Dump(json.NewEncoder(b)); err != nil {
		return err
	}
	return b.Flush()
}

// Close closes the log.
func (m *Machine[C, E]) Close() error { return m.log.Close() }
