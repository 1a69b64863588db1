// Package texts makes strings like those that programs use as keys, for rows over the
// length of a key. A key that is a counter printed with twelve digits is neither as long
// as most nor as hard to hash.
package texts

import (
	"fmt"
	"math/rand/v2"

	"example.com/flatline/evidence/internal/measure"
)

// A Form is one kind of string.
type Form struct {
	Name string
	make func(r *rand.Rand) string
}

// Forms are the kinds that the rows measure, the shortest first.
var Forms = []Form{
	{"8 bytes", func(r *rand.Rand) string { return letters(r, base32, 8) }},
	{"16 bytes", func(r *rand.Rand) string { return letters(r, hex, 16) }},
	{"20 bytes", func(r *rand.Rand) string { return letters(r, base32, 20) }},
	{"e-mail addresses", email},
	{"UUIDs of 36 bytes", uuid},
	{"URLs of 64 bytes", func(r *rand.Rand) string { return "https://shop.example.com/products/" + letters(r, base32, 30) }},
	{"URLs of 200 bytes", func(r *rand.Rand) string {
		return "https://www.example.org/search?session=" + uuid(r) + "&utm_source=newsletter&utm_medium=email&page=" + letters(r, base32, 80)
	}},
}

const (
	hex    = "0123456789abcdef"
	base32 = "abcdefghijklmnopqrstuvwxyz234567"
)

func letters(r *rand.Rand, alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(b)
}

func uuid(r *rand.Rand) string {
	h := func(n int) string { return letters(r, hex, n) }
	return h(8) + "-" + h(4) + "-4" + h(3) + "-a" + h(3) + "-" + h(12)
}

// email returns an address of 16 to 35 bytes.
func email(r *rand.Rand) string {
	domains := []string{"example.com", "mail.example.org", "example.net", "dept.example.edu"}
	return fmt.Sprintf("%s.%s@%s", letters(r, base32[:26], 1+r.IntN(6)), letters(r, base32[:26], 3+r.IntN(9)), domains[r.IntN(len(domains))])
}

// Strings returns n different strings, the same at each call.
func (f Form) Strings(n int) []string {
	r := rand.New(rand.NewPCG(uint64(n), 5))
	seen := make(map[string]bool, n)
	all := make([]string, 0, n)
	for len(all) < n {
		if s := f.make(r); !seen[s] {
			seen[s] = true
			all = append(all, s)
		}
	}
	return all
}

// Side passes the strings to f in random order, endlessly and in parts.
func Side(strings []string, f func(part []string)) measure.Side {
	r := rand.New(rand.NewPCG(uint64(len(strings)), 6))
	stream := make([]string, 1<<16)
	for i := range stream {
		stream[i] = strings[r.IntN(len(strings))]
	}
	at := 0
	return measure.Side{Run: func(n int) {
		for n > 0 {
			part := stream[at:min(at+n, len(stream))]
			f(part)
			n -= len(part)
			at = (at + len(part)) % len(stream)
		}
	}}
}
