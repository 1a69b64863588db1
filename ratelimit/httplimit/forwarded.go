package httplimit

import (
	"net/netip"
	"strings"
)

// longestElement is how far back a separator is looked for in a field Forwarded: an
// element has four parameters, each with an address or a name.
const longestElement = 1024

// lastComma returns where the last comma outside quotes is in a field Forwarded, -1 if
// there is none within the longest element. Quotes are counted from the right: so nothing
// that a client has written before the proxies' elements can change how those are read.
func lastComma(line string) int {
	quoted := false
	for i := len(line) - 1; i >= max(0, len(line)-longestElement); i-- {
		switch {
		case line[i] == ',' && !quoted:
			return i
		case line[i] == '"' && !escaped(line, i):
			quoted = !quoted
		}
	}
	return -1
}

// escaped reports whether the character at i follows an odd number of backslashes; it
// looks only at the last few.
func escaped(line string, i int) bool {
	n := 0
	for n < 8 && i-n > 0 && line[i-n-1] == '\\' {
		n++
	}
	return n%2 == 1
}

// pairEnd returns where the first parameter of an element ends: at a semicolon that is
// not between quotes. The name of a host, which the client chooses, may contain a
// semicolon between quotes.
func pairEnd(element string) int {
	quoted := false
	for i := 0; i < len(element); i++ {
		switch c := element[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case c == ';' && !quoted:
			return i
		}
	}
	return len(element)
}

// forwardedFor returns the address in the parameter "for" of an element of Forwarded
// (RFC 7239): for=192.0.2.60, for="[2001:db8::17]:4711". It reports false if there is none,
// for "unknown" and names, and for a quoted address with a backslash, which no proxy
// writes.
func forwardedFor(element string) (netip.Addr, bool) {
	if len(element) > longestElement {
		return netip.Addr{}, false
	}
	for len(element) > 0 {
		end := pairEnd(element)
		name, value, _ := strings.Cut(element[:end], "=")
		element = element[min(end+1, len(element)):]
		if strings.EqualFold(strings.TrimSpace(name), "for") {
			value = strings.TrimSpace(value)
			if n := len(value); n >= 2 && value[0] == '"' && value[n-1] == '"' {
				value = value[1 : n-1]
			}
			return parse(value)
		}
	}
	return netip.Addr{}, false
}
