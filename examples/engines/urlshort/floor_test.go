package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/internal/wal"
	"example.com/flatline/examples/urlshort/short"
	"example.com/flatline/internal/loopback"
	"example.com/flatline/ratelimit"
)

const links = 10_000

func target(i int) string {
	return fmt.Sprintf("https://example.com/articles/%d/a-title-of-some-length", i)
}

// servers start each way to answer a redirect, and return its address.
var servers = []struct {
	name  string
	start func(b *testing.B, codes []string) (addr string)
}{
	{"bare", func(b *testing.B, codes []string) string {
		m := map[string]string{}
		for i, c := range codes {
			m["/"+c] = target(i)
		}
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Location"] = []string{m[r.URL.Path]}
			w.WriteHeader(http.StatusFound)
		}))
		b.Cleanup(s.Close)
		return s.Listener.Addr().String()
	}},
	{"flatline", func(b *testing.B, codes []string) string {
		m := short.NewMemory()
		for i, c := range codes {
			_, err := m.Create(context.Background(), short.Link{Code: c, URL: target(i)})
			require.NoError(b, err)
		}
		n := short.New(short.Options{Store: m, Rate: ratelimit.Per(1, time.Second), Burst: 1})
		s := httptest.NewServer(n)
		b.Cleanup(func() { s.Close(); n.Close() })
		return s.Listener.Addr().String()
	}},
	{"nginx", nginx},
}

// nginx starts one worker with a map block, or skips.
func nginx(b *testing.B, codes []string) string {
	bin, err := exec.LookPath("nginx")
	if err != nil {
		b.Skip("nginx is not installed (Debian: apt-get install nginx-light)")
	}
	addr, err := loopback.Addr()
	require.NoError(b, err)
	dir := b.TempDir()
	var conf strings.Builder
	fmt.Fprintf(&conf, "daemon off; worker_processes 1; pid %s/pid; error_log %s/log; events {}\nhttp { access_log off; keepalive_requests 100000000; map_hash_max_size 65536; map_hash_bucket_size 256; server_tokens off;\nmap $uri $to {\n", dir, dir)
	for i, c := range codes {
		fmt.Fprintf(&conf, "/%s %s;\n", c, target(i))
	}
	fmt.Fprintf(&conf, "}\nserver { listen %s; location / { return 302 $to; } } }\n", addr)
	file := filepath.Join(dir, "conf")
	require.NoError(b, os.WriteFile(file, []byte(conf.String()), 0o600))
	cmd := exec.Command(bin, "-p", dir, "-c", file)
	require.NoError(b, cmd.Start())
	b.Cleanup(func() { _ = cmd.Process.Signal(os.Interrupt); _ = cmd.Wait() })
	require.Eventually(b, func() bool {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
		}
		return err == nil
	}, time.Minute, 5*time.Millisecond)
	return addr
}

// BenchmarkRedirect: redirects over loopback, next to the least that they could cost: a
// handler with a map, which counts nothing and cannot change, and nginx with a map block.
// The client is the same for all: it writes a request and reads up to the end of the
// headers, and of the body that nginx sends.
func BenchmarkRedirect(b *testing.B) {
	coder := short.NewCoder(short.Key{1}, short.Base58, 7)
	var codes []string
	for i := range uint64(links) {
		codes = append(codes, coder.Encode(i))
	}
	for _, s := range servers {
		b.Run("impl="+s.name, func(b *testing.B) {
			addr := s.start(b, codes)
			var next atomic.Uint64
			b.SetParallelism(16)
			b.RunParallel(func(pb *testing.PB) {
				c, err := net.Dial("tcp", addr)
				if err != nil {
					b.Error(err)
					return
				}
				defer c.Close()
				r := bufio.NewReader(c)
				var req []byte
				for pb.Next() {
					i := int(next.Add(7919) % links)
					req = fmt.Appendf(req[:0], "GET /%s HTTP/1.1\r\nHost: localhost\r\n\r\n", codes[i])
					if _, err := c.Write(req); err != nil {
						b.Error(err)
						return
					}
					answer, err := http.ReadResponse(r, nil)
					if err != nil || answer.StatusCode != http.StatusFound || answer.Header.Get("Location") != target(i) {
						b.Errorf("%v %v", answer, err)
						return
					}
					if _, err := r.Discard(int(answer.ContentLength)); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

// BenchmarkCreate: durable links a second, next to the log alone with records of the same
// size. Both sync each commit.
func BenchmarkCreate(b *testing.B) {
	rec := []byte(strings.Repeat("x", 250))
	for _, impl := range []string{"log", "flatline"} {
		b.Run("impl="+impl, func(b *testing.B) {
			var n atomic.Uint64
			var do func() error
			if impl == "log" {
				l, err := wal.Open(b.TempDir(), wal.Options{})
				require.NoError(b, err)
				defer l.Close()
				do = func() error { _, err := l.Append(context.Background(), rec); return err }
			} else {
				d, err := short.OpenDisk(b.TempDir(), 1<<20, wal.Options{})
				require.NoError(b, err)
				defer d.Close()
				codes := short.NewCodes(d, false)
				do = func() error {
					code, err := codes.Next(context.Background())
					if err == nil {
						_, err = d.Create(context.Background(), short.Link{Code: code, URL: target(int(n.Add(1)))})
					}
					return err
				}
			}
			b.SetParallelism(64)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := do(); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}
