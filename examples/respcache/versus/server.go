package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"example.com/flatline/internal/loopback"
)

// A server is one of the two, pinned to its core.
type server struct {
	name string
	addr string
	cmd  *exec.Cmd
	log  *output
	done chan struct{}
}

// start starts "respcache" or "redis-server" with an empty memory and, if maxmemory is not
// 0, a bound on it.
func (b *bench) start(ctx context.Context, name string, maxmemory int64, policy string) (*server, error) {
	dir, err := os.MkdirTemp(b.dir, name)
	if err != nil {
		return nil, err
	}
	s := &server{name: name, log: new(output), done: make(chan struct{})}
	args := []string{"-c", strconv.Itoa(b.serverCPU)}
	dash := "-"
	if name == "redis-server" {
		dash = "--"
		if s.addr, err = loopback.Addr(); err != nil {
			return nil, err
		}
		_, port, _ := net.SplitHostPort(s.addr)
		args = append(args, name, "--bind", "127.0.0.1", "--port", port, "--dir", dir, "--save", "", "--appendonly", "no", "--rdbcompression", "no")
	} else {
		args = append(args, b.bin, "-addr", "127.0.0.1:0", "-dir", dir)
	}
	if maxmemory > 0 {
		args = append(args, dash+"maxmemory", strconv.FormatInt(maxmemory, 10), dash+"maxmemory-policy", policy)
	}
	// taskset becomes the server, so that its process is the server's.
	s.cmd = exec.CommandContext(ctx, "taskset", args...)
	s.cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	endWithParent(s.cmd)
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { _ = s.cmd.Wait(); close(s.done) }()
	if err := s.answers(ctx); err != nil {
		s.stop()
		return nil, fmt.Errorf("%s: %w\n%s", name, err, s.log)
	}
	return s, nil
}

// answers waits until the server says PONG.
func (s *server) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		select {
		case <-s.done:
			return errors.New("ended at its start")
		case <-ctx.Done():
			return fmt.Errorf("does not answer: %w", ctx.Err())
		case <-time.After(5 * time.Millisecond):
		}
		if s.addr == "" {
			if s.addr = listensOn(s.log.String()); s.addr == "" {
				continue
			}
		}
		if got, err := s.ask("PING"); err == nil && got == "+PONG" {
			return nil
		}
	}
}

func (s *server) stop() {
	_ = s.cmd.Process.Kill()
	<-s.done
}

func (s *server) pid() int { return s.cmd.Process.Pid }

func (s *server) port() string {
	_, port, _ := net.SplitHostPort(s.addr)
	return port
}

// ask sends one command and returns the first line of its reply.
func (s *server) ask(line string) (string, error) {
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		return "", err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(c, line+"\r\n"); err != nil {
		return "", err
	}
	got, err := bufio.NewReader(c).ReadString('\n')
	return strings.TrimRight(got, "\r\n"), err
}

// keys returns how many keys the server holds.
func (s *server) keys() (int, error) {
	got, err := s.ask("DBSIZE")
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimPrefix(got, ":"))
}

// fill sets n keys, named as redis-benchmark names them, to values of 64 bytes.
func (s *server) fill(n int) error {
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		return err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(60 * time.Second))
	r := bufio.NewReader(c)
	value := strings.Repeat("x", 64)
	for at := 0; at < n; {
		var batch bytes.Buffer
		sent := min(100, n-at)
		for range sent {
			fmt.Fprintf(&batch, "*3\r\n$3\r\nSET\r\n$16\r\nkey:%012d\r\n$64\r\n%s\r\n", at, value)
			at++
		}
		if _, err := c.Write(batch.Bytes()); err != nil {
			return err
		}
		for range sent {
			if got, err := r.ReadString('\n'); err != nil || got != "+OK\r\n" {
				return fmt.Errorf("SET: %q, %w", got, err)
			}
		}
	}
	return nil
}

// output collects what a server prints.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}
