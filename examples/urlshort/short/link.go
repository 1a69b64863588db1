// Package short is a URL shortener: codes, stores, redirects, clicks and a page.
//
// # Invariants
//
//	U1  A code means one link forever: no code is given out twice, and a deleted one stays
//	    taken (TestBijection, TestLeases, TestDiskIsAStore).
//	U2  A link that was acknowledged is found after any crash (TestKill).
//	U3  An edit that has not seen the version before it changes nothing (TestDiskIsAStore).
//	U4  A batch of clicks counts once, however often it is sent. A crash loses at most the
//	    clicks of one flush interval (TestNaiveClicks, TestKill).
//	U5  A redirect never waits for the count, except where the link has a maximum
//	    (TestRedirectDoesNotWait, TestMax).
package short

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// A Link is one version of what a code means. The zero Expires and the zero Max are none.
type Link struct {
	Code    string    `json:"code"`
	URL     string    `json:"url"`
	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
	Expires time.Time `json:"expires,omitzero"`
	Max     int64     `json:"max,omitempty"` // clicks
	Version int64     `json:"version"`
	Deleted bool      `json:"deleted,omitempty"`
	Clicks  int64     `json:"clicks"`
}

// What a store and a check answer.
var (
	ErrNotFound = errors.New("there is no such link")
	ErrTaken    = errors.New("the code is taken")
	ErrVersion  = errors.New("the link has changed since")
	ErrGone     = errors.New("the link was deleted")
	ErrSpent    = errors.New("the link has been used as often as it may be")
	ErrURL      = errors.New("not a URL to shorten")
	ErrCode     = errors.New("not a code")
)

const (
	maxURL  = 4096
	maxCode = 64
)

// reserved are the names that the server needs itself, or may need.
var reserved = []string{"links", "status", "events", "api", "admin", "health", "login", "static"}

// CheckCode returns a custom code as it is stored. Letters, digits, - and _ are allowed.
func CheckCode(code string, fold bool) (string, error) {
	if fold {
		code = strings.ToLower(code)
	}
	if code == "" || len(code) > maxCode {
		return "", fmt.Errorf("%w: it must have 1 to %d letters", ErrCode, maxCode)
	}
	for _, b := range []byte(code) {
		if (b < '0' || b > '9') && (b < 'a' || b > 'z') && (b < 'A' || b > 'Z') && b != '-' && b != '_' {
			return "", fmt.Errorf("%w: letters, digits, - and _ are allowed, not %q", ErrCode, b)
		}
	}
	if slices.Contains(reserved, strings.ToLower(code)) {
		return "", fmt.Errorf("%w: %q is reserved", ErrCode, code)
	}
	return code, nil
}

// CheckURL returns a URL as it is stored: what a browser that is sent there understands as
// this one place, and what a reader recognises. own are the hosts of the shortener, to
// which a link would be a loop.
func CheckURL(s string, own ...string) (string, error) {
	bad := func(format string, args ...any) (string, error) {
		return "", fmt.Errorf("%w: %s", ErrURL, fmt.Sprintf(format, args...))
	}
	if len(s) > maxURL {
		return bad("it is longer than %d bytes", maxURL)
	}
	for _, b := range []byte(s) {
		if b < ' ' || b == 0x7f || b == '\\' { // a browser reads \ as /
			return bad("the byte %q is not allowed", b)
		}
	}
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return bad("it cannot be parsed")
	case u.Scheme != "http" && u.Scheme != "https":
		return bad("it must begin with http:// or https://")
	case u.User != nil:
		return bad("a name before the host (https://bank@evil) deceives readers")
	case u.Hostname() == "":
		return bad("it has no host")
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	ip, err := netip.ParseAddr(host)
	if err != nil {
		for _, b := range []byte(host) {
			if (b < '0' || b > '9') && (b < 'a' || b > 'z') && b != '-' && b != '.' && b != '_' {
				return bad("write the host in ASCII (xn--…), so that look-alikes can be seen")
			}
		}
	}
	switch {
	case slices.Contains(own, host):
		return bad("a link to this shortener would be a loop")
	case ip.IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost"):
		return bad("a loopback address means another machine for each reader")
	}
	return escape(u.String()), nil
}

// escape writes what a header may not have in the way of a URL.
func escape(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c <= ' ' || c >= 0x7f {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
