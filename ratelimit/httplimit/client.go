package httplimit

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// ClientOptions say how Client finds the client.
type ClientOptions struct {
	// Trusted are the proxies that are trusted to report the address of their client; the
	// default is none.
	Trusted []netip.Prefix

	// Forwarded reads the field Forwarded (RFC 7239) instead of X-Forwarded-For. Only one
	// of the two is read: a proxy that writes one of them may forward the other as its
	// client sent it.
	Forwarded bool

	// IPv6 is how many bits of an IPv6 address are the client: 64 by default, since one
	// client can use any number of addresses in its network. Sites are given /56 or /48,
	// so that a smaller number limits a whole site.
	IPv6 int
}

// ClientIP is [Client] with ClientOptions{Trusted: trusted}.
func ClientIP(trusted ...netip.Prefix) func(*http.Request) string {
	return Client(ClientOptions{Trusted: trusted})
}

// Client returns a function for [Options.Key] that identifies the client: an IPv4 client
// by its address, an IPv6 client by its network. An IPv4 client behind a NAT64
// (64:ff9b::/96) counts as its IPv4 address.
//
// The client is the peer of the connection, unless the peer is a trusted proxy: then the
// client is the last address in the field that is not a trusted proxy. The entries before
// that one may be forged, and so may the whole field if the client does not come through
// a proxy. So without trusted proxies the field is never read. An entry that is not an
// address ("unknown", or a name of RFC 7239) counts as the proxy that passed it on.
//
// The field is read from the right, only as far as the entries are trusted, and at most
// 64 entries of it: a forged field costs no more than an honest one. If RemoteAddr is not
// an address (on a Unix socket), RemoteAddr itself is the key. It panics if IPv6 is not
// in 0..128.
func Client(o ClientOptions) func(*http.Request) string {
	if o.IPv6 < 0 || o.IPv6 > 128 {
		panic(fmt.Sprintf("httplimit.Client: IPv6 must be in 0..128, got %d", o.IPv6))
	}
	if o.IPv6 == 0 {
		o.IPv6 = 64
	}
	o.Trusted = append([]netip.Prefix(nil), o.Trusted...)
	field, address := "X-Forwarded-For", parse
	if o.Forwarded {
		field, address = "Forwarded", forwardedFor
	}
	return func(r *http.Request) string {
		ip, ok := parse(r.RemoteAddr)
		if !ok {
			return r.RemoteAddr
		}
		hops := hops{lines: r.Header[field], left: maxHops, quotes: o.Forwarded}
		for o.trusts(ip) {
			hop, ok := hops.last()
			if !ok {
				break
			}
			next, ok := address(hop)
			if !ok {
				break
			}
			ip = next
		}
		return o.network(ip)
	}
}

func (o *ClientOptions) trusts(ip netip.Addr) bool {
	for _, p := range o.Trusted {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

// maxHops is the maximum number of proxies that a request may have come through, far more
// than any request does.
const maxHops = 64

// hops are the entries of the fields that have not been read.
type hops struct {
	lines  []string // whole fields
	line   string   // what remains of the one that is being read
	open   bool     // line holds an entry
	quotes bool     // a comma between quotes separates nothing
	left   int      // entries that may still be read
}

// last removes the last entry and returns it.
func (h *hops) last() (entry string, ok bool) {
	if h.left == 0 || !h.open && len(h.lines) == 0 {
		return "", false
	}
	h.left--
	if !h.open {
		end := len(h.lines) - 1
		h.lines, h.line, h.open = h.lines[:end], h.lines[end], true
	}
	comma := strings.LastIndexByte(h.line, ',')
	if h.quotes {
		comma = lastComma(h.line)
	}
	entry = strings.TrimSpace(h.line[comma+1:])
	if h.open = comma >= 0; h.open {
		h.line = h.line[:comma]
	}
	return entry, true
}

// longest is the length of the longest address with zone and port that is read.
const longest = 128

// parse reads an address, with or without a port.
func parse(s string) (netip.Addr, bool) {
	if len(s) > longest {
		return netip.Addr{}, false
	}
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	ip, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return ip.Unmap().WithZone(""), err == nil
}

// nat64 is the prefix behind which IPv4 addresses stand (RFC 6052).
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

func (o *ClientOptions) network(ip netip.Addr) string {
	if nat64.Contains(ip) {
		b := ip.As16()
		ip = netip.AddrFrom4([4]byte(b[12:]))
	}
	if ip.Is6() {
		p, _ := ip.Prefix(o.IPv6) // no error: it has no zone, and the bits are in range
		return p.String()
	}
	return ip.String()
}
