package gate

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"example.com/flatline/lfu"
	"example.com/flatline/slidingmax"
)

// Stats count what the nodes of a process did. They are made by NewStats and safe for
// concurrent use; their memory is bounded.
type Stats struct {
	mu       sync.Mutex
	now      int64 // the second that is being counted
	seconds  [60]second
	peak     *slidingmax.TimeWindow[int64] // of whole seconds
	admitted int64
	refused  map[string]int64              // by tier
	keys     *lfu.Cache[string, *keyCount] // the busiest stay
}

type second struct {
	OK      int64 `json:"ok"`
	Refused int64 `json:"refused"`
}

type keyCount struct {
	Key string `json:"key"`
	second
}

// NewStats returns counts of nothing.
func NewStats() *Stats {
	return &Stats{
		now: time.Now().Unix(), peak: slidingmax.NewTimeWindow[int64](time.Minute),
		refused: map[string]int64{}, keys: lfu.New[string, *keyCount](1024),
	}
}

// advance closes the seconds that are over. s.mu is held. At most 60 have to be: what
// is older has left the minute.
func (s *Stats) advance() {
	now := time.Now().Unix()
	s.now = max(s.now, now-60)
	for ; s.now < now; s.now++ {
		done := s.seconds[s.now%60]
		s.peak.Push(time.Unix(s.now, 0), done.OK+done.Refused)
		s.seconds[(s.now+1)%60] = second{}
	}
}

// Count counts a request of a client: refused by a tier, or let through if that is "".
func (s *Stats) Count(client string, known bool, refused string) {
	shown := client
	if known {
		shown = mask(client)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance()
	k, _ := s.keys.GetOrPut(client, &keyCount{Key: shown})
	if at := &s.seconds[s.now%60]; refused == "" {
		s.admitted++
		at.OK++
		k.OK++
	} else {
		s.refused[refused]++
		at.Refused++
		k.Refused++
	}
}

// mask shows enough of an API key to know it by.
func mask(key string) string {
	if len(key) <= 4 {
		return key
	}
	return key[:4] + "…"
}

// status is what the page shows.
type status struct {
	Now      int64            `json:"now"`  // requests in the last whole second
	Peak     int64            `json:"peak"` // the most in a second of the last minute
	Seconds  []second         `json:"seconds"`
	Admitted int64            `json:"admitted"`
	Refused  map[string]int64 `json:"refused"`
	Top      []keyCount       `json:"top"`
	Nodes    []nodeStatus     `json:"nodes"`
	History  []Version        `json:"history"`
}

type nodeStatus struct {
	Name    string  `json:"name"`
	Breaker string  `json:"breaker"`
	Version int64   `json:"version"`
	Heard   float64 `json:"heard"` // seconds since the store last told the rules
}

func (s *Stats) fill(st *status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance()
	st.Admitted, st.Refused = s.admitted, map[string]int64{"client": 0, "route": 0, "global": 0, "store": 0}
	for tier, n := range s.refused {
		st.Refused[tier] = n
	}
	for at := s.now - 59; at < s.now; at++ {
		st.Seconds = append(st.Seconds, s.seconds[at%60])
	}
	last := st.Seconds[len(st.Seconds)-1]
	st.Now = last.OK + last.Refused
	st.Peak, _ = s.peak.Max(time.Unix(s.now, 0))
	for _, k := range s.keys.All() {
		if st.Top = append(st.Top, *k); len(st.Top) == 8 {
			break
		}
	}
}

//go:embed page.html
var page []byte

// Admin is the status page and the API for the rules, of some nodes of one process.
type Admin struct {
	names []string
	nodes []*Node
	stats *Stats
}

// NewAdmin returns the handler for at least one node, each with a name. There is no
// authentication: let it listen on loopback, or put it behind what has some. A page of
// another origin cannot change rules through somebody's browser.
func NewAdmin(stats *Stats, names []string, nodes []*Node) http.Handler {
	a := &Admin{names, nodes, stats}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", a.page)
	mux.HandleFunc("GET /status", a.status)
	mux.HandleFunc("GET /rules", a.rules)
	mux.HandleFunc("GET /history", a.history)
	mux.HandleFunc("PUT /rules", a.publish)
	mux.HandleFunc("POST /rollback", a.rollback)
	return http.NewCrossOriginProtection().Handler(mux)
}

func (a *Admin) page(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; frame-ancestors 'self'")
	_, _ = w.Write(page)
}

func (a *Admin) status(w http.ResponseWriter, _ *http.Request) {
	var st status
	a.stats.fill(&st)
	for i, n := range a.nodes {
		heard := time.Since(time.Unix(0, n.heard.Load())).Seconds()
		st.Nodes = append(st.Nodes, nodeStatus{a.names[i], n.opts.Store.State(), n.Rules().Number, heard})
	}
	for v := range a.nodes[0].History {
		if st.History = append(st.History, v); len(st.History) == 20 {
			break
		}
	}
	writeJSON(w, http.StatusOK, st)
}

func (a *Admin) history(w http.ResponseWriter, _ *http.Request) {
	all := []Version{}
	for v := range a.nodes[0].History {
		all = append(all, v)
	}
	writeJSON(w, http.StatusOK, all)
}

// rules shows the version in force, now or ?at= a time in RFC 3339.
func (a *Admin) rules(w http.ResponseWriter, r *http.Request) {
	v, ok := a.nodes[0].Rules(), true
	if at := r.FormValue("at"); at != "" {
		t, err := time.Parse(time.RFC3339, at)
		if err != nil {
			fail(w, http.StatusBadRequest, fmt.Errorf("at must be a time such as 2006-01-02T15:04:05Z, got %q", at))
			return
		}
		if v, ok = a.nodes[0].RulesAt(t); !ok {
			fail(w, http.StatusNotFound, fmt.Errorf("no rules were in force at %v", at))
			return
		}
	}
	writeJSON(w, http.StatusOK, v)
}

// publish takes the body as the rules that follow version ?base=, by author ?by=.
func (a *Admin) publish(w http.ResponseWriter, r *http.Request) {
	doc, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		fail(w, http.StatusRequestEntityTooLarge, fmt.Errorf("%w: more than %d bytes", ErrRules, maxBody))
		return
	}
	q := r.URL.Query()
	base, err2 := strconv.ParseInt(q.Get("base"), 10, 64)
	if err = errors.Join(err, err2); err != nil {
		fail(w, http.StatusBadRequest, fmt.Errorf("base must be the number of the version that these rules follow: %w", err))
		return
	}
	rules, err := ParseRules(doc)
	if err != nil {
		fail(w, http.StatusBadRequest, err)
		return
	}
	a.append(w, r, base, Version{By: q.Get("by"), Note: q.Get("note"), Rules: rules})
}

// rollback publishes the rules of an older version as a new one.
func (a *Admin) rollback(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		To, Base int64
		By       string
	}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<10))
	d.DisallowUnknownFields()
	if err := d.Decode(&ask); err != nil {
		fail(w, http.StatusBadRequest, fmt.Errorf(`want {"to": 1, "base": 2, "by": "ann"}: %w`, err))
		return
	}
	for v := range a.nodes[0].History {
		if v.Number == ask.To {
			a.append(w, r, ask.Base, Version{By: ask.By, Note: fmt.Sprintf("back to version %d", ask.To), Rules: v.Rules})
			return
		}
	}
	fail(w, http.StatusNotFound, fmt.Errorf("there is no version %d", ask.To))
}

func (a *Admin) append(w http.ResponseWriter, r *http.Request, base int64, v Version) {
	if !printable(v.By) || len(v.Note) > maxName {
		fail(w, http.StatusBadRequest, fmt.Errorf("by must name the author in 1 to %d letters without spaces; a note is as short", maxName))
		return
	}
	v, err := a.nodes[0].Publish(r.Context(), base, v)
	switch {
	case errors.Is(err, ErrConflict):
		fail(w, http.StatusConflict, err)
	case err != nil:
		fail(w, http.StatusServiceUnavailable, err)
	default:
		writeJSON(w, http.StatusOK, v)
	}
}

func fail(w http.ResponseWriter, status int, err error) {
	writeJSON(w, status, map[string]string{"error": err.Error()})
}
