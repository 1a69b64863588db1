//go:build unix

package room_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/chat/room"
	"example.com/flatline/examples/internal/browse"
	"example.com/flatline/examples/internal/crash"
	"example.com/flatline/ratelimit"
)

// reports are what tabs say of themselves: the last position they show, and how long each
// message took, in ms.
type reports struct {
	mu  sync.Mutex
	all map[string]report
}

type report struct {
	Last uint64    `json:"last"`
	Took []float64 `json:"took"`
	Odd  int       `json:"odd"` // gaps and resets that it shows
}

func (r *reports) of(name string) report { r.mu.Lock(); defer r.mu.Unlock(); return r.all[name] }

// observed serves the hub's page in a frame of a page that reports what it shows. The text
// of each message is the time at which it was sent; browser and server share a clock.
func observed(h *room.Hub, r *reports) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", room.Handler(h))
	mux.HandleFunc("GET /tab", func(w http.ResponseWriter, q *http.Request) {
		name := q.FormValue("name")
		fmt.Fprintf(w, `<!doctype html><iframe id="page" src="/?room=a&user=%s" style="width:700px;height:600px"></iframe><script>
const took = []
let seen = 0, watched
setInterval(() => {
  const list = document.getElementById("page").contentDocument?.getElementById("list")
  if (!list) return
  if (watched != list) new MutationObserver(all => {
    for (const m of all) for (const e of m.addedNodes) {
      const sent = Number(e.querySelector?.("p")?.textContent)
      if (sent) took.push(Date.now() - sent)
    }
  }).observe(watched = list, { childList: true })
  fetch("/report?name=%s", { method: "POST", body: JSON.stringify({ last: Number(list.dataset.last || 0), took, odd: list.querySelectorAll(".mark").length }) })
}, 200)
</script>`, name, name)
	})
	mux.HandleFunc("POST /report", func(_ http.ResponseWriter, q *http.Request) {
		var x report
		if json.NewDecoder(q.Body).Decode(&x) == nil {
			r.mu.Lock()
			r.all[q.FormValue("name")] = x
			r.mu.Unlock()
		}
	})
	return mux
}

// TestTabs: two real browsers read a room. One of them is stopped; the other one gets every
// message meanwhile, and how long they take is printed for both times. The one that was
// stopped then has everything too.
func TestTabs(t *testing.T) {
	h := newHub(t, room.Options{UserRate: ratelimit.Inf, RoomRate: ratelimit.Inf})
	send := func(n int) (last uint64) {
		for i := range n {
			sent, err := h.Send(t.Context(), room.Draft{Room: "a", From: "sender", Nonce: fmt.Sprint(n, "-", i), Text: fmt.Sprint(time.Now().UnixMilli())})
			require.NoError(t, err)
			last = sent.Pos
			time.Sleep(2 * time.Millisecond)
		}
		return last
	}
	first := send(1)
	r := &reports{all: map[string]report{}}
	url := listen(t, observed(h, r))
	stopped := browse.Open(t).Go(url + "/tab?name=stopped")
	browse.Open(t).Go(url + "/tab?name=other")
	until := func(name string, last uint64) report {
		require.Eventually(t, func() bool { return r.of(name).Last >= last }, crash.Patience, 10*time.Millisecond, name)
		return r.of(name)
	}
	for _, name := range []string{"stopped", "other"} {
		until(name, first)
	}
	const each = 300
	before := until("other", send(each))
	until("stopped", first+each)
	require.True(t, stopped.Stop())
	seen := r.of("stopped").Last
	during := until("other", send(each+1))
	require.Equal(t, seen, r.of("stopped").Last, "it does nothing")
	require.True(t, stopped.Continue())
	after := until("stopped", first+2*each+1)
	require.Zero(t, during.Odd, "no gap, no reset")
	require.Zero(t, after.Odd)
	p99 := func(all []float64) float64 {
		all = slices.Clone(all)
		slices.Sort(all)
		return all[len(all)*99/100]
	}
	n := len(before.Took)
	t.Logf("the other tab's p99: %.0f ms of %d messages before, %.0f ms of %d while one is stopped", p99(before.Took), n, p99(during.Took[n:]), len(during.Took)-n)
}
