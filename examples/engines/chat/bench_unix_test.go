//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/centrifugal/centrifuge"
	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/chat/room"
	"example.com/flatline/examples/internal/crash"
	"example.com/flatline/ratelimit"
)

// The peers are servers in a process of their own, limited to one core. Both keep messages
// in memory, with a history of room.Keep, and speak JSON over WebSocket.

// served is the child process: a handler, and what it says of itself.
func served(h http.Handler, publish func(text string) error) error {
	runtime.GOMAXPROCS(1)
	mux := http.NewServeMux()
	mux.Handle("/", h)
	mux.HandleFunc("POST /publish", func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err == nil {
			err = publish(string(b))
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	mux.HandleFunc("GET /usage", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("gc") != "" {
			runtime.GC()
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		var u syscall.Rusage
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
		_ = json.NewEncoder(w).Encode(usage{time.Duration(u.Utime.Nano() + u.Stime.Nano()), m.HeapAlloc})
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println("listening on", l.Addr())
	return http.Serve(l, mux)
}

func init() { children["flatline"], children["centrifuge"] = serveFlatline, serveCentrifuge }

type usage struct {
	CPU  time.Duration
	Heap uint64
}

// serveFlatline is a child: a hub.
func serveFlatline([]string) error {
	h := room.NewHub(room.Options{Store: room.NewMemory(), UserRate: ratelimit.Inf, RoomRate: ratelimit.Inf})
	var n atomic.Int64
	publish := func(text string) error {
		_, err := h.Send(context.Background(), room.Draft{Room: "a", From: "ann", Nonce: strconv.FormatInt(n.Add(1), 10), Text: text})
		return err
	}
	if err := publish("first"); err != nil {
		return err
	}
	return served(mount(h, room.Handler(h), func(next http.Handler) http.Handler { return next }), publish)
}

// serveCentrifuge is a child: a node of centrifuge. Clients are subscribed when they connect.
func serveCentrifuge([]string) error {
	node, err := centrifuge.New(centrifuge.Config{})
	if err != nil {
		return err
	}
	node.OnConnecting(func(context.Context, centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		return centrifuge.ConnectReply{
			Credentials:   &centrifuge.Credentials{UserID: "bob"},
			Subscriptions: map[string]centrifuge.SubscribeOptions{"a": {EnableRecovery: true, EnablePositioning: true}},
		}, nil
	})
	if err := node.Run(); err != nil {
		return err
	}
	return served(centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{}), func(text string) error {
		b, err := json.Marshal(map[string]string{"from": "ann", "nonce": "1", "text": text, "at": time.Now().UTC().Format(time.RFC3339Nano)})
		if err == nil {
			_, err = node.Publish("a", b, centrifuge.WithHistory(room.Keep, time.Hour))
		}
		return err
	})
}

// peer is how a client talks to a server.
type peer struct {
	name, child, path string
	hello, ready      string // what it says first, and what is in the answer
}

var peers = []peer{
	{"flatline", "flatline", "/socket?user=bob", `{"type":"join","room":"a"}`, `"joined"`},
	{"centrifuge", "centrifuge", "/", `{"id":1,"connect":{}}`, `"connect":{`},
}

// bench is a server with its readers.
type bench struct {
	b    *testing.B
	p    peer
	addr string
	got  atomic.Int64
	mu   sync.Mutex
	took []time.Duration
}

func (x *bench) usage(gc string) (u usage) {
	r, err := http.Get("http://" + x.addr + "/usage?gc=" + gc)
	require.NoError(x.b, err)
	defer r.Body.Close()
	require.NoError(x.b, json.NewDecoder(r.Body).Decode(&u))
	return u
}

func (x *bench) publish(text string) {
	r, err := http.Post("http://"+x.addr+"/publish", "text/plain", strings.NewReader(text))
	require.NoError(x.b, err)
	_, _ = io.Copy(io.Discard, r.Body)
	require.NoError(x.b, r.Body.Close())
	require.Equal(x.b, http.StatusOK, r.StatusCode)
}

// connect returns a connection that has joined. With a small buffer the kernel takes little
// for a client that does not read.
func (x *bench) connect(buffer int) *websocket.Conn {
	d := net.Dialer{Control: func(_, _ string, c syscall.RawConn) error {
		if buffer == 0 {
			return nil
		}
		return c.Control(func(fd uintptr) { _ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, buffer) })
	}}
	client := &http.Client{Transport: &http.Transport{DialContext: d.DialContext}}
	c, _, err := websocket.Dial(context.Background(), "ws://"+x.addr+x.p.path, &websocket.DialOptions{HTTPClient: client})
	require.NoError(x.b, err)
	x.b.Cleanup(func() { _ = c.CloseNow() })
	c.SetReadLimit(64 << 20)
	require.NoError(x.b, c.Write(context.Background(), websocket.MessageText, []byte(x.p.hello)))
	for {
		_, b, err := c.Read(context.Background())
		require.NoError(x.b, err)
		if strings.Contains(string(b), x.p.ready) {
			return c
		}
	}
}

var stampKey = []byte(`"text":"t`)

// read counts the messages of a connection, and notes how long each took.
func (x *bench) read(c *websocket.Conn) {
	for {
		_, b, err := c.Read(context.Background())
		if err != nil {
			return
		}
		now := time.Now().UnixNano()
		for {
			i := bytes.Index(b, stampKey)
			if i < 0 {
				break
			}
			b = b[i+len(stampKey):]
			sent, _ := strconv.ParseInt(string(b[:19]), 10, 64)
			x.mu.Lock()
			x.took = append(x.took, time.Duration(now-sent))
			x.mu.Unlock()
			x.got.Add(1)
		}
	}
}

// BenchmarkFanout: one room, 1,000 readers, and a message every 50 ms; alone, and with ten
// clients that read nothing, after 2,000 messages of 4 KiB that they have not read.
func BenchmarkFanout(b *testing.B) {
	const readers = 1000
	for _, stopped := range []int{0, 10} {
		for _, p := range peers {
			b.Run(fmt.Sprintf("stopped=%d/impl=%s", stopped, p.name), func(b *testing.B) {
				child := crash.Start(b, p.child)
				x := &bench{b: b, p: p, addr: child.Match(`^listening on (\S+)`)[1]}
				before := x.usage("1").Heap
				for range stopped {
					x.connect(4 << 10)
				}
				filled := x.usage("1").Heap
				if stopped > 0 {
					for range 2000 {
						x.publish(strings.Repeat("x", 4000))
					}
					filled = x.usage("1").Heap
				}
				for range readers {
					go x.read(x.connect(0))
				}
				begin := x.usage("")
				n := int64(0)
				b.ResetTimer()
				for next := time.Now(); b.Loop(); next = next.Add(50 * time.Millisecond) {
					time.Sleep(time.Until(next))
					x.publish("t" + strconv.FormatInt(time.Now().UnixNano(), 10) + strings.Repeat("x", 80))
					n++
				}
				b.StopTimer()
				require.Eventually(b, func() bool { return x.got.Load() == n*readers }, crash.Patience, time.Millisecond)
				cpu := x.usage("").CPU - begin.CPU
				slices.Sort(x.took)
				b.ReportMetric(float64(cpu.Nanoseconds())/float64(n*readers), "cpu-ns/delivery")
				b.ReportMetric(float64(x.took[len(x.took)*99/100].Microseconds()), "p99-µs")
				b.ReportMetric(float64(x.took[len(x.took)/2].Microseconds()), "p50-µs")
				b.ReportMetric(max(0, float64(filled)-float64(before))/1024, "heap-KiB")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}
