package lru

import (
	"container/list"
	"fmt"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"example.com/flatline/evidence/internal/caches"
	"example.com/flatline/evidence/internal/measure"
	"example.com/flatline/evidence/internal/texts"
	"example.com/flatline/lru"
)

// lengths are the rows over the length of a key: Get of present keys.
func lengths() (groups []measure.Group) {
	const n = 10_000
	for _, form := range texts.Forms {
		groups = append(groups, measure.Group{
			Name: fmt.Sprintf("Cache: Get, hit, %s, 1e4 entries", form.Name),
			Ours: func() measure.Side {
				c, all := lru.New[string, int](n), form.Strings(n)
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
			Peers: []measure.Peer{
				{Name: caches.SimpleLRU.Name, Target: 1.5, New: func() measure.Side {
					c, err := simplelru.NewLRU[string, int](n, nil)
					if err != nil {
						panic(err.Error())
					}
					all := form.Strings(n)
					for i, k := range all {
						c.Add(k, i)
					}
					return texts.Side(all, func(part []string) {
						for _, k := range part {
							c.Get(k)
						}
					})
				}},
				{Name: caches.Textbook.Name, New: func() measure.Side {
					at, order, all := map[string]*list.Element{}, list.New(), form.Strings(n)
					for i, k := range all {
						at[k] = order.PushFront(i)
					}
					return texts.Side(all, func(part []string) {
						for _, k := range part {
							order.MoveToFront(at[k])
						}
					})
				}},
			},
		})
	}
	return groups
}
