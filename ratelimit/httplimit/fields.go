package httplimit

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"example.com/flatline/ratelimit"
)

// A Policy is one limit, as the fields RateLimit-Policy and RateLimit describe it.
type Policy struct {
	Name  string // printable ASCII
	Rate  ratelimit.Rate
	Burst int64

	// Log says that the limiter is a ratelimit.SlidingLog. When such a limiter has
	// granted a request, its Decision does not say when the next event leaves the window;
	// the field then has no parameter t.
	Log bool
}

// Add appends the policy, and what is left of it according to d, to the fields of h. The
// fields are lists: each limit that a request meets adds its own item, on the same line,
// since many clients do not read a second one. It panics, and adds nothing, if the Name
// is not printable ASCII.
//
// The parameters are q, the Burst; w, the seconds in which the Rate brings Burst; r, the
// requests that are left; and t, the seconds until one more is available, rounded up. t
// is absent when no more will become available: the bucket is full, or the rate is 0. A
// number above the largest Integer of RFC 9651 (15 digits) is sent as that Integer. If
// d.Remaining is negative, which means that it is not known, only the policy is added.
func (p Policy) Add(h http.Header, d ratelimit.Decision) {
	name := quote(p.Name)
	add(h, "RateLimit-Policy", p.policy(name))
	if d.Remaining >= 0 {
		add(h, "RateLimit", p.left(name, d))
	}
}

func add(h http.Header, field, item string) {
	h.Set(field, strings.Join(append(h.Values(field), item), ", "))
}

func (p Policy) policy(name string) string {
	f := name + ";q=" + integer(p.Burst)
	if w := p.Rate.Time(p.Burst); w > 0 && w != ratelimit.Never {
		f += ";w=" + integer(seconds(w))
	}
	return f
}

func (p Policy) left(name string, d ratelimit.Decision) string {
	f := name + ";r=" + integer(d.Remaining)
	if t, ok := p.next(d); ok {
		f += ";t=" + integer(seconds(t))
	}
	return f
}

// next returns the time until one more request is available. It reports false if that is
// never, or not known.
func (p Policy) next(d ratelimit.Decision) (time.Duration, bool) {
	switch {
	case !d.OK:
		return d.RetryAfter, d.RetryAfter != ratelimit.Never
	case d.ResetAfter == ratelimit.Never, d.Remaining >= d.Limit, p.Log:
		return 0, false
	}
	// The bucket is full at ResetAfter, and gains one token after another before that.
	return max(d.ResetAfter-p.Rate.Time(d.Limit-d.Remaining-1), 0), true
}

// SetRetryAfter sets the field Retry-After of h to wait, in seconds, rounded up: a client
// that waits that long is granted. It sets nothing if wait is ratelimit.Never.
func SetRetryAfter(h http.Header, wait time.Duration) {
	if wait != ratelimit.Never {
		h.Set("Retry-After", integer(seconds(wait)))
	}
}

func seconds(d time.Duration) int64 {
	s := int64(d / time.Second)
	if d%time.Second > 0 {
		s++
	}
	return s
}

// integer returns n as an Integer of RFC 9651.
func integer(n int64) string {
	const largest = 999_999_999_999_999
	return strconv.FormatInt(max(min(n, largest), -largest), 10)
}

// quote returns s as a String of RFC 9651.
func quote(s string) string {
	if !printable(s) {
		panic(fmt.Sprintf("httplimit: Policy.Name must be printable ASCII, got %q", s))
	}
	return `"` + escapes.Replace(s) + `"`
}

var escapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

func printable(s string) bool {
	return strings.IndexFunc(s, func(c rune) bool { return c < 0x20 || c > 0x7e }) < 0
}
