// Package crash kills programs in tests: the test binary starts itself as a child process,
// which is killed with kill -9, and a Ledger has what was acknowledged before.
package crash

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

const variable = "FLATLINE_CRASH_CHILD"

// Patience is how long a test waits for something that must happen.
const Patience = time.Minute

// Main is for TestMain: in a child that Start started it runs the function with the child's
// name and exits; in the tests themselves it runs the tests. What a child's function
// returns as an error is printed, and the exit status is 1.
func Main(m *testing.M, children map[string]func(args []string) error) {
	name := os.Getenv(variable)
	if name == "" {
		os.Exit(m.Run())
	}
	f, ok := children[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "there is no child %q\n", name)
		os.Exit(2)
	}
	if err := f(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// A Process is a child.
type Process struct {
	t     testing.TB
	cmd   *exec.Cmd
	lines chan string
	ended chan struct{}
}

// Start starts the test binary as a child that runs the function with a name. The child
// is killed when the test ends.
func Start(t testing.TB, name string, args ...string) *Process {
	t.Helper()
	p := &Process{t: t, cmd: exec.Command(os.Args[0], args...), lines: make(chan string, 1<<16), ended: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), variable+"="+name)
	p.cmd.Stderr = os.Stderr
	endWithParent(p.cmd)
	out, err := p.cmd.StdoutPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for s := bufio.NewScanner(out); s.Scan(); {
			p.lines <- s.Text()
		}
		close(p.lines)
		_, _ = io.Copy(io.Discard, out)
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(p.Kill)
	return p
}

// Match waits for a line of the child's output that matches a regular expression, and
// returns the submatches.
func (p *Process) Match(re string) []string {
	p.t.Helper()
	var seen []string
	timeout := time.After(Patience)
	for {
		select {
		case line, ok := <-p.lines:
			if !ok {
				p.t.Fatalf("the child ended without a line %s; it printed\n%s", re, strings.Join(seen, "\n"))
			}
			if m := regexp.MustCompile(re).FindStringSubmatch(line); m != nil {
				return m
			}
			seen = append(seen, line)
		case <-timeout:
			p.t.Fatalf("no line %s from the child in %v; it printed\n%s", re, Patience, strings.Join(seen, "\n"))
		}
	}
}

// Rest waits until the child has ended and yields what it printed and Match has not read.
func (p *Process) Rest(yield func(line string) bool) {
	for line := range p.lines {
		if !yield(line) {
			return
		}
	}
}

// Kill ends the child with kill -9 and returns when it has ended.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// Interrupt asks the child to stop and waits until it has; the error is its exit status.
func (p *Process) Interrupt() error {
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	<-p.ended
	if !p.cmd.ProcessState.Success() {
		return fmt.Errorf("the child: %v", p.cmd.ProcessState)
	}
	return nil
}

// A Ledger has what was acknowledged, by key. It is safe for concurrent use.
type Ledger[V any] struct {
	mu  sync.Mutex
	all map[string]V
	bad []string
}

// Acknowledged writes that a key was acknowledged. A key that is acknowledged twice is an
// error that Check reports.
func (l *Ledger[V]) Acknowledged(key string, v V) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, twice := l.all[key]; twice {
		l.bad = append(l.bad, key+" was acknowledged twice")
	}
	if l.all == nil {
		l.all = map[string]V{}
	}
	l.all[key] = v
}

// Len returns how many keys were acknowledged.
func (l *Ledger[V]) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.all)
}

// Check calls found for each key, and returns those for which it returns an error, with
// the error.
func (l *Ledger[V]) Check(found func(key string, v V) error) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	bad := l.bad
	for k, v := range l.all {
		if err := found(k, v); err != nil {
			bad = append(bad, fmt.Sprintf("%s: %v", k, err))
		}
	}
	return bad
}
