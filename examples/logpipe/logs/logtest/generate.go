package logtest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"time"
)

var (
	services = []string{"api", "web", "auth", "mail", "billing", "search"}
	paths    = []string{"/", "/login", "/users", "/orders", "/orders/items", "/search", "/health"}
	failures = []string{"connection refused", "time out after 3s", "no such user", "disk quota exceeded", "context canceled"}
	messages = []string{"request served", "cache miss", "user logged in", "job started", "job done", "message queued", "retry scheduled"}
)

// A Generator writes what programs write: JSON, logfmt, plain lines and stack traces, of six
// services. The same seed gives the same bytes.
type Generator struct {
	rand *rand.Rand
	at   time.Time
	n    int
}

// NewGenerator returns a generator whose first record is of a time. Each further one is up
// to two milliseconds later.
func NewGenerator(seed uint64, at time.Time) *Generator {
	return &Generator{rand: rand.New(rand.NewPCG(seed, 0)), at: at.UTC()}
}

func pick(r *rand.Rand, all []string) string { return all[r.IntN(len(all))] }

// Append appends a record with its newline.
func (g *Generator) Append(b []byte) []byte {
	r := g.rand
	g.n++
	g.at = g.at.Add(time.Duration(r.Int64N(int64(2 * time.Millisecond))))
	at, service := g.at.Format("2006-01-02T15:04:05.000000Z"), pick(r, services)
	level := "info"
	switch x := r.IntN(100); {
	case x < 2:
		level = "error"
	case x < 7:
		level = "warn"
	case x < 20:
		level = "debug"
	}
	msg := pick(r, messages)
	if level == "error" {
		msg = pick(r, failures)
	}
	switch r.IntN(10) {
	case 0:
		return fmt.Appendf(b, "%s %s %s[%d]: %s for user-%d from 10.0.%d.%d\n", at, level, service, r.IntN(30000), msg, r.IntN(100000), r.IntN(256), r.IntN(256))
	case 1, 2, 3:
		return fmt.Appendf(b, "time=%s level=%s service=%s msg=%q user=%d ms=%d trace=%016x\n", at, level, service, msg, r.IntN(100000), r.IntN(3000), r.Uint64())
	}
	b = fmt.Appendf(b, `{"time":%q,"level":%q,"service":%q,"msg":%q,"path":"%s/%d","status":%d,"bytes":%d,"ms":%.1f,"trace":"%016x"}`,
		at, level, service, msg, pick(r, paths), r.IntN(5000), 200+100*r.IntN(4), r.IntN(1<<16), r.ExpFloat64()*40, r.Uint64())
	b = append(b, '\n')
	if level == "error" && r.IntN(3) == 0 {
		b = fmt.Appendf(b, "%s java.lang.IllegalStateException: %s\n\tat com.example.Order.save(Order.java:%d)\n\tat com.example.Api.post(Api.java:%d)\nCaused by: java.io.IOException: broken pipe\n\tat java.net.Socket.write(Socket.java:%d)\n", at, msg, r.IntN(500), r.IntN(500), r.IntN(500))
	}
	return b
}

// Bytes returns records of at least size bytes together.
func (g *Generator) Bytes(size int) []byte {
	b := make([]byte, 0, size+1<<10)
	for len(b) < size {
		b = g.Append(b)
	}
	return b
}

// Lines returns how many lines b has.
func Lines(b []byte) int { return bytes.Count(b, []byte("\n")) }
