// Package fields checks the fields that ratelimit/httplimit writes with an independent
// parser of structured fields (RFC 9651).
package fields

import (
	"net/http"
	"testing"
	"time"

	"github.com/dunglas/httpsfv"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/flatline/ratelimit"
	"example.com/flatline/ratelimit/httplimit"
)

// TestFieldsParse: for any limits and decisions, both fields are lists of strings with
// the parameters of the draft, each a number that is not negative.
func TestFieldsParse(t *testing.T) {
	number := rapid.OneOf(rapid.Int64Range(0, 1e6), rapid.Int64Min(0))
	rapid.Check(t, func(t *rapid.T) {
		h := http.Header{}
		items := rapid.IntRange(1, 4).Draw(t, "items")
		var names []string
		for range items {
			p := httplimit.Policy{
				Name:  rapid.StringMatching(`[ -~]{0,20}`).Draw(t, "name"),
				Rate:  ratelimit.Per(number.Draw(t, "n"), time.Duration(max(number.Draw(t, "d"), 1))),
				Burst: number.Draw(t, "burst"),
				Log:   rapid.Bool().Draw(t, "log"),
			}
			names = append(names, p.Name)
			d := ratelimit.Decision{
				OK: rapid.Bool().Draw(t, "ok"), Limit: p.Burst, Remaining: min(number.Draw(t, "remaining"), p.Burst),
				ResetAfter: time.Duration(number.Draw(t, "reset")),
			}
			if !d.OK {
				d.RetryAfter = time.Duration(number.Draw(t, "retry"))
				httplimit.SetRetryAfter(h, d.RetryAfter)
			}
			p.Add(h, d)
		}
		for field, allowed := range map[string]string{"RateLimit-Policy": "qw", "RateLimit": "rt"} {
			list, err := httpsfv.UnmarshalList(h.Values(field))
			require.NoError(t, err, h.Values(field))
			require.Len(t, list, items)
			for i, member := range list {
				item, ok := member.(httpsfv.Item)
				require.True(t, ok)
				require.Equal(t, names[i], item.Value)
				require.Contains(t, item.Params.Names(), allowed[:1])
				for _, name := range item.Params.Names() {
					require.Contains(t, allowed, name)
					v, _ := item.Params.Get(name)
					n, ok := v.(int64)
					require.True(t, ok && n >= 0, "%s=%v", name, v)
					require.False(t, name == "w" && n == 0, "a window of nothing")
				}
			}
		}
	})
}
