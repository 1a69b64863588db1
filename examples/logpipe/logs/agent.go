package logs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// An Agent follows files and sends what is written to them. What is not acknowledged stays
// in the file, which is its only buffer: if the server is slow, it reads no further. It is
// made by OpenAgent.
type Agent struct {
	Service string        // of records that name none; default is the name of the file
	Poll    time.Duration // how often files are looked at; default 200 ms
	Settle  time.Duration // after which a record that could go on is sent; default 1 s

	to         Sender
	state      *checkpoint
	files      []string
	now        func() time.Time
	open       func(name string) (*os.File, error)
	truncated  atomic.Int64 // files that were truncated or replaced
	vanished   atomic.Int64 // files that were removed or truncated before they were read to their end
	unreadable atomic.Int64 // files that could not be opened
	failed     atomic.Int64 // batches that were sent again
	lastError  atomic.Value
}

// OpenAgent returns an agent with its checkpoints in a file. The error wraps ErrCorrupt if
// the file is none.
func OpenAgent(state string, to Sender, files ...string) (*Agent, error) {
	c, err := openCheckpoint(state)
	if err != nil {
		return nil, err
	}
	a := &Agent{Poll: 200 * time.Millisecond, Settle: time.Second, to: to, state: c, now: time.Now, open: os.Open}
	for _, f := range files {
		abs, err := filepath.Abs(f)
		if err != nil {
			return nil, err
		}
		a.files = append(a.files, abs)
	}
	return a, nil
}

// Name returns the agent's name, which it drew when its checkpoints were made.
func (a *Agent) Name() string { return a.state.Agent }

// AgentStats are what has happened to the files of an agent. Each is a number of times.
type AgentStats struct{ Truncated, Vanished, Unreadable, Failed int64 }

// Stats returns what has happened.
func (a *Agent) Stats() AgentStats {
	return AgentStats{a.truncated.Load(), a.vanished.Load(), a.unreadable.Load(), a.failed.Load()}
}

// Err returns the last error of a batch, or nil.
func (a *Agent) Err() error {
	err, _ := a.lastError.Load().(error)
	return err
}

// Run follows the files until ctx is done. What fails is tried again, less and less often.
func (a *Agent) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for _, path := range a.files {
		wg.Go(func() { a.tailer(path).run(ctx) })
	}
	wg.Wait()
	return nil
}

func (a *Agent) tailer(path string) *tailer {
	t := &tailer{a: a, path: path, buf: make([]byte, MaxBatch+1)}
	a.state.mu.Lock()
	defer a.state.mu.Unlock()
	if p := a.state.Files[path]; p != nil {
		t.at = *p
	}
	return t
}

func (t *tailer) run(ctx context.Context) {
	defer func() {
		if t.f != nil {
			_ = t.f.Close()
		}
	}()
	for failures := 0; ctx.Err() == nil; {
		busy, err := t.step(ctx)
		switch {
		case err != nil && !errors.Is(err, context.Canceled):
			failures++
			t.a.failed.Add(1)
			t.a.lastError.Store(fmt.Errorf("%s: %w", t.path, err))
		case busy:
			failures = 0
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait(failures, t.a.Poll)):
		}
	}
}
