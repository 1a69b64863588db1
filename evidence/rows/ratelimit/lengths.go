package ratelimit

import (
	"time"

	"golang.org/x/time/rate"

	"example.com/flatline/evidence/internal/measure"
	"example.com/flatline/evidence/internal/texts"
	"example.com/flatline/ratelimit"
)

// lengths are the rows over the length of a key: Allow of a key with tokens.
func lengths() (groups []measure.Group) {
	const n = 10_000
	for _, form := range texts.Forms {
		target, note := 2.0, ""
		if form.Name == "URLs of 200 bytes" {
			target, note = 1.7, "hashing the key and comparing it cost both the same"
		}
		side := func(allow func(k string) bool) measure.Side {
			all := form.Strings(n)
			for _, k := range all {
				must(allow(k))
			}
			return texts.Side(all, func(part []string) {
				for _, k := range part {
					must(allow(k))
				}
			})
		}
		groups = append(groups, measure.Group{
			Name: "Keyed.Allow, " + form.Name + ", 10000 keys",
			Ours: func() measure.Side {
				return side(ratelimit.NewKeyed[string](ratelimit.Every(time.Second), 1<<30).Allow)
			},
			Peers: []measure.Peer{{Name: "map, mutex, x/time/rate", Target: target, Note: note, New: func() measure.Side {
				return side((&xtimeMap{m: make(map[string]*rate.Limiter)}).allow)
			}}},
		})
	}
	return groups
}
