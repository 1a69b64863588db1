package concmap

import (
	"fmt"
	"sync"

	"github.com/puzpuzpuz/xsync/v4"

	"example.com/flatline/concmap"
	"example.com/flatline/evidence/internal/measure"
	"example.com/flatline/evidence/internal/texts"
)

// lengths are the rows over the length of a key: Load of present keys.
func lengths() (groups []measure.Group) {
	const n = 10_000
	for _, form := range texts.Forms {
		target, note := 1.0, ""
		switch form.Name {
		case "e-mail addresses", "UUIDs of 36 bytes", "URLs of 64 bytes":
			target, note = 0.95, "the hashes take about the same time; a reader here loads one word more, from the directory"
		case "URLs of 200 bytes":
			target, note = 0.9, "both hash with the runtime's AES function; ours reaches it through one call more"
		}
		side := func(store func(k string, v int), loads func(part []string)) func() measure.Side {
			return func() measure.Side {
				all := form.Strings(n)
				for i, k := range all {
					store(k, i)
				}
				return texts.Side(all, loads)
			}
		}
		groups = append(groups, measure.Group{
			Name: fmt.Sprintf("Load, %s, n=1e4, 1 procs", form.Name), Procs: 1,
			Ours: func() measure.Side {
				m := new(concmap.Map[string, int])
				return side(m.Store, func(part []string) {
					for _, k := range part {
						m.Load(k)
					}
				})()
			},
			Peers: []measure.Peer{
				{Name: "puzpuzpuz/xsync v4", Target: target, Note: note, New: func() measure.Side {
					m := xsync.NewMap[string, int]()
					return side(m.Store, func(part []string) {
						for _, k := range part {
							m.Load(k)
						}
					})()
				}},
				{Name: "sync.Map", Target: 1, New: func() measure.Side {
					m := new(sync.Map)
					return side(func(k string, v int) { m.Store(k, v) }, func(part []string) {
						for _, k := range part {
							if v, ok := m.Load(k); ok {
								_ = v.(int)
							}
						}
					})()
				}},
				{Name: "RWMutex and a Go map", New: func() measure.Side {
					var mu sync.RWMutex
					m := map[string]int{}
					return side(func(k string, v int) { m[k] = v }, func(part []string) {
						for _, k := range part {
							mu.RLock()
							_ = m[k]
							mu.RUnlock()
						}
					})()
				}},
			},
		})
	}
	return groups
}
