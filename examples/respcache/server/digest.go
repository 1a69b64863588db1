package server

import (
	"crypto/sha1"
	"crypto/subtle"
	"encoding/hex"
)

// A digest is a checksum of the data that does not depend on the order of the keys. DEBUG
// DIGEST replies with the one that a Redis with the same keys, values and deadlines has.
type digest [sha1.Size]byte

func (d *digest) xor(b []byte) {
	sum := sha1.Sum(b)
	subtle.XORBytes(d[:], d[:], sum[:])
}

func (d *digest) mix(b []byte) {
	d.xor(b)
	*d = sha1.Sum(d[:])
}

// debugDigest replies with the digest of all keys, also of those that have expired. Redis
// counts whether a key has a deadline, and not which.
func debugDigest(s *session, _ [][]byte) {
	zero := make([]byte, 4) // the number of the database; and of the type, which is that of strings
	var all digest
	keys := 0
	for _, sh := range s.srv.shards {
		keys += sh.keys.Len()
	}
	if keys > 0 {
		all.mix(zero)
	}
	for _, sh := range s.srv.shards {
		for it := range sh.keys.All() {
			var one digest
			one.mix([]byte(it.key))
			one.mix(zero)
			one.mix(it.value())
			if it.at != 0 {
				one.xor([]byte("!!expire!!"))
			}
			all.xor(one[:])
		}
	}
	s.simple(hex.EncodeToString(all[:]))
}
