package randset

import (
	"fmt"

	"example.com/flatline/evidence/internal/measure"
	"example.com/flatline/evidence/internal/texts"
	"example.com/flatline/randset"
)

// lengths are the rows over the length of a value: Contains of present values.
func lengths() (groups []measure.Group) {
	const n = 10_000
	for _, form := range texts.Forms {
		target, note := 1.0, ""
		if form.Name == "URLs of 200 bytes" {
			target, note = 0.9, "both hash with the runtime's AES function; ours reaches it through two calls more"
		}
		groups = append(groups, measure.Group{
			Name: fmt.Sprintf("Set: Contains, hit, %s, n=1e4", form.Name),
			Ours: func() measure.Side {
				s, all := new(randset.Set[string]), form.Strings(n)
				for _, v := range all {
					s.Insert(v)
				}
				return texts.Side(all, func(part []string) {
					for _, v := range part {
						if !s.Contains(v) {
							panic("lost a value")
						}
					}
				})
			},
			Peers: []measure.Peer{{Name: "map and slice", Target: target, Note: note, New: func() measure.Side {
				at, all := map[string]int{}, form.Strings(n)
				for i, v := range all {
					at[v] = i
				}
				return texts.Side(all, func(part []string) {
					for _, v := range part {
						if _, found := at[v]; !found {
							panic("lost a value")
						}
					}
				})
			}}},
		})
	}
	return groups
}
