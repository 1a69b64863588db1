package httplimit

import (
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"example.com/flatline/internal/option"
	"example.com/flatline/ratelimit"
)

// Options are the settings of New.
type Options struct {
	// Key returns what a request is counted under; the default is ClientIP(). If it
	// panics the request is not counted.
	Key func(*http.Request) string

	// Name is the policy's name in the fields; the default is "default". It must be
	// printable ASCII.
	Name string

	// MaxKeys bounds the keys that are kept at once; 0, the default, is 100000, about
	// 10 MB. See ratelimit.KeyedOptions.
	MaxKeys int

	// Denied answers a request that is refused; the default writes status 429 and a
	// line of text. The fields and Retry-After are set already; it writes the status.
	Denied http.Handler
}

// New returns a middleware that lets each key have burst requests at once and the
// rate in the long run. Handlers that are wrapped by the same middleware share the
// count. With an Inf rate it sets no fields. It panics if burst or MaxKeys is
// negative, on a Name that is not printable ASCII, and on more than one Options.
func New(r ratelimit.Rate, burst int64, opts ...Options) func(http.Handler) http.Handler {
	o := option.One("httplimit.New", opts)
	if o.Key == nil {
		o.Key = ClientIP()
	}
	if o.Name == "" {
		o.Name = "default"
	}
	if o.MaxKeys == 0 {
		o.MaxKeys = 100_000
	}
	if o.Denied == nil {
		o.Denied = http.HandlerFunc(tooMany)
	}
	m := &middleware{
		name:   quote(o.Name),
		inf:    r == ratelimit.Inf,
		key:    o.Key,
		denied: o.Denied,
		keys:   ratelimit.NewKeyed(r, burst, ratelimit.KeyedOptions[string]{MaxKeys: o.MaxKeys}),
	}
	m.policy = m.name + ";q=" + strconv.FormatInt(burst, 10)
	if w := r.Time(burst); w != ratelimit.Never {
		m.policy += ";w=" + seconds(w)
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { m.serve(w, req, next) })
	}
}

type middleware struct {
	name, policy string
	inf          bool
	key          func(*http.Request) string
	denied       http.Handler
	keys         *ratelimit.Keyed[string]
}

func (m *middleware) serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	d := m.keys.Take(m.key(r), 1)
	h := w.Header()
	if !m.inf {
		h.Set("RateLimit-Policy", m.policy)
		h.Set("RateLimit", m.field(d))
	}
	if d.OK {
		next.ServeHTTP(w, r)
		return
	}
	if d.RetryAfter != ratelimit.Never {
		h.Set("Retry-After", seconds(d.RetryAfter))
	}
	m.denied.ServeHTTP(w, r)
}

// field returns the value of the RateLimit field.
func (m *middleware) field(d ratelimit.Decision) string {
	f := m.name + ";r=" + strconv.FormatInt(d.Remaining, 10)
	if d.ResetAfter != ratelimit.Never {
		f += ";t=" + seconds(d.ResetAfter)
	}
	return f
}

func tooMany(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, http.StatusText(http.StatusTooManyRequests), http.StatusTooManyRequests)
}

// seconds rounds up.
func seconds(d time.Duration) string {
	s := int64(d / time.Second)
	if d%time.Second > 0 {
		s++
	}
	return strconv.FormatInt(s, 10)
}

// quote returns s as a String of RFC 9651.
func quote(s string) string {
	for _, c := range []byte(s) {
		if c < 0x20 || c > 0x7e {
			panic(fmt.Sprintf("httplimit.New: Name must be printable ASCII, got %q", s))
		}
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// ClientIP returns a Key that is the client's address: of an IPv4 client the
// address, of an IPv6 client its /64, since one client has as many addresses there
// as it likes. It is the peer of the connection, unless that is one of the trusted
// proxies: then it is the last address in X-Forwarded-For that is not. What stands
// before that the client may have made up, and so may any client that does not come
// through a proxy; so with no trusted proxies the field is never read. An entry
// that is not an address counts as the proxy that passed it on.
//
// Requests whose RemoteAddr is no address, from a Unix socket say, have RemoteAddr
// itself as their key.
func ClientIP(trusted ...netip.Prefix) func(*http.Request) string {
	trusted = append([]netip.Prefix(nil), trusted...)
	isTrusted := func(ip netip.Addr) bool {
		for _, p := range trusted {
			if p.Contains(ip) {
				return true
			}
		}
		return false
	}
	return func(r *http.Request) string {
		ip, ok := parse(r.RemoteAddr)
		if !ok {
			return r.RemoteAddr
		}
		hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		for i := len(hops) - 1; i >= 0 && isTrusted(ip); i-- {
			next, ok := parse(strings.TrimSpace(hops[i]))
			if !ok {
				break
			}
			ip = next
		}
		return client(ip)
	}
}

// parse reads an address, with a port or without.
func parse(s string) (netip.Addr, bool) {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	ip, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return ip.Unmap().WithZone(""), err == nil
}

func client(ip netip.Addr) string {
	if ip.Is6() {
		p, _ := ip.Prefix(64) // no error: it has no zone, and 64 bits
		return p.String()
	}
	return ip.String()
}
