// Package serve is what the HTTP servers of the system designs share: servers that stop
// together, bounded JSON, one form of error, a check of Host and Origin, and server-sent
// events that resume where a client stopped.
package serve

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Group is servers that stop together. The zero value is ready to use; it is for one
// goroutine.
type Group struct {
	all []*http.Server
	wg  sync.WaitGroup
}

// Listen serves h at addr and returns the address, whose port is chosen if addr's is 0.
func (g *Group) Listen(addr string, h http.Handler) (string, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return "", err
	}
	return g.Serve(l, h), nil
}

// Serve serves h on l and returns its address.
func (g *Group) Serve(l net.Listener, h http.Handler) string {
	s := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
	stop, cancel := context.WithCancel(context.Background())
	s.BaseContext = func(net.Listener) context.Context { return context.WithValue(stop, stopping{}, stop) }
	s.RegisterOnShutdown(cancel)
	g.all = append(g.all, s)
	g.wg.Go(func() {
		defer cancel()
		_ = s.Serve(l)
	})
	return l.Addr().String()
}

// stopping is the key of a request's context for the context that ends at a shutdown.
type stopping struct{}

// Waiting returns a context for a handler that waits for something: it ends with the
// request, and as soon as the server is to stop. Call cancel when the wait has ended.
func Waiting(r *http.Request) (ctx context.Context, cancel func()) {
	ctx, end := context.WithCancel(r.Context())
	stop, ok := ctx.Value(stopping{}).(context.Context)
	if !ok {
		return ctx, end
	}
	off := context.AfterFunc(stop, end)
	return ctx, func() { off(); end() }
}

// Close stops the servers, the last one first. Requests may take two seconds to end, all
// servers together; then their connections are closed. The contexts of Waiting end at once.
func (g *Group) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	for i := len(g.all) - 1; i >= 0; i-- {
		if g.all[i].Shutdown(ctx) != nil {
			_ = g.all[i].Close()
		}
	}
	g.wg.Wait()
}

// JSON answers with v. An error of the connection is not reported: the client has gone.
func JSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// Fail answers with an error in the form {"error": "…"}.
func Fail(w http.ResponseWriter, status int, err error) {
	JSON(w, status, map[string]string{"error": err.Error()})
}

// ErrTooLarge is wrapped by the errors of Body and Decode for a body beyond the limit.
var ErrTooLarge = errors.New("the body is too large")

// Body returns the body of a request of at most limit bytes.
func Body(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, limit)
	}
	return b, err
}

// Decode reads a body of at most limit bytes into v. A field that v does not have, and
// anything after the value, is an error.
func Decode(w http.ResponseWriter, r *http.Request, limit int64, v any) error {
	b, err := Body(w, r, limit)
	if err != nil {
		return err
	}
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("the body is no whole JSON value")
		}
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON value")
	}
	return nil
}

// Status returns the status for an error of Body or Decode: 413 or 400.
func Status(err error) int {
	if errors.Is(err, ErrTooLarge) {
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusBadRequest
}

// Guard passes on requests that a page of another site cannot have made. It refuses a
// write whose Origin is another one, and any request whose Host is neither a loopback
// address, nor localhost, nor in hosts: an attacker's name that points to this address
// would make the attacker's page one of the same origin. A refusal says hint.
func Guard(next http.Handler, hint string, hosts ...string) http.Handler {
	next = http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := Hostname(r.Host)
		ip, err := netip.ParseAddr(host)
		if err == nil && ip.IsLoopback() || strings.EqualFold(host, "localhost") || slices.Contains(hosts, host) {
			next.ServeHTTP(w, r)
			return
		}
		Fail(w, http.StatusMisdirectedRequest, fmt.Errorf("this page is not at %q: %s", r.Host, hint))
	})
}

// Hostname returns a Host without its port and without brackets.
func Hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.Trim(host, "[]")
}

//go:embed head.html
var head []byte

// Page answers with a page whose style and script are in it, and which talks only to its own
// server. It begins with head.html, which has what all pages share; html follows, from its
// title on.
func Page(html []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; frame-ancestors 'self'")
		_, _ = w.Write(head)
		_, _ = w.Write(html)
	})
}
