package lfu

import (
	"fmt"

	codehex "github.com/Code-Hex/go-generics-cache"
	codehexlfu "github.com/Code-Hex/go-generics-cache/policy/lfu"

	"example.com/flatline/evidence/internal/caches"
	"example.com/flatline/evidence/internal/measure"
	"example.com/flatline/evidence/internal/texts"
	"example.com/flatline/lfu"
)

// lengths are the rows over the length of a key: Get of present keys.
func lengths() (groups []measure.Group) {
	const n = 10_000
	for _, form := range texts.Forms {
		groups = append(groups, measure.Group{
			Name: fmt.Sprintf("Sync: Get, hit, %s, 1e4 entries", form.Name),
			Ours: func() measure.Side {
				c, all := lfu.NewSync[string, int](n), form.Strings(n)
				for i, k := range all {
					c.Put(k, i)
				}
				return texts.Side(all, func(part []string) {
					for _, k := range part {
						if _, ok := c.Get(k); !ok {
							panic("lost a key")
						}
					}
				})
			},
			Peers: []measure.Peer{{Name: caches.CodeHexLFU.Name, Target: 2, New: func() measure.Side {
				c, all := codehex.New(codehex.AsLFU[string, int](codehexlfu.WithCapacity(n))), form.Strings(n)
				for i, k := range all {
					c.Set(k, i)
				}
				return texts.Side(all, func(part []string) {
					for _, k := range part {
						c.Get(k)
					}
				})
			}}},
		})
	}
	return groups
}
